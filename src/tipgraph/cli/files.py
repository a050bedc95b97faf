"""Files that a command reads and writes."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import click

from tipgraph.errors import ParseError, SourceError

output_option = click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write to FILE, which is replaced once all is written, instead of to the screen.",
)


def read_standard_input(what: str) -> str:
    """The text on standard input, which is ``what``; raises ``ParseError`` where it is not UTF-8."""
    content = sys.stdin.buffer.read()
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise ParseError("standard input is not UTF-8", f"send {what} as UTF-8") from error


def write_output(content: bytes, path: Path | None) -> None:
    """Write ``content`` to ``path``, or to stdout where there is none."""
    if path is None:
        # What was written as text comes first.
        sys.stdout.flush()
        rest = memoryview(content)
        while rest:
            # Unbuffered, as PYTHONUNBUFFERED makes it, stdout may take a part only.
            rest = rest[sys.stdout.buffer.write(rest) :]
        sys.stdout.buffer.flush()
    else:
        write_file(path, content)


def write_file(path: Path, content: bytes) -> None:
    """Put ``content`` into ``path`` in one step, so that an interruption leaves the old file or the new one.

    Raises ``SourceError`` when that cannot be done.
    """
    target = path.resolve()
    try:
        if target.exists() and not target.is_file() and not target.is_dir():
            # A device or a pipe cannot be replaced.
            target.write_bytes(content)
            return
        draft = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            draft.write_bytes(content)
            if target.is_file():
                shutil.copymode(target, draft)
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise SourceError(f"{path} cannot be written: {reason}", _remedy(target)) from error


def _remedy(target: Path) -> str:
    if target.is_dir():
        return "name a file in that folder"
    if not target.parent.is_dir():
        return f"make the folder {target.parent} first"
    return "check the permissions of its folder, and the space on the disk"
