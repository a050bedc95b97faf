"""The layers hold: each module imports only from those below it, and the edges keep to themselves."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "tipgraph"

LAYERS = (
    ("cache", "errors", "vocabulary", "canonical", "protocol", "breaker"),
    ("sources", "turtle", "terms", "tokens", "negotiation", "peer"),
    ("serialization", "queryfile"),
    ("store", "untrusted"),
    (
        "inference",
        "validation",
        "evidence",
        "describe",
        "sizes",
        "states",
        "statistics",
        "search",
        "catalog",
        "export",
        "sparql",
        "push",
    ),
    ("ondisk", "remote"),
    ("compiled",),
    ("graph",),
    ("__init__",),
    ("web",),
    ("cli",),
    ("__main__",),
)
"""From the bottom up. Modules of one layer do not import each other."""

EDGES = {"cli", "web", "__main__"}
LIBRARIES = {
    "click": {"cli"},
    "rich": {"cli"},
    "flask": {"web"},
    "werkzeug": {"web"},
    "granian": {"web"},
    "zstandard": {"web"},
    "httpx": {"peer"},
    "owlrl": {"inference"},
    "pyshacl": {"validation"},
    "pyrudof": {"validation"},
}
"""Library → the modules that may import it."""

STARTS_WEB = {"cli.serve"}

FILES = sorted(PACKAGE.rglob("*.py"))


def module_of(path: Path) -> str:
    """The dotted name of ``path`` inside the package: ``cli.query``."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


def layer_of(name: str) -> int:
    top = name.split(".")[0]
    found = [number for number, names in enumerate(LAYERS) if top in names]
    assert found, f"{top} is in no layer of tests/test_layers.py"
    return found[0]


def imports_of(tree: ast.AST) -> Iterator[str]:
    """Every module that is imported anywhere in ``tree``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            assert node.module is not None
            yield node.module
            if node.module == "tipgraph":
                yield from (
                    f"tipgraph.{alias.name}" for alias in node.names if (PACKAGE / alias.name).is_dir()
                )
                yield from (
                    f"tipgraph.{alias.name}"
                    for alias in node.names
                    if (PACKAGE / f"{alias.name}.py").is_file()
                )


def breaches_of(name: str, source: str) -> list[str]:
    """What the module ``name`` with the text ``source`` does that its layer may not."""
    found = []
    top = name.split(".")[0]
    tree = ast.parse(source)
    for imported in imports_of(tree):
        library, _, inside = imported.partition(".")
        if library in LIBRARIES and top not in LIBRARIES[library]:
            found.append(f"imports {library}")
        if library != "tipgraph" or imported == "tipgraph" or inside.split(".")[0] == top:
            continue
        if layer_of(inside) >= layer_of(name):
            found.append(f"imports {imported}, which is not below it")
        if inside.split(".")[0] == "web" and name not in STARTS_WEB:
            found.append(f"imports {imported}, which only {', '.join(sorted(STARTS_WEB))} may")
    if top not in EDGES:
        found += edge_acts(tree)
    found += state_of(tree)
    return found


def edge_acts(tree: ast.Module) -> Iterator[str]:
    """Each act of ``tree`` that belongs at an edge: printing, exiting, reading the environment."""
    for node in ast.walk(tree):
        text = ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute) else ""
        if text in ("print", "input", "exit", "sys.exit", "sys.stdout", "sys.stderr", "sys.argv", "os._exit"):
            yield f"uses {text}"
        if text in ("os.environ", "os.getenv", "os.environb"):
            yield f"reads the environment with {text}"


def state_of(tree: ast.Module) -> Iterator[str]:
    """Each graph, app or cache that ``tree`` makes when it is imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            yield f"changes the module's {', '.join(node.names)}"
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            names = {ast.unparse(decorator).split("(")[0] for decorator in node.decorator_list}
            if names & {"cache", "lru_cache", "functools.cache", "functools.lru_cache"}:
                yield f"keeps a cache for {node.name}"
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        if isinstance(value, ast.Call):
            maker = ast.unparse(value.func)
            if (
                maker.split(".")[-1] in ("Store", "Dataset", "Graph", "Flask", "create_app")
                or "KnowledgeGraph" in maker
            ):
                yield f"makes {maker}() when it is imported"


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_a_module_keeps_to_its_layer(path: Path) -> None:
    assert breaches_of(module_of(path), path.read_text()) == []


def test_the_layers_name_the_modules_that_stand_and_contributing_tells_them() -> None:
    named = [name for layer in LAYERS for name in layer]
    assert sorted(named) == sorted({module_of(path).split(".")[0] for path in FILES})
    house = (PACKAGE.parents[1] / "CONTRIBUTING.md").read_text().split("\n## ")[1]
    table = house[house.index("| modules |") :].split("\n\n")[0]
    told = [name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert sorted(told) == sorted(name for name in named if not name.startswith("__"))


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("errors", "from tipgraph.vocabulary import TIP"),
        ("turtle", "from tipgraph.store import Dataset"),
        ("turtle", "from tipgraph import store"),
        ("turtle", "def read():\n    import tipgraph.store"),
        ("sparql.execution", "from tipgraph.inference import infer"),
        ("graph", "from tipgraph.cli import main"),
        ("web", "from tipgraph.cli import main"),
        ("cli.query", "from tipgraph.web import create_app"),
        ("graph", "import click"),
        ("cli.serve", "from flask import Flask"),
        ("graph", "import pyshacl.validate"),
        ("validation.engines", "import owlrl"),
        ("store", "print(1)"),
        ("store", "import sys\nsys.exit(1)"),
        ("store", "import os\nx = os.environ['HOME']"),
        ("store", "import os\nx = os.getenv('HOME')"),
        ("store", "import pyoxigraph as ox\nSTORE = ox.Store()"),
        ("web", "app = create_app()"),
        ("graph", "from functools import cache\n@cache\ndef load(): ..."),
        ("graph", "def load():\n    global x\n    x = 1"),
    ],
)
def test_a_breach_is_seen(name: str, source: str) -> None:
    assert len(breaches_of(name, source)) >= 1


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("turtle", "from tipgraph.errors import SourceError"),
        ("sparql.execution", "from tipgraph.sparql.analysis import check_query"),
        ("cli.serve", "from tipgraph.web import create_app"),
        ("cli.query", "print(1)"),
        ("web", "from flask import Flask\ndef create_app():\n    app = Flask(__name__)\n    return app"),
    ],
)
def test_what_is_allowed_is_no_breach(name: str, source: str) -> None:
    assert breaches_of(name, source) == []
