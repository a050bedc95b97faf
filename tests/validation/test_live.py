"""Validation while files are edited: the same as from the start, with less work."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tipgraph.errors import ParseError
from tipgraph.sources import Sources
from tipgraph.validation import LiveValidation
from tipgraph.validation.engines import run_engine

SHAPES = """
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix shape: <https://w3id.org/tipgraph/shape/> .
@prefix tip: <https://w3id.org/tipgraph/ontology#> .
shape:Plan a sh:NodeShape ; sh:targetClass tip:Plan ; sh:property shape:Plan-adoptedBy , shape:Plan-label .
shape:Plan-adoptedBy a sh:PropertyShape ; sh:path tip:adoptedBy ; sh:minCount 1 ; sh:message "Say who." .
shape:Plan-label a sh:PropertyShape ; sh:minCount 1 ; sh:message "Name who adopted it." ;
  sh:path ( tip:adoptedBy <http://www.w3.org/2004/02/skos/core#prefLabel> ) .
"""


@pytest.fixture
def root(small_root: Path, tmp_path: Path) -> Path:
    copy = Path(shutil.copytree(small_root, tmp_path / "root"))
    (copy / "shapes" / "plans.ttl").write_text(SHAPES)
    return copy


def broken(live: LiveValidation, *changed: Path) -> list[str]:
    report = live.update(changed) if changed else live.start()
    return sorted(f"{str(r.focus_node)[1:-1].split('/')[-1]} {r.message}" for r in report.results)


def test_a_save_is_seen_with_what_refers_to_it(root: Path) -> None:
    sources = Sources(root)
    live = LiveValidation(sources, sources.shapes)
    first = ["beta Name who adopted it.", "beta Say who."]
    assert broken(live) == first
    plans = root / "data" / "example" / "plans.ttl"
    actors = root / "data" / "example" / "actors.ttl"
    text = plans.read_text()
    moved = text.replace('id:union skos:prefLabel "The Union"@en ; skos:altLabel "TU"@en .', "")
    plans.write_text(moved)
    assert broken(live, plans) == ["alpha Name who adopted it.", *first]
    actors.write_text(
        "@prefix id: <https://w3id.org/tipgraph/id/> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> ."
        ' id:union skos:prefLabel "The Union"@en .'
    )
    # The plan in the other file is right again.
    assert broken(live, actors) == first
    actors.unlink()
    assert broken(live, actors) == ["alpha Name who adopted it.", *first]
    plans.write_text(text)
    assert broken(live, plans) == first == broken(LiveValidation(sources, sources.shapes))


def test_only_what_was_touched_is_looked_at(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = Sources(root)
    live = LiveValidation(sources, sources.shapes)
    live.start()
    looked: list[int | None] = []

    def counting(*arguments: object, focus: set[object] | None = None) -> object:
        looked.append(None if focus is None else len(focus))
        return run_engine(*arguments, focus=focus)  # type: ignore[arg-type]

    monkeypatch.setattr("tipgraph.validation.live.run_engine", counting)
    live.update([root / "data" / "example" / "plans.ttl"])
    live.update([root / "ontology" / "actors.ttl"])
    assert looked == [3, None]


def test_a_file_that_is_half_written_changes_nothing(root: Path) -> None:
    sources = Sources(root)
    live = LiveValidation(sources, sources.shapes)
    before = live.start()
    plans = root / "data" / "example" / "plans.ttl"
    text = plans.read_text()
    plans.write_text(text[:-10])
    with pytest.raises(ParseError, match=r"plans\.ttl:"):
        live.update([plans])
    plans.write_text(text)
    assert live.update([plans]) == before


def test_of_own_files_only_what_they_describe_is_reported(root: Path, tmp_path: Path) -> None:
    sources = Sources(root)
    own = tmp_path / "own.ttl"
    own.write_text(
        "@prefix id: <https://w3id.org/tipgraph/id/> . @prefix tip: <https://w3id.org/tipgraph/ontology#> ."
        " id:gamma a tip:Plan ."
    )
    live = LiveValidation(sources, sources.shapes, own=[own])
    assert broken(live) == ["gamma Name who adopted it.", "gamma Say who."]
    own.write_text(own.read_text().replace("tip:Plan .", "tip:Plan ; tip:adoptedBy id:union ."))
    assert broken(live, own) == []
    assert own in live.folders


def test_new_shapes_are_read(root: Path) -> None:
    sources = Sources(root)
    live = LiveValidation(sources, sources.shapes)
    live.start()
    path = root / "shapes" / "plans.ttl"
    path.write_text(SHAPES.replace("Say who.", "Say by whom."))
    assert "beta Say by whom." in broken(live, path)
