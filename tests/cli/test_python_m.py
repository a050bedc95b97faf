from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_the_module_is_the_command(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tipgraph", "format", "missing.ttl"]
    finished = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert finished.returncode == 3
    assert finished.stderr == "error: missing.ttl does not exist\nhint: check the path\n"
