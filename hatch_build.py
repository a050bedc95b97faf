"""Build hook: the wheel carries the graph with what it entails, so that its first start only opens it."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompiledGraphHook(BuildHookInterface[Any]):
    """Compiles the graph of this folder into the wheel; a checkout compiles it when it is first used."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the compiled graph to the files of the wheel, unless it is an editable one."""
        if self.target_name != "wheel" or version == "editable":
            return
        root = Path(self.root)
        sys.path.insert(0, str(root / "src"))
        from tipgraph.compiled import write_portable
        from tipgraph.sources import Sources

        self._made = tempfile.TemporaryDirectory(prefix="tipgraph-")
        folder = Path(self._made.name) / "compiled"
        write_portable(Sources(root), folder)
        build_data["force_include"][str(folder)] = "tipgraph/_sources/compiled"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Take the compiled graph away again."""
        if made := getattr(self, "_made", None):
            made.cleanup()
