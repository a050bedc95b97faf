"""Apache Jena Fuseki and Virtuoso, started on loopback; tools/install-fuseki and -virtuoso put them there."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

FUSEKI = Path(__file__).parents[1] / "build" / "fuseki.jar"


@dataclass(frozen=True)
class RunningStore:
    """Where a store is queried, updated and spoken to by Graph Store Protocol."""

    endpoint: str
    updates: str
    graph_store: str
    environment: dict[str, str]


@contextmanager
def fuseki(folder: Path) -> Iterator[RunningStore]:
    """An empty Fuseki in memory."""
    if not FUSEKI.exists() or shutil.which("java") is None:
        pytest.skip("Fuseki is not installed: tools/install-fuseki")
    port = _free_port()
    options = ["--localhost", "--port", str(port), "--update", "--mem", "/tip"]
    with _running(["java", "-Xmx512m", "-jar", str(FUSEKI), *options], folder, port):
        url = f"http://127.0.0.1:{port}/tip"
        yield RunningStore(f"{url}/sparql", f"{url}/update", f"{url}/data", {})


@contextmanager
def virtuoso(folder: Path) -> Iterator[RunningStore]:
    """An empty Virtuoso, which takes updates from its administrator only."""
    if shutil.which("virtuoso-t") is None:
        pytest.skip("Virtuoso is not installed: tools/install-virtuoso")
    port, sql_port = _free_port(), _free_port()
    settings = folder / "virtuoso.ini"
    settings.write_text(
        f"""
[Database]
DatabaseFile = {folder}/virtuoso.db
ErrorLogFile = {folder}/virtuoso.log
LockFile = {folder}/virtuoso.lck
TransactionFile = {folder}/virtuoso.trx
xa_persistent_file = {folder}/virtuoso.pxa
[TempDatabase]
DatabaseFile = {folder}/virtuoso-temp.db
TransactionFile = {folder}/virtuoso-temp.trx
[Parameters]
ServerPort = 127.0.0.1:{sql_port}
NumberOfBuffers = 20000
MaxDirtyBuffers = 15000
[HTTPServer]
ServerPort = 127.0.0.1:{port}
ServerRoot = {folder}
ServerThreads = 10
[SPARQL]
ResultSetMaxRows = 1000000
"""
    )
    with _running(["virtuoso-t", "+foreground", "+configfile", str(settings)], folder, port):
        url = f"http://127.0.0.1:{port}"
        administrator = {"TIPGRAPH_USER": "dba", "TIPGRAPH_PASSWORD": "dba"}
        yield RunningStore(
            f"{url}/sparql", f"{url}/sparql-auth", f"{url}/sparql-graph-crud-auth", administrator
        )


def _free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
        return port


@contextmanager
def _running(command: list[str], folder: Path, port: int) -> Iterator[None]:
    log = folder / "output.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output)
    try:
        end = time.monotonic() + 120
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, log.read_text(errors="replace")
                assert time.monotonic() < end, log.read_text(errors="replace")
                time.sleep(0.1)
        yield
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
