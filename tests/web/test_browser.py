"""The site in a real browser: its style sheet applies, in light and dark, and nothing is blocked."""

from __future__ import annotations

import shutil
import struct
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.web.running_server import Server, serving

pytestmark = pytest.mark.integration

PAGES = [
    "/",
    "/sparql",
    "/sparql?query=SELECT%20*%20%7B%20?s%20a%20tip:Treaty%20%7D",
    "/queries/by-theme",
    "/ontology",
    "/id/ecowas",
    "/passage/au-05-s1",
    "/nowhere",
]
LIGHT, DARK = (0xFF, 0xFF, 0xFF), (0x1B, 0x21, 0x25)
"""The colour of the header, in the top left corner of every page."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    root = Path(__file__).parents[2]
    with serving("--root", str(root), "serve", "--port", "0") as running:
        yield running


def browse(profile: Path, address: str, *options: str) -> subprocess.CompletedProcess[str]:
    chromium = shutil.which("chromium")
    assert chromium is not None, "make integration installs chromium"
    command = [
        chromium,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--hide-scrollbars",
        "--enable-logging=stderr",
        f"--user-data-dir={profile}",
        *options,
        address,
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)


def read_first_pixel(png: bytes) -> tuple[int, int, int]:
    """The top left pixel of a PNG; there every filter of the format leaves the bytes as they are."""
    assert png.startswith(b"\x89PNG")
    place, data = 8, b""
    while place < len(png):
        length, kind = struct.unpack_from("!I4s", png, place)
        if kind == b"IDAT":
            data += png[place + 8 : place + 8 + length]
        place += length + 12
    red, green, blue = zlib.decompress(data)[1:4]
    return red, green, blue


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_shown_without_complaint(server: Server, tmp_path: Path, path: str) -> None:
    address = f"http://127.0.0.1:{server.port}{path}"
    shown = browse(tmp_path / "profile", address, "--dump-dom")
    assert "<h1>" in shown.stdout
    complaints = [line for line in shown.stderr.splitlines() if "CONSOLE" in line]
    assert complaints == []


@pytest.mark.parametrize("size", ["1280,900", "500,900"])
@pytest.mark.parametrize(
    ("options", "colour"),
    [([], LIGHT), (["--force-dark-mode", "--blink-settings=preferredColorScheme=0"], DARK)],
    ids=["light", "dark"],
)
def test_the_style_sheet_applies(
    server: Server, tmp_path: Path, size: str, options: list[str], colour: tuple[int, int, int]
) -> None:
    picture = tmp_path / "page.png"
    address = f"http://127.0.0.1:{server.port}/id/ecowas"
    browse(tmp_path / "profile", address, f"--screenshot={picture}", f"--window-size={size}", *options)
    content = picture.read_bytes()
    assert read_first_pixel(content) == colour
    width, height = struct.unpack_from("!II", content, 16)
    assert f"{width},{height}" == size


def test_a_browser_complains_where_there_is_reason(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    policy = '<meta http-equiv="Content-Security-Policy" content="default-src \'self\'">'
    page.write_text(f"<!doctype html>{policy}<h1>x</h1><script>1</script>", encoding="utf-8")
    assert "CONSOLE" in browse(tmp_path / "profile", page.as_uri(), "--dump-dom").stderr
