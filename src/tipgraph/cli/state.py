"""``tipgraph state``: one country at a glance."""

from __future__ import annotations

import dataclasses
import json
import textwrap
from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

import click

from tipgraph.cli import Settings
from tipgraph.cli.graphs import open_graph
from tipgraph.cli.terminal import text_width, write_heading
from tipgraph.errors import UsageError
from tipgraph.states import REFERENCE_DAY, Reach, StateProfile

_LANGUAGES: Final = {
    "en": "English",
    "ar": "Arabic",
    "zh": "Chinese",
    "fr": "French",
    "ru": "Russian",
    "es": "Spanish",
}
_COVERS: Final = (
    "These reach the state through an organization to which it belongs, or because it took part itself. That "
    "is not to bind it: nothing says that the state is party to a binding text among them."
)
_BINDS: Final = "The state is party to these, and they bind in law."
_NOT_BOUND: Final = (
    "Nothing here is known to bind the state: for that it has to be party to a binding text. Adoption by an "
    "organization does not bind its members."
)


def _read_day(ctx: click.Context, parameter: click.Parameter, value: str | None) -> date:
    if value is None:
        return REFERENCE_DAY
    try:
        return datetime.strptime(value, "%Y-%m-%d").date()
    except ValueError:
        raise UsageError(f"--as-of: {value!r} is no day", f"write it as in {REFERENCE_DAY}") from None


@click.command(
    short_help="Show one country and what reaches it.",
    epilog="""\b
Examples:
  tipgraph state Benin
  tipgraph state CIV
  tipgraph state "Кот-д'Ивуар"
  tipgraph state denmark --as-of 2003-12-31
""",
)
@click.argument("name", metavar="NAME-OR-CODE", nargs=-1, required=True)
@click.option(
    "--as-of",
    callback=_read_day,
    metavar="DATE",
    help="The day for which to say whether the state is party to the Palermo Protocol. Default: 2010-12-31.",
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["text", "json"]),
    default="text",
    metavar="FORMAT",
    help="text (the default) or json.",
)
@click.pass_obj
def state(settings: Settings, name: tuple[str, ...], as_of: date, format_name: str) -> None:
    """Show one country: where it belongs, what covers it, what binds it, and what the report says.

    NAME-OR-CODE is any of its names in the six languages of the United Nations, its ISO 3166 code of two or
    three letters or its M49 code. Memberships and instruments are those of December 2010.
    """
    profile = open_graph(settings).state(" ".join(name))
    if format_name == "json":
        values = {**dataclasses.asdict(profile), "as_of": as_of, "is_party": profile.is_party_on(as_of)}
        click.echo(json.dumps(values, default=date.isoformat, ensure_ascii=False, indent=2))
    else:
        _write_profile(profile, as_of)


def _write_profile(profile: StateProfile, day: date) -> None:
    click.echo(
        click.style(profile.label, bold=True) + (f" ({', '.join(profile.codes)})" if profile.codes else "")
    )
    click.echo(_faint(" · ".join([profile.state, *profile.regions])))
    for language, title in _LANGUAGES.items():
        names = [name.text for name in profile.names if name.language == language]
        if names and (language, names) != ("en", [profile.label]):
            click.echo(f"  {title:<9} {'; '.join(names)}")

    write_heading("Memberships in December 2010")
    for standing in profile.memberships:
        since = f" since {standing.since}" if standing.since else ""
        sources = _faint(", ".join(standing.sources))
        click.echo(f"  {standing.label}: {standing.role}{since}  {sources}")
    if not profile.memberships:
        click.echo("  none that the sources list")

    write_heading(f"The Palermo Protocol, as of {_say(day)}")
    for action in profile.protocol:
        later = "  (later)" if action.day > day else ""
        click.echo(f"  {action.kind} on {_say(action.day)}{later}")
    match profile.is_party_on(day):
        case True:
            click.echo("  party")
        case False:
            click.echo("  not a party")
        case None:
            assert profile.protocol_known_until is not None
            until = _say(profile.protocol_known_until)
            click.echo(f"  not known: no consent up to {until}, where the source ends")

    write_heading("Instruments that bind it, December 2010")
    _write_reaches(profile.bound_by, _BINDS if profile.bound_by else _NOT_BOUND)
    if profile.covered_by:
        write_heading("Instruments that cover it and are not known to bind it, December 2010")
        _write_reaches(profile.covered_by, _COVERS)
    if profile.exempted_by:
        write_heading("Instruments that exempt it")
        _write_reaches(
            profile.exempted_by, "These reach other members of their organization, and not this state."
        )

    write_heading("What the report says")
    for mention in profile.mentions:
        click.echo(f"  {mention.label}: {mention.relation}  {_faint(', '.join(mention.passages))}")
    if not profile.mentions:
        click.echo("  it does not name this state in a fact")
    if profile.conflicts:
        write_heading("Where sources do not agree")
        for conflict in profile.conflicts:
            _write_paragraph(f"{conflict.text} {conflict.explanation}")


def _write_reaches(reaches: Sequence[Reach], about: str) -> None:
    _write_paragraph(about)
    for reach in reaches:
        binding = {True: "binding", False: "not binding", None: "bindingness not stated"}[reach.is_binding]
        through = f"; {', '.join(reach.through)}" if reach.through else ""
        click.echo(f"  {reach.label}  {_faint(f'{reach.instrument} ({binding}{through})')}")


def _write_paragraph(text: str) -> None:
    click.echo(textwrap.fill(text, text_width(), initial_indent="  ", subsequent_indent="  "))


def _say(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _faint(text: str) -> str:
    return click.style(text, dim=True)
