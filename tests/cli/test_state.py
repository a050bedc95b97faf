"""``tipgraph state``: what a person reads of a country."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tipgraph.cli import main

ROOT = Path(__file__).parents[2]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["--root", str(ROOT), "state", *arguments])


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next one."""
    after = text[text.index(f"\n{heading}") :].lstrip("\n")
    return after.partition("\n\n")[0]


def test_a_country_is_shown_at_a_glance() -> None:
    result = run("benin")
    assert result.exit_code == 0, result.stderr
    text = result.stdout
    assert text.startswith("Benin (BJ, BEN, 204)\nid:benin · Western Africa · Sub-Saharan Africa · Africa\n")
    assert "  French    Bénin; République du Bénin\n" in text
    assert "Economic Community of West African States: full member since 1975" in section(text, "Memberships")
    assert "  ratification on 30 August 2004\n  party" in section(text, "The Palermo Protocol")
    binds = section(text, "Instruments that bind it")
    assert "The state is party to these, and they bind in law." in binds
    assert binds.count("id:") == 1
    covers = section(text, "Instruments that cover it")
    assert "id:nigeria-benin-agreement (bindingness not stated; partner)" in covers
    assert "not to bind it" in " ".join(covers.split())
    assert "passage:ecowas-07-s2" in section(text, "What the report says")


def test_a_later_consent_is_shown_and_does_not_count() -> None:
    before = section(run("India").stdout, "The Palermo Protocol, as of 31 December 2010")
    assert "  ratification on 5 May 2011  (later)\n  not a party" in before
    after = section(run("India", "--as-of", "2011-05-05").stdout, "The Palermo Protocol, as of 5 May 2011")
    assert "  ratification on 5 May 2011\n  party" in after


@pytest.mark.parametrize("name", ["Côte d'Ivoire", "COTE D'IVOIRE", "Ivory Coast", "科特迪瓦", "384", "CIV"])
def test_any_name_and_code_finds_it(name: str) -> None:
    result = run(*name.split())
    assert result.stdout.startswith("Côte d'Ivoire (CI, CIV, 384)\n")
    assert "Nothing here is known to bind the state" in result.stdout


def test_exemptions_and_conflicts_are_told() -> None:
    assert "id:eu-directive-on-trafficking" in section(run("Denmark").stdout, "Instruments that exempt it")
    assert "has 'full'" in " ".join(section(run("Chile").stdout, "Where sources do not agree").split())


def test_json_holds_what_the_text_says() -> None:
    values = json.loads(run("Nepal", "--format", "json").stdout)
    assert values["state"] == "id:nepal"
    assert [reach["instrument"] for reach in values["bound_by"]] == ["id:saarc-convention"]
    assert (values["as_of"], values["is_party"]) == ("2010-12-31", False)


def test_an_unknown_name_is_an_error_with_suggestions() -> None:
    result = run("Korea")
    assert result.exit_code == 3
    assert result.stdout == ""
    assert result.stderr == "error: no state is called 'Korea'\nhint: did you mean Republic of Korea?\n"


@pytest.mark.parametrize("day", ["yesterday", "2010-02-30", "31/12/2010"])
def test_a_day_that_is_none_is_wrong_usage(day: str) -> None:
    result = run("Nepal", "--as-of", day)
    assert result.exit_code == 2
    assert result.stderr == f"error: --as-of: '{day}' is no day\nhint: write it as in 2010-12-31\n"


def test_nothing_is_said_of_a_day_after_the_source_ends() -> None:
    """Japan joined in 2017, of which a table of January 2014 knows nothing."""
    told = section(run("Japan", "--as-of", "2020-01-01").stdout, "The Palermo Protocol")
    assert "  not known: no consent up to 31 January 2014, where the source ends" in told
    assert json.loads(run("Japan", "--as-of", "2020-01-01", "--format", "json").stdout)["is_party"] is None
    assert "  not a party" in run("Japan", "--as-of", "2014-01-31").stdout
    assert "  party" in run("Benin", "--as-of", "2020-01-01").stdout
