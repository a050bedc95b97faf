"""How the command line is called in its tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tipgraph.cli import main


@pytest.fixture
def call(small_root: Path) -> Callable[..., Result]:
    """Calls ``tipgraph`` over the small graph, or over another ``root``."""

    def invoke(*arguments: str, root: Path | None = small_root, stdin: str | bytes | None = None) -> Result:
        chosen = [] if root is None else ["--root", str(root)]
        return CliRunner().invoke(main, [*chosen, *arguments], input=stdin, prog_name="tipgraph")

    return invoke
