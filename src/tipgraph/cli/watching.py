"""Work that is done again whenever a file is saved."""

from __future__ import annotations

import contextlib
import functools
import sys
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final, TypeVar

import click

from tipgraph.errors import TipgraphError

_Made = TypeVar("_Made")
_QUIET_MS: Final = 50
"""Milliseconds without a change after which a save is taken to be complete."""


def watch_files(
    paths: Callable[[], Collection[Path]],
    start: Callable[[], _Made],
    update: Callable[[Collection[Path]], _Made],
    show: Callable[[_Made], None],
) -> None:
    """Show what ``start`` makes, then what ``update`` makes of the files that were saved, until Ctrl-C.

    An error, such as that of a file that is half written, is shown, and the watch goes on.
    """
    # Loaded here, because only this command needs it.
    from watchfiles import watch

    with contextlib.suppress(KeyboardInterrupt):
        _run(start, show)
        for changes in watch(*paths(), debounce=1600, step=_QUIET_MS, raise_interrupt=True):
            changed = {Path(path) for _, path in changes}
            _run(functools.partial(update, changed), show)


def _run(make: Callable[[], _Made], show: Callable[[_Made], None]) -> None:
    started = time.perf_counter()
    if sys.stdout.isatty():
        click.clear()
    try:
        show(make())
    except TipgraphError as error:
        click.echo(f"error: {error.message}", err=True)
        if error.hint:
            click.echo(f"hint: {error.hint}", err=True)
    milliseconds = round(1000 * (time.perf_counter() - started))
    click.echo(f"watching, {time.strftime('%H:%M:%S')}, {milliseconds} ms; Ctrl-C ends", err=True)
    sys.stdout.flush()
