"""The wheel works where there is no checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("ontology", "data", "shapes", "queries")


def run(*command: str | Path, folder: Path) -> str:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "TIPGRAPH"))
    }
    finished = subprocess.run(
        [*map(str, command)], cwd=folder, env=environment, capture_output=True, text=True, timeout=120
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel that was built from the source distribution, so that both are complete."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", folder, folder=ROOT)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    unpacked = folder / archive.name.removesuffix(".tar.gz")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, folder=unpacked)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new virtual environment with the wheel in it, and the dependencies of this one within reach."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder / "venv", with_pip=False)
    python = folder / "venv" / "bin" / "python"
    run(
        *(sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python),
        *("install", "--no-deps", "--no-index", wheel),
        folder=folder,
    )
    site = Path(
        run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", folder=folder).strip()
    )
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder


def test_the_wheel_carries_the_four_folders_and_both_licences(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in FOLDERS:
        files = [
            path.relative_to(ROOT) for path in (ROOT / folder).rglob("*.*") if not path.name.startswith(".")
        ]
        assert files, folder
        assert {f"tipgraph/_sources/{path.as_posix()}" for path in files} <= names
    assert "tipgraph/py.typed" in names
    licences = {name.rpartition("/")[2] for name in names if "/licenses/" in name}
    assert licences == {"LICENSE", "LICENSE-DATA"}
    assert not [name for name in names if name.startswith(("tests/", "tools/"))]


def test_the_wheel_carries_what_it_entails_and_opens_it(wheel: Path, installed: Path, tmp_path: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if "/compiled/" in name}
    assert {name.rpartition("/")[2] for name in names} == {
        "dataset.nq.gz",
        "union.nt.gz",
        "names.json.gz",
        "digests.json",
    }
    opened = run(
        installed / "venv" / "bin" / "python",
        "-c",
        "import tipgraph.inference as inference\n"
        "def infer(*_, **__): raise SystemExit('it was inferred again')\n"
        "inference.infer = infer\n"
        "from tipgraph import KnowledgeGraph\n"
        "kg = KnowledgeGraph.open()\n"
        "print(kg.ask('ASK { id:palermo-protocol tip:covers id:benin }'), kg.sources.root.name)",
        folder=installed,
    )
    assert opened.split() == ["True", "_sources"]


def test_the_wheel_answers_without_a_checkout(installed: Path) -> None:
    binaries = installed / "venv" / "bin"
    place = run(binaries / "python", "-c", "import tipgraph; print(tipgraph.__file__)", folder=installed)
    assert Path(place).is_relative_to(installed)
    answer = run(
        *(binaries / "tipgraph", "query", "--format", "csv", "--text"),
        "SELECT ?label WHERE { id:ecowas skos:altLabel ?label }",
        folder=installed,
    )
    assert answer.split() == ["label", "ECOWAS"]


def test_the_command_tells_its_version(installed: Path) -> None:
    assert run(installed / "venv" / "bin" / "tipgraph", "--version", folder=installed) == "tipgraph 0.1.0\n"
