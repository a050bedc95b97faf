"""``tipgraph search``."""

from __future__ import annotations

import json
from collections.abc import Callable

from click.testing import Result

Call = Callable[..., Result]


def test_what_is_found_is_shown_with_its_name(call: Call) -> None:
    found = call("search", "plan", "alpha")
    assert found.exit_code == 0
    assert found.stdout == "Plan Alpha  id:alpha\n  A plan that was adopted.\n\n1 resource\n"


def test_some_of_many(call: Call) -> None:
    found = call("search", "plan", "--limit", "1")
    assert found.stdout.endswith("\nthe first 1 of 3 resources\n")


def test_json(call: Call) -> None:
    found = json.loads(call("search", "the union", "--format", "json").stdout)
    assert found["total"] == 1
    assert found["hits"][0]["name"] == "id:union"
    assert found["hits"][0]["score"] > 0.9


def test_nothing_is_an_answer(call: Call) -> None:
    found = call("search", "zebra")
    assert (found.exit_code, found.stdout) == (1, "")
    assert "nothing matches 'zebra'" in found.stderr


def test_some_words_are_told(call: Call) -> None:
    assert "none has all the words" in call("search", "alpha", "zebra").stdout


def test_a_call_without_words_is_wrong(call: Call) -> None:
    assert call("search").exit_code == 2
