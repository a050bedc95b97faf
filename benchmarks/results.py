"""``RESULTS.md``: one section for each topic, so that one can be measured anew without the others."""

from __future__ import annotations

import os
import platform
import re
from datetime import UTC, datetime
from importlib.metadata import distributions, version
from pathlib import Path
from typing import Final

from benchmarks.topic import Topic

PATH: Final = Path(__file__).with_name("RESULTS.md")
_HEAD: Final = """\
# Results

Written by `python -m benchmarks run --write`; [README.md](README.md) says how to read them.

"""
_SECTION: Final = re.compile(r"<!-- topic (?P<name>[a-z-]+) -->\n.*?<!-- end (?P=name) -->\n", re.DOTALL)
_LIBRARIES: Final = (
    "pyoxigraph",
    "pyrudof",
    "owlrl",
    "reasonable",
    "pyshacl",
    "rdflib",
    "rdflib-endpoint",
    "oxigraph",
)


def section_text(topic: Topic, measured: str, command: str) -> str:
    """The section of ``topic``, with the date, the machine and the command."""
    day = datetime.now(UTC).date().isoformat()
    return (
        f"<!-- topic {topic.name} -->\n## {topic.title}\n\n{topic.about}\n\n{measured.rstrip()}\n\n"
        f"Measured on {day} with `{command}` on {describe_machine()}.\n<!-- end {topic.name} -->\n"
    )


def describe_machine() -> str:
    """Processor, memory, system, and the versions of Python and of the libraries."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    # A peer that is not there was not measured.
    there = [name for name in _LIBRARIES if any(distributions(name=name))]
    libraries = ", ".join(f"{name} {version(name)}" for name in there)
    return (
        f"{os.cpu_count()} processors ({_processor()}), {memory:.0f} GiB, {platform.system()} "
        f"{platform.release().partition('-')[0]}, Python {platform.python_version()}, {libraries}"
    )


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1] if found else platform.machine()


def write_section(section: str, order: list[str], path: Path = PATH) -> None:
    """Put ``section`` into the file, in place of the one of the same topic; sections stand in ``order``."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    sections = {found["name"]: found[0] for found in _SECTION.finditer(text)}
    written = _SECTION.fullmatch(section)
    if written is None:
        raise ValueError("the section has no marks")
    sections[written["name"]] = section
    names = sorted(sections, key=lambda name: order.index(name) if name in order else len(order))
    path.write_text(_HEAD + "\n".join(sections[name] for name in names), encoding="utf-8")
