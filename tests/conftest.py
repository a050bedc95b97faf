"""What several test files share."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from freeze_outside_terms import SCOPE, TABLE, read_table


@pytest.fixture(scope="session")
def node_modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the vocabularies' own files, in the versions in which their terms were frozen."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed")
    folder = tmp_path_factory.mktemp("vocabularies")
    frozen = read_table(Path(__file__).parent.parent / TABLE)
    packages = {f"{row.package}@{row.version}" for row in frozen if row.package.startswith(f"{SCOPE}/")}
    command = [npm, "install", "--prefix", str(folder), "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run([*command, *sorted(packages)], check=True, capture_output=True, timeout=300)
    return folder / "node_modules"
