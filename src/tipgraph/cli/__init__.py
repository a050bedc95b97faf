"""The command line: ``tipgraph``, one module for each command.

Commands are loaded when they are called, so that ``tipgraph query`` does not pay for the web framework and
the SHACL engines. To add a command, write ``cli/<name>.py`` with a ``click`` command and add a line to
``COMMANDS``.
"""

from __future__ import annotations

import difflib
import errno
import importlib
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from tipgraph.errors import TipgraphError

COMMANDS: Final[Mapping[str, str]] = {
    "query": "tipgraph.cli.query:query",
    "search": "tipgraph.cli.search:search",
    "show": "tipgraph.cli.show:show",
    "state": "tipgraph.cli.state:state",
    "stats": "tipgraph.cli.stats:stats",
    "export": "tipgraph.cli.export:export",
    "load": "tipgraph.cli.load:load",
    "update": "tipgraph.cli.update:update",
    "push": "tipgraph.cli.push:push",
    "validate": "tipgraph.cli.validate:validate",
    "check": "tipgraph.cli.check:check",
    "infer": "tipgraph.cli.infer:infer_triples",
    "explain": "tipgraph.cli.explain:explain_fact",
    "serve": "tipgraph.cli.serve:serve",
    "evidence": "tipgraph.cli.evidence:evidence",
    "format": "tipgraph.cli.format:format_files",
}
"""Command name → ``module:function``, in the order in which ``tipgraph --help`` lists them."""

EXIT_USAGE: Final = 2
EXIT_INPUT: Final = 3
EXIT_BUG: Final = 4
EXIT_INTERRUPTED: Final = 130
EXIT_BROKEN_PIPE: Final = 141


@dataclass(frozen=True)
class Settings:
    """What the global options say; a command takes it with ``@click.pass_obj``."""

    root: Path | None = None
    cache: Path | None = None
    """Where the compiled graph is kept between runs."""


class CommandGroup(click.Group):
    """A group that loads its commands when they are called, and words every error in the same way."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the commands, in the order of ``COMMANDS``."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now, or ``None`` when there is none of that name."""
        target = COMMANDS.get(cmd_name)
        if target is None:
            return None
        module, _, function = target.partition(":")
        command: click.Command = getattr(importlib.import_module(module), function)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that ``args`` begin with; an unknown name is an error that names the nearest."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            nearest = difflib.get_close_matches(name, COMMANDS, n=1)
            hint = f"did you mean {nearest[0]}?" if nearest else f"the commands are {', '.join(COMMANDS)}"
            raise _UnknownCommandError(f"there is no command {name!r}", hint)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a reader that goes away ends it without a word, as it ends other programs."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            _discard_output()
            ctx.exit(EXIT_BROKEN_PIPE)

    def main(self, *args: Any, standalone_mode: bool = True, **extra: Any) -> Any:
        """Run the command line; in standalone mode end the process with an exit code of the house.

        A command returns its exit code, or ``None`` for 0.
        """
        start: Callable[..., Any] = super().main

        def run() -> Any:
            return start(*args, standalone_mode=False, **extra)

        if not standalone_mode:
            return run()
        sys.exit(_run_to_exit_code(run))


class _UnknownCommandError(TipgraphError):
    exit_code = EXIT_USAGE


def _run_to_exit_code(run: Callable[[], Any]) -> int:
    """The exit code of ``run``, after its error, if any, was written to stderr."""
    try:
        outcome = run()
        sys.stdout.flush()
    except TipgraphError as error:
        _report(error.message, error.hint)
        return error.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return EXIT_USAGE
    except click.UsageError as error:
        _report(_sentence(error.format_message()), _usage_hint(error))
        return EXIT_USAGE
    except click.ClickException as error:
        _report(_sentence(error.format_message()), None)
        return EXIT_INPUT
    except (click.Abort, KeyboardInterrupt):
        _report("interrupted", None)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        _discard_output()
        return EXIT_BROKEN_PIPE
    except Exception as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            _discard_output()
            reason = (error.strerror or str(error)).lower()
            _report(f"the output cannot be written: {reason}", "free some space")
            return EXIT_INPUT
        return _report_bug(error)
    # Outside standalone mode click returns the code of ctx.exit(), else the value of the command.
    return outcome if isinstance(outcome, int) else 0


def _report(message: str, hint: str | None) -> None:
    click.echo(f"error: {message}", err=True)
    if hint:
        click.echo(f"hint: {hint}", err=True)


def _report_bug(error: Exception) -> int:
    if os.environ.get("TIPGRAPH_DEBUG"):
        traceback.print_exception(error)
    detail = " ".join(str(error).split())
    _report(
        f"tipgraph met what it did not expect: {type(error).__name__}{': ' if detail else ''}{detail}",
        "this is a bug; run again with TIPGRAPH_DEBUG=1 in the environment to see the trace, and report it",
    )
    return EXIT_BUG


def _sentence(message: str) -> str:
    """The message of click in the style of the house: one line, lower case at the start, no full stop."""
    message = " ".join(message.split()).removesuffix(".")
    return message[:1].lower() + message[1:]


def _usage_hint(error: click.UsageError) -> str:
    path = error.ctx.command_path if error.ctx else "tipgraph"
    return f"see {path} --help"


def _discard_output() -> None:
    """Send what is still buffered nowhere, so that Python's flush at exit does not fail a second time."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        return


def _find_cache(named: str | None) -> Path | None:
    """The folder that keeps what is compiled: the one that is ``named``, else the platform's."""
    if named is not None:
        return None if named == "off" else Path(named)
    platform = Path(os.environ.get("XDG_CACHE_HOME", ""))
    try:
        # A relative path is to be ignored (XDG Base Directory Specification).
        return (platform if platform.is_absolute() else Path.home() / ".cache") / "tipgraph"
    except RuntimeError:
        return None


_CONTEXT_SETTINGS: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(
    cls=CommandGroup,
    context_settings=_CONTEXT_SETTINGS,
    epilog="Exit codes: 0 yes, 1 the answer is no, 2 wrong usage, 3 bad input, 4 a bug.",
)
@click.option(
    "--root",
    type=click.Path(path_type=Path),
    envvar="TIPGRAPH_ROOT",
    metavar="DIR",
    help="Folder with ontology/, data/, shapes/ and queries/. Default: the checkout around the working "
    "folder, else the data that came with the package. Also TIPGRAPH_ROOT.",
)
@click.option(
    "--cache",
    envvar="TIPGRAPH_CACHE",
    metavar="DIR",
    help="Folder that keeps the graph, with what is inferred, from one run to the next; off keeps nothing. "
    "Default: tipgraph in XDG_CACHE_HOME or ~/.cache. Also TIPGRAPH_CACHE.",
)
@click.version_option(package_name="tipgraph", message="%(prog)s %(version)s")
@click.pass_context
def main(ctx: click.Context, root: Path | None, cache: str | None) -> None:
    """Ask, check and serve a knowledge graph of regional action against trafficking in persons.

    What it takes from a report of the United Nations of December 2010 names its sentence; all else names
    its source.
    """
    ctx.obj = Settings(root, _find_cache(cache))
    if os.environ.get("NO_COLOR"):
        ctx.color = False
