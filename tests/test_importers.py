"""The importers of states, memberships, treaty actions and identities, on small tables and the real ones."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import import_identities
import import_membership
import import_points
import import_states
import import_treaty_status
import pyoxigraph as ox
import pytest
from tables import make_slug, read_states, read_table

from tipgraph.errors import SourceError
from tipgraph.sources import Sources
from tipgraph.vocabulary import CONCEPT, ID, ORG, SKOS, TIP

ROOT = Path(__file__).parents[1]
SOURCES = Sources(ROOT)
REFERENCE = ROOT.parent / "shared" / "reference"

needs_tables = pytest.mark.skipif(not REFERENCE.exists(), reason="the tables are not beside the checkout")

FACTBOOK = ["edition", "org", "iso2", "factbook_code", "entity", "status"]
COW = ["org", "iso2", "cow_ccode", "cow_name", "first_year_full", "status_2010", "status_2014"]
PROTOCOL = ["participant", "iso2", "signature", "consent_date", "consent_action"]
WIKIDATA = ["label_en", "qid", "supraverden", "opensanctions", "agree"]
EUROVOC = ["scheme", "identifier", "label", "read_in"]

STATES = read_states(SOURCES)


def write_table(path: Path, columns: Sequence[str], *rows: Sequence[str]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines).writerows([columns, *rows])
    return path


def write_memberships(folder: Path, factbook: Sequence[Sequence[str]], cow: Sequence[Sequence[str]]) -> Path:
    write_table(folder / "membership_factbook.csv", FACTBOOK, *factbook)
    write_table(folder / "membership_cow_igo_v3.csv", COW, *cow)
    return folder


def listed(org: str, iso2: str, status: str = "member", edition: str = "2010", entity: str = "") -> list[str]:
    return [edition, org, iso2, "", entity, status]


def counted(org: str, iso2: str, status: str = "full", since: str = "1990", name: str = "X") -> list[str]:
    return [org, iso2, "1", name, since, status, ""]


def triples_of(paths: Sequence[Path]) -> set[tuple[str, str, str]]:
    """The triples of ``paths`` as text, without the namespaces of the project."""

    def name(term: object) -> str:
        text = term.value if isinstance(term, ox.NamedNode | ox.Literal) else str(term)
        for space in (TIP, ID, CONCEPT, ORG, SKOS):
            text = text.removeprefix(space)
        return text

    return {
        (name(quad.subject), name(quad.predicate), name(quad.object))
        for path in paths
        for quad in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE)
    }


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Côte d\u2019Ivoire", "cote-divoire"),
        ("Guinea-Bissau", "guinea-bissau"),
        ("Lao People's Democratic Republic", "lao-peoples-democratic-republic"),
        ("Bolivia (Plurinational State of)", "bolivia-plurinational-state-of"),
        ("Türkiye", "turkiye"),
    ],
)
def test_a_name_gives_its_slug(name: str, slug: str) -> None:
    assert make_slug(name) == slug


def test_a_table_that_is_wrong_is_named(tmp_path: Path) -> None:
    table = write_table(tmp_path / "table.csv", ["a", "b"], ["1", "2"], ["1"])
    with pytest.raises(SourceError, match=r"table\.csv:1: there is no column c"):
        read_table(table, ["a", "c"])
    with pytest.raises(SourceError, match=r"table\.csv:3: the row has not as many cells"):
        read_table(table, ["a"])


def test_both_sources_of_a_membership_are_cited(tmp_path: Path) -> None:
    folder = write_memberships(
        tmp_path,
        [
            listed("ECOWAS", "GN", "suspended"),
            listed("ECOWAS", "BJ"),
            listed("OAS", "", "observer", entity="European Union"),
        ],
        [
            counted("ECOWAS", "GN", since="1975"),
            counted("ECOWAS", "BJ", since="2011"),
            counted("ECCAS", "TD"),
        ],
    )
    written, left_out, conflicts = import_membership.write_memberships(folder, tmp_path / "out", SOURCES)
    found = triples_of(written)
    guinea = {
        (predicate, value) for subject, predicate, value in found if subject == "membership-ecowas-guinea"
    }
    assert {
        ("member", "guinea"),
        ("organization", "ecowas"),
        ("role", "suspended-member"),
        ("memberSince", "1975"),
        ("http://purl.org/dc/terms/source", "world-factbook-2010"),
        ("http://purl.org/dc/terms/source", "cow-igo-v3"),
    } <= guinea
    # A year after 2010 is that of another membership.
    assert not any(triple[:2] == ("membership-ecowas-benin", "memberSince") for triple in found)
    assert ("membership-oas-eu", "member", "eu") in found
    assert ("membership-eccas-chad", "role", "full-member") in found
    assert {path.stem for path in written} == {"ecowas", "oas", "eccas", "commit"}
    assert left_out == []
    # The figures of the report, 15 and 10, are not those of these small tables.
    assert {conflict.slug for conflict in conflicts} == {"ecowas-figure", "eccas-figure"}


@pytest.mark.parametrize(
    ("factbook", "cow", "is_conflict"),
    [
        ("member", "full", False),
        ("suspended", "full", False),
        ("observer", "observer", False),
        ("observer", None, False),
        (None, "observer", False),
        ("associate", "full", True),
        ("associate", "none", True),
        ("suspended", "none", True),
        ("member", None, True),
        (None, "full", True),
        ("excluded from formal participation since 1962", "full", True),
    ],
)
def test_claims_that_contradict_each_other_both_stand(
    tmp_path: Path, factbook: str | None, cow: str | None, is_conflict: bool
) -> None:
    folder = write_memberships(
        tmp_path,
        [listed("OAS", "AR"), *([listed("OAS", "HN", factbook)] if factbook else [])],
        [counted("OAS", "AR"), *([counted("OAS", "HN", cow)] if cow else [])],
    )
    written, _, conflicts = import_membership.write_memberships(folder, tmp_path / "out", SOURCES)
    assert [conflict.slug for conflict in conflicts] == (["oas-honduras"] if is_conflict else [])
    if is_conflict:
        found = triples_of(written)
        values = {
            value
            for subject, predicate, value in found
            if predicate == "claimedValue" and "honduras" in subject
        }
        assert values == {factbook or "not listed", cow or "not listed"}
        assert ("discrepancy-oas-honduras", "about", "membership-oas-honduras") in found


def test_a_difference_that_nobody_explained_says_so(tmp_path: Path) -> None:
    folder = write_memberships(tmp_path, [listed("OAS", "AR")], [counted("OAS", "AR", "none")])
    _, _, conflicts = import_membership.write_memberships(folder, tmp_path / "out", SOURCES)
    assert [conflict.explanation for conflict in conflicts] == [import_membership.UNEXPLAINED]


def test_every_row_of_a_membership_table_is_used_or_listed(tmp_path: Path) -> None:
    folder = write_memberships(
        tmp_path,
        [
            listed("EU", "HR", "applicant"),
            listed("EU", "HR", edition="2025"),
            listed("EU", "FR", edition="2025"),
        ],
        [
            counted("EU", "HR", "none", "2013", "Croatia"),
            counted("CIS", "GE", "none", "1995", "Georgia"),
            counted("OSCE", "CZ", "", "1973", "Czechoslovakia"),
        ],
    )
    _, left_out, _ = import_membership.write_memberships(folder, tmp_path / "out", SOURCES)
    assert {entry.row for entry in left_out} == {"2 rows", "EU Croatia", "CIS Georgia", "OSCE Czechoslovakia"}


def test_the_year_of_a_predecessor_is_a_note_and_no_date(tmp_path: Path) -> None:
    folder = write_memberships(
        tmp_path, [listed("OSCE", "RS")], [counted("OSCE", "RS", since="1973", name="Yugoslavia")]
    )
    written, _, _ = import_membership.write_memberships(folder, tmp_path / "out", SOURCES)
    serbia = {triple[1:] for triple in triples_of(written) if triple[0] == "membership-osce-serbia"}
    assert not any(predicate == "memberSince" for predicate, _ in serbia)
    assert ("note", "The Correlates of War data gives the year 1973 for Yugoslavia.") in serbia


@pytest.mark.parametrize(
    ("factbook", "cow", "message"),
    [
        ([listed("EU", "FR", "friend")], [], r"factbook\.csv:2: the status 'friend' is not known"),
        ([listed("NATO", "FR")], [], r"factbook\.csv:2: the organization 'NATO' is not known"),
        ([listed("EU", "XX")], [], r"factbook\.csv:2: the state 'XX' is not in data/states"),
        ([listed("EU", "FR"), listed("EU", "FR")], [], r"factbook\.csv:3: EU lists  twice"),
        ([], [counted("EU", "FR", "half")], r"v3\.csv:2: the status 'half' is not known"),
        ([], [counted("EU", "FR"), counted("EU", "FR")], r"v3\.csv:3: EU lists X twice"),
    ],
)
def test_a_membership_that_is_not_understood_is_refused(
    tmp_path: Path, factbook: list[list[str]], cow: list[list[str]], message: str
) -> None:
    folder = write_memberships(tmp_path, factbook, cow)
    with pytest.raises(SourceError, match=message):
        import_membership.read_standings(folder, STATES)


def test_treaty_actions_have_their_kind_and_day(tmp_path: Path) -> None:
    write_table(
        tmp_path / import_treaty_status.TABLE,
        PROTOCOL,
        ["Benin", "BJ", "2000-12-13", "2004-08-30", "ratification"],
        ["European Union", "EU", "", "2006-09-06", "approval"],
        ["Nepal", "NP", "", "", ""],
    )
    written, actions, left_out = import_treaty_status.write_actions(tmp_path, tmp_path / "out", SOURCES)
    found = triples_of(written)
    consent = "palermo-protocol-consent-benin"
    assert {
        (consent, "actionKind", "ratified"),
        (consent, "date", "2004-08-30"),
        (consent, "actor", "benin"),
    } <= found
    assert ("palermo-protocol-signature-benin", "actionKind", "signature") in found
    assert ("palermo-protocol-consent-eu", "actor", "eu") in found
    assert [entry.row for entry in left_out] == ["Nepal"]
    assert import_treaty_status.count_parties(actions, "2004-08-29") == 0
    assert import_treaty_status.count_parties(actions, "2004-08-30") == 1


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (["X", "XX", "", "2004-08-30", "ratification"], r"X \(XX\) is not in data/states"),
        (["Benin", "BJ", "", "2004-13-30", "ratification"], "'2004-13-30' is no date"),
        (["Benin", "BJ", "", "2004-08-30", "adoption"], "the action 'adoption' is not known"),
        (["Benin", "BJ", "", "2004-08-30", ""], "a consent has both a date and an action"),
    ],
)
def test_a_treaty_action_that_is_not_understood_is_refused(
    tmp_path: Path, row: list[str], message: str
) -> None:
    table = write_table(tmp_path / "table.csv", PROTOCOL, row)
    with pytest.raises(SourceError, match=rf"table\.csv:2: {message}"):
        import_treaty_status.read_actions(table, STATES)


def test_a_match_is_exact_only_where_two_agree(tmp_path: Path) -> None:
    write_table(
        tmp_path / "qids_organisations.csv",
        WIKIDATA,
        ["African Union", "Q1", "Q1", "Q1", "both"],
        ["Arab League", "Q2", "Q2", "", "only one source"],
        ["Rotary", "Q3", "Q3", "Q3", "both"],
    )
    write_table(
        tmp_path / "concept-matches.csv",
        EUROVOC,
        ["EuroVoc organisations", "http://eurovoc.europa.eu/1", "ECCAS", "one copy of EuroVoc"],
        ["EuroVoc", "http://eurovoc.europa.eu/2", "slavery", "two copies of EuroVoc"],
    )
    written, left_out = import_identities.write_identities(tmp_path, tmp_path / "out", SOURCES)
    assert triples_of(written) == {
        ("au", "exactMatch", "http://www.wikidata.org/entity/Q1"),
        ("las", "closeMatch", "http://www.wikidata.org/entity/Q2"),
        ("eccas", "closeMatch", "http://eurovoc.europa.eu/1"),
    }
    assert [entry.row for entry in left_out] == ["Rotary", "slavery"]


def test_lists_that_do_not_agree_are_not_said_to(tmp_path: Path) -> None:
    table = write_table(tmp_path / "qids.csv", WIKIDATA, ["African Union", "Q1", "Q1", "Q2", "both"])
    with pytest.raises(SourceError, match="'both' is not what the two lists say"):
        import_identities.read_wikidata(table, {"african-union": "au"})


# A square with a notch from the right: its centroid may lie in the notch, the point must not.
NOTCHED = {
    "type": "Topology",
    "transform": {"scale": [1, 1], "translate": [10, 20]},
    "arcs": [
        [[0, 0], [10, 0], [0, 4], [-8, 1], [8, 1], [0, 4], [-10, 0], [0, -10]],
        [[50, 0], [1, 0], [0, 1], [-1, -1]],
    ],
    "objects": {
        "countries": {
            "geometries": [
                {"type": "MultiPolygon", "id": "204", "arcs": [[[0]], [[1]]]},
                {"type": "Polygon", "id": "999", "arcs": [[-2]]},
            ]
        }
    },
}


def test_a_point_lies_in_the_widest_part_of_the_largest_land(tmp_path: Path) -> None:
    path = tmp_path / "countries.json"
    path.write_text(json.dumps(NOTCHED))
    longitude, latitude = import_points.read_points(path)["204"]
    assert 24.5 < latitude < 25.5
    assert 10 < longitude < 12
    import_points.write_points(path, tmp_path / "points.ttl", SOURCES)
    assert {subject for subject, _, _ in triples_of([tmp_path / "points.ttl"])} == {"benin"}


def test_what_is_no_topology_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "countries.json"
    path.write_text("{}")
    with pytest.raises(SourceError, match="is no TopoJSON of countries"):
        import_points.read_points(path)


Importer = Callable[[Path, Path, Sources], tuple[object, ...]]


@needs_tables
@pytest.mark.parametrize(
    ("name", "write", "by_hand"),
    [
        ("states", import_states.write_states, {"points.ttl", "sources.ttl"}),
        ("membership-2010", import_membership.write_memberships, {"groups.ttl", "sources.ttl"}),
        ("un-tip-protocol", import_treaty_status.write_actions, {"sources.ttl"}),
        ("identities", import_identities.write_identities, {"sources.ttl"}),
    ],
)
def test_the_tables_give_the_files_that_stand(
    tmp_path: Path, name: str, write: Importer, by_hand: set[str]
) -> None:
    write(REFERENCE, tmp_path, SOURCES)
    written = {path.name: path.read_text() for path in tmp_path.glob("*.ttl")}
    stand = {path.name: path.read_text() for path in (SOURCES.data / name).glob("*.ttl")}
    assert written.keys() == stand.keys() - by_hand
    assert {path: stand[path] for path in written} == written


@needs_tables
def test_every_row_of_the_real_tables_is_in_the_graph_or_listed() -> None:
    standings, left_out = import_membership.read_standings(REFERENCE, STATES)
    factbook = read_table(REFERENCE / "membership_factbook.csv", FACTBOOK)
    cow = read_table(REFERENCE / "membership_cow_igo_v3.csv", COW)
    assert sum(row["edition"] == "2010" for row in factbook) == sum(
        standing.factbook is not None for standing in standings
    )
    assert len(cow) == sum(standing.cow is not None for standing in standings) + len(left_out) - 1
    actions, without = import_treaty_status.read_actions(REFERENCE / import_treaty_status.TABLE, STATES)
    rows = read_table(REFERENCE / import_treaty_status.TABLE, PROTOCOL)
    assert len(actions) == sum(bool(row["signature"]) + bool(row["consent_date"]) for row in rows)
    assert without == []
    assert import_treaty_status.count_parties(actions, "2010-12-31") == 142


def test_the_atlas_gives_the_points_that_stand(tmp_path: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed")
    command = [npm, "install", "--prefix", str(tmp_path), "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run([*command, "world-atlas@2.0.2"], check=True, capture_output=True, timeout=300)
    topology = tmp_path / "node_modules" / "world-atlas" / "countries-50m.json"
    assert import_points.write_points(topology, tmp_path / "points.ttl", SOURCES) == []
    assert (tmp_path / "points.ttl").read_text() == (SOURCES.data / "states" / "points.ttl").read_text()


def labels_of(*folders: str) -> Mapping[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    for folder in folders:
        for path in (SOURCES.data / folder).glob("*.ttl"):
            for quad in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE):
                if quad.predicate.value == f"{SKOS}prefLabel" and isinstance(quad.object, ox.Literal):
                    key = (str(quad.subject), quad.object.language or "")
                    found.setdefault(key, set()).add(quad.object.value)
    return found


def test_no_state_has_two_names_in_one_language() -> None:
    labels = labels_of("states", "report-2010")
    assert len(labels) > 1000
    assert {key: names for key, names in labels.items() if len(names) > 1} == {}
    for state in STATES.values():
        languages = {language for subject, language in labels if subject == str(state.iri)}
        assert languages == {"ar", "en", "es", "fr", "ru", "zh"}, state
