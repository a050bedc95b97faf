"""The folder of a store: its states, which of them holds, and who uses one.

::

    store/
        tipgraph.json       names the state that holds, and what is in it; replaced at once
        state-k3x9/         database, and names and texts where they were gathered

A state never changes. An update makes another one beside it and then replaces the note; so who reads sees all
of an update or nothing, and one that is cut off leaves a folder that nothing names, which the next removes.
Who reads a state holds a shared lock on its folder, so that it is not removed meanwhile; who makes one locks
the store. The system gives both back when the process ends, however it does.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Final

from tipgraph.errors import BusyError, SourceError
from tipgraph.sizes import Sizes

NOTE: Final = "tipgraph.json"
DATABASE: Final = "database"
NAMES: Final = "names.json"
SEARCH: Final = "search.sqlite"
_FORMAT: Final = 3
_STATE: Final = "state-"
_PAUSE: Final = 0.05
"""Seconds between two tries to lock a store."""
_TRIES: Final = 100
"""How often to look again for a state that was replaced while it was looked for."""


class State:
    """A state of a store, which stays there as long as this is referred to."""

    def __init__(self, path: Path, sizes: Sizes, lock: int) -> None:
        self.path: Final = path
        self.sizes: Final = sizes
        weakref.finalize(self, os.close, lock)


def version_of(folder: Path) -> tuple[int, int] | None:
    """What differs where the store in ``folder`` has changed; ``None`` where none is there."""
    try:
        found = (folder / NOTE).stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def hold_state(folder: Path) -> State:
    """The state of the store in ``folder``; raises ``SourceError`` where there is none."""
    path, sizes = _read_note(folder)
    for _ in range(_TRIES):
        try:
            lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            reason = error
        else:
            fcntl.flock(lock, fcntl.LOCK_SH)
            now, sizes = _read_note(folder)
            if now == path and path.exists():
                return State(path, sizes, lock)
            os.close(lock)
            reason = OSError(f"{path.name} is gone")
        before, (path, sizes) = path, _read_note(folder)
        if path == before:
            break
    raise _damaged(folder, reason) from reason


def _read_note(folder: Path) -> tuple[Path, Sizes]:
    try:
        note = json.loads((folder / NOTE).read_bytes())
        if note["format"] != _FORMAT:
            raise SourceError(f"{folder} is a store of another version of tipgraph", "load the files again")
        return folder / Path(note["state"]).name, Sizes(**note["sizes"])
    except (FileNotFoundError, NotADirectoryError) as error:
        raise SourceError(
            f"{folder} holds no store of tipgraph", "make one with tipgraph load FILE --store DIR"
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(folder, error) from error


def _damaged(folder: Path, error: Exception) -> SourceError:
    return SourceError(f"{folder} is a store of tipgraph that is damaged: {error}", "load the files again")


def new_state(folder: Path) -> Path:
    """An empty folder for another state."""
    path = folder / f"{_STATE}{secrets.token_hex(4)}"
    path.mkdir()
    return path


def let_hold(folder: Path, state: Path, sizes: Sizes) -> None:
    """Make ``state``, which is on the disk, the one that holds."""
    note = {"format": _FORMAT, "state": state.name, "sizes": asdict(sizes)}
    draft = state / NOTE
    with draft.open("w", encoding="utf-8") as file:
        file.write(json.dumps(note) + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / NOTE)


@contextmanager
def changing(folder: Path, patience: float) -> Iterator[None]:
    """Keep others from changing the store meanwhile; what nobody uses any more is removed, before and after.

    Raises ``BusyError`` where another process changes it for longer than ``patience`` seconds, and
    ``SourceError`` where there is none.
    """
    _read_note(folder)
    with locked(folder, patience) as is_ours:
        if not is_ours:
            raise BusyError(
                f"the store {folder} is being updated by another process", "try again in a moment"
            )
        _remove_unused(folder)
        yield
        _remove_unused(folder)


@contextmanager
def locked(folder: Path, patience: float = 0) -> Iterator[bool]:
    """Whether nobody else has a lock on ``folder``, or not after ``patience``; then this one has it."""
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    end = time.monotonic() + patience
    try:
        while not (is_ours := _lock(lock)) and time.monotonic() < end:
            time.sleep(_PAUSE)
        yield is_ours
    finally:
        os.close(lock)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _remove_unused(folder: Path) -> None:
    holds, _ = _read_note(folder)
    for state in folder.glob(f"{_STATE}*"):
        if state != holds:
            remove_unless_used(state)


def remove_unless_used(folder: Path) -> None:
    """Remove ``folder`` with all that is in it, unless a process has locked it, or it is gone already."""
    with contextlib.suppress(FileNotFoundError), locked(folder) as is_ours:
        if is_ours:
            shutil.rmtree(folder, ignore_errors=True)


def unwritable(folder: Path, error: OSError) -> SourceError:
    """The error that says why a store cannot be written."""
    reason = (error.strerror or str(error)).lower()
    return SourceError(
        f"{folder} cannot be written: {reason}", "check the permissions, and the space on the disk"
    )
