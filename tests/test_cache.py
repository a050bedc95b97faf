"""What is kept is whole or not believed, and whatever is wrong with the folder stops nobody."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tipgraph.cache import Cache

KEY = "a" * 64
OTHER = "b" * 64


def write_two_files(folder: Path) -> None:
    (folder / "one").write_bytes(b"first content")
    (folder / "deeper").mkdir()
    (folder / "deeper" / "two").write_bytes(b"second content")


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    """A cache with one entry."""
    made = Cache(tmp_path / "made" / "at" / "need")
    made.put(KEY, write_two_files)
    return made


def test_an_entry_is_found_as_it_was_written(cache: Cache) -> None:
    entry = cache.find(KEY)
    assert entry is not None
    assert (entry / "one").read_bytes() == b"first content"
    assert (entry / "deeper" / "two").read_bytes() == b"second content"
    assert cache.find(OTHER) is None
    assert cache.folder.stat().st_mode & 0o077 == 0


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[3] ^= 1
    path.write_bytes(content)


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


def replace_by_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("damage", [flip_a_bit, truncate, Path.unlink, replace_by_a_folder])
@pytest.mark.parametrize("name", ["one", "deeper/two", "manifest.json"])
def test_a_damaged_entry_is_not_believed_and_made_anew(
    cache: Cache, name: str, damage: Callable[[Path], None]
) -> None:
    damage(cache.folder / KEY / name)
    assert cache.find(KEY) is None
    assert list(cache.folder.iterdir()) == []
    cache.put(KEY, write_two_files)
    assert cache.find(KEY) is not None


@pytest.mark.parametrize(
    "manifest", ["{}", "[]", "null", '"x"', '{"one": 1}', "{", '{"../../x": "y"}', "\udcff"]
)
def test_an_entry_with_a_wrong_manifest_is_not_believed(cache: Cache, manifest: str) -> None:
    (cache.folder / KEY / "manifest.json").write_bytes(manifest.encode(errors="surrogateescape"))
    assert cache.find(KEY) is None


def test_a_file_where_an_entry_should_be_is_none(tmp_path: Path) -> None:
    (tmp_path / KEY).write_text("x")
    assert Cache(tmp_path).find(KEY) is None


def test_the_first_of_two_writers_wins(cache: Cache) -> None:
    def write_later(folder: Path) -> None:
        (folder / "one").write_bytes(b"later")

    cache.put(KEY, write_later)
    entry = cache.find(KEY)
    assert entry is not None
    assert (entry / "one").read_bytes() == b"first content"
    assert [path.name for path in cache.folder.iterdir()] == [KEY]


def test_a_writer_that_fails_leaves_nothing(cache: Cache) -> None:
    def write_half(folder: Path) -> None:
        (folder / "one").write_bytes(b"half")
        raise OSError(28, "No space left on device")

    cache.put(OTHER, write_half)
    assert cache.find(OTHER) is None
    assert [path.name for path in cache.folder.iterdir()] == [KEY]


def test_a_bug_of_a_writer_is_seen_and_leaves_nothing(cache: Cache) -> None:
    def fail(folder: Path) -> None:
        raise KeyError(folder.name)

    with pytest.raises(KeyError):
        cache.put(OTHER, fail)
    assert [path.name for path in cache.folder.iterdir()] == [KEY]


def test_a_writer_that_is_killed_leaves_no_entry_and_is_cleaned_up_after(tmp_path: Path) -> None:
    code = (
        "import os, sys, signal, pathlib; from tipgraph.cache import Cache\n"
        "def write(folder):\n"
        "    (folder / 'one').write_bytes(b'x')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        f"Cache(pathlib.Path(sys.argv[1])).put('{KEY}', write)\n"
    )
    finished = subprocess.run([sys.executable, "-c", code, tmp_path], check=False, timeout=60)
    assert finished.returncode == -signal.SIGKILL
    (draft,) = tmp_path.iterdir()
    cache = Cache(tmp_path)
    assert cache.find(KEY) is None
    cache.put(KEY, write_two_files)
    assert draft.exists(), "another process may still be writing it"
    hours_ago = time.time() - 7200
    os.utime(draft, (hours_ago, hours_ago))
    cache.put(OTHER, write_two_files)
    assert {path.name for path in tmp_path.iterdir()} == {KEY, OTHER}


def test_the_entries_that_were_used_last_are_kept(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    keys = [f"{number:064x}" for number in range(6)]
    for age, key in zip(range(600, 0, -100), keys, strict=True):
        cache.put(key, write_two_files)
        os.utime(tmp_path / key, (time.time() - age, time.time() - age))
    assert cache.find(keys[0]) is not None
    cache.put(KEY, write_two_files)
    assert {path.name for path in tmp_path.iterdir()} == {*keys, KEY} - {keys[1]}


def test_what_the_user_keeps_in_the_folder_is_left_alone(tmp_path: Path) -> None:
    mine = [tmp_path / f"folder-{number}" for number in range(9)] + [tmp_path / ".hidden"]
    for path in mine:
        path.mkdir()
        os.utime(path, (0, 0))
    for number in range(9):
        Cache(tmp_path).put(f"{number:064x}", write_two_files)
    assert all(path.exists() for path in mine)


@pytest.mark.parametrize("inside", ["", "deeper"])
def test_a_folder_that_cannot_be_made_keeps_nothing(tmp_path: Path, inside: str) -> None:
    (tmp_path / "file").write_text("not a folder")
    cache = Cache(tmp_path / "file" / inside)
    cache.put(KEY, write_two_files)
    assert cache.find(KEY) is None
    assert (tmp_path / "file").read_text() == "not a folder"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read and write everything")
@pytest.mark.parametrize("mode", [0o000, 0o500])
def test_a_folder_that_is_closed_keeps_nothing(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(mode)
    try:
        cache = Cache(tmp_path)
        cache.put(KEY, write_two_files)
        assert cache.find(KEY) is None
    finally:
        tmp_path.chmod(0o700)


def test_a_disk_that_is_full_keeps_nothing(tmp_path: Path) -> None:
    def allow_small_files_only() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    code = (
        "import sys, pathlib; from tipgraph.cache import Cache\n"
        "def write(folder):\n"
        "    (folder / 'one').write_bytes(b'x' * 2000)\n"
        f"Cache(pathlib.Path(sys.argv[1])).put('{KEY}', write)\n"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code, tmp_path],
        preexec_fn=allow_small_files_only,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, b"", b"")
    assert list(tmp_path.iterdir()) == []


def test_a_key_is_no_path(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no key"):
        Cache(tmp_path).find("../x")


def test_the_manifest_names_every_file(cache: Cache) -> None:
    manifest = json.loads((cache.folder / KEY / "manifest.json").read_text())
    assert list(manifest) == ["deeper/two", "one"]
