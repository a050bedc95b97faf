"""A report as one HTML page that needs no other file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from itertools import groupby
from typing import Final

from tipgraph.validation.report import Report, Result
from tipgraph.validation.text import name_term, place_of, summarize
from tipgraph.vocabulary import shorten

_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1d2530; --quiet: #56616f; --paper: #fff; --rule: #d9dee5;
  --violation: #b3261e; --warning: #8a5a00; --info: #1f5fa8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7eaee; --quiet: #a5afbb; --paper: #14181d;
  --rule: #333b45; --violation: #ff8a80; --warning: #f2c14e; --info: #8ab8f0; } }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem; color: var(--ink); background: var(--paper);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; }
h2 { font: 600 1.05rem/1.4 ui-monospace, monospace; margin: 2rem 0 .5rem; overflow-wrap: anywhere; }
ol { list-style: none; margin: 0; padding: 0; }
li { border-inline-start: .3rem solid var(--level); margin: .75rem 0; padding: .1rem 0 .1rem .8rem; }
p { margin: .15rem 0; }
code { font-family: ui-monospace, monospace; font-size: .9em; overflow-wrap: anywhere; }
.level { color: var(--level); font-weight: 600; }
.violation { --level: var(--violation); }
.warning { --level: var(--warning); }
.info { --level: var(--info); }
.quiet { color: var(--quiet); font-size: .9rem; }
"""


def report_html(report: Report, prefixes: Mapping[str, str]) -> str:
    """The report as a page: counts, then the results by resource, their level in colour and in words."""
    summary = escape(summarize(report))
    body = "\n".join(_sections(report, prefixes))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Validation report: {summary}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>Validation report</h1>\n<p>{summary}.</p>\n{body}\n</body>\n</html>\n"
    )


def _sections(report: Report, prefixes: Mapping[str, str]) -> Iterator[str]:
    for focus, results in groupby(report.results, key=lambda result: result.focus_node):
        yield f"<section>\n<h2>{escape(name_term(focus, prefixes))}</h2>\n<ol>"
        yield from (_item(result, prefixes) for result in results)
        yield "</ol>\n</section>"


def _item(result: Result, prefixes: Mapping[str, str]) -> str:
    said = " ".join(
        f"<code>{escape(text)}</code>"
        for text in (
            str(result.path or ""),
            "" if result.value is None else name_term(result.value, prefixes),
        )
        if text
    )
    shape = shorten(result.shape.value, prefixes) if result.shape else ""
    where = " · ".join(f"<code>{escape(text)}</code>" for text in (place_of(result), shape) if text)
    level = result.severity.label
    lines = [
        f'<li class="{level}">',
        f'<p><span class="level">{level.capitalize()}</span> {said}</p>',
        f"<p>{escape(result.message)}</p>",
        f'<p class="quiet">{where}</p>' if where else "",
        "</li>",
    ]
    return "\n".join(line for line in lines if line)
