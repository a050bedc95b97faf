"""A folder of entries that are whole or not believed.

An entry is a folder of files that is written under another name and put in its place in one step, with a
manifest of digests, so that an entry that was cut off, damaged or changed is found out and made anew. Of two
processes that make the same entry at once, the first wins and the other throws its own away.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_MANIFEST: Final = "manifest.json"
_KEY: Final = re.compile("[0-9a-f]{64}")
_DRAFT: Final = ".tipgraph-draft-"
_MOST_ENTRIES: Final = 6
_ABANDONED_AFTER: Final = 3600.0
"""Seconds after which nobody writes at a draft any more."""


@dataclass(frozen=True)
class Cache:
    """The entries in ``folder``, by keys of 64 hexadecimal digits; the few that were used last are kept.

    A folder that cannot be read or written is one without entries: a cache saves time and is never needed.
    """

    folder: Path

    def find(self, key: str) -> Path | None:
        """The folder of an entry whose files are all as they were written; a damaged one is removed."""
        entry = self._path(key)
        try:
            if not entry.is_dir():
                return None
            manifest = json.loads((entry / _MANIFEST).read_bytes())
            is_whole = bool(manifest) and all(
                _digest_of(entry / name) == digest for name, digest in manifest.items()
            )
        except (OSError, ValueError, AttributeError, TypeError):
            is_whole = False
        if not is_whole:
            self.remove(key)
            return None
        with contextlib.suppress(OSError):
            # Says when it was last used.
            os.utime(entry)
        return entry

    def put(self, key: str, write: Callable[[Path], None]) -> None:
        """Keep the files that ``write`` writes into the folder it is given; or nothing, where that fails."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=self.folder))
        except OSError:
            return
        try:
            write(draft)
            files = sorted(path for path in draft.rglob("*") if path.is_file())
            manifest = {path.relative_to(draft).as_posix(): _digest_of(path) for path in files}
            (draft / _MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
            # Fails where another process has put the entry there first.
            draft.rename(self._path(key))
        except OSError:
            pass
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        self._prune()

    def remove(self, key: str) -> None:
        """Take the entry away, as far as that can be done."""
        # Out of sight in one step, so that nobody finds half of it.
        with contextlib.suppress(OSError):
            draft = tempfile.mkdtemp(prefix=_DRAFT, dir=self.folder)
            self._path(key).replace(draft)
            shutil.rmtree(draft, ignore_errors=True)

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise ValueError(f"{key!r} is no key")
        return self.folder / key

    def _prune(self) -> None:
        """Remove the entries that were not used for longest, and what interrupted processes left behind."""
        with contextlib.suppress(OSError):
            # Only what bears a name of ours: the folder may be one that the user keeps other things in.
            times = {path: path.stat().st_mtime for path in self.folder.iterdir()}
            entries = sorted((path for path in times if _KEY.fullmatch(path.name)), key=lambda p: -times[p])
            for entry in entries[_MOST_ENTRIES:]:
                self.remove(entry.name)
            for path in times:
                if path.name.startswith(_DRAFT) and time.time() - times[path] > _ABANDONED_AFTER:
                    shutil.rmtree(path, ignore_errors=True)


def _digest_of(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
