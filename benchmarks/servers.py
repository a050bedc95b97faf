"""The servers that are measured: how each is started with the graph, and what memory its processes take."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.load_client import ACCEPT, HOST
from benchmarks.measuring import ROOT
from tipgraph.web.limits import Limits

FUSEKI: Final = ROOT / "build" / "fuseki.jar"
_SCRIPTS: Final = Path(sys.executable).parent
TIMEOUT: Final = round(Limits().deadline)
"""Seconds after which a query is ended by the servers that can do so: those of ``tipgraph serve``."""
_START: Final = 120.0
"""Seconds that a server may take until it answers."""


@dataclass(frozen=True)
class ServerKind:
    """A server: its command, in which ``{port}`` and ``{data}`` stand for theirs, and where it is asked."""

    name: str
    command: tuple[str, ...]
    path: str
    load: str = ""
    """Where it takes the data once it runs, if not on its command line."""


_TIPGRAPH: Final = (str(_SCRIPTS / "tipgraph"), "--root", "{root}", "serve", "--port", "{port}")
# Its limits for each client would refuse what is measured here, as all clients have one address.
_UNLIMITED: Final = ("--rate", "0", "--concurrency", "0")
TRIVIAL: Final = ServerKind(
    "trivial server", (sys.executable, "-m", "benchmarks.trivial_server", "{port}"), "/"
)
TIPGRAPH: Final = ServerKind("tipgraph", (*_TIPGRAPH, *_UNLIMITED, "--response-cache", "0"), "/sparql")
TIPGRAPH_CACHED: Final = ServerKind("tipgraph, cached", (*_TIPGRAPH, *_UNLIMITED), "/sparql")
RDFLIB: Final = ServerKind(
    "rdflib-endpoint",
    (str(_SCRIPTS / "rdflib-endpoint"), "serve", "--host", HOST, "--port", "{port}", "{data}"),
    "/",
)
OXIGRAPH: Final = ServerKind(
    "Oxigraph",
    (str(_SCRIPTS / "oxigraph"), "serve", "--timeout-s", str(TIMEOUT), "--bind", f"{HOST}:{{port}}"),
    "/query",
    "/store",
)
JENA: Final = ServerKind(
    "Fuseki",
    (
        *("java", "-Xmx2g", "-jar", str(FUSEKI), "--localhost", "--port", "{port}"),
        *("--timeout", str(1000 * TIMEOUT), "--file", "{data}", "/tip"),
    ),
    "/tip/sparql",
)


def missing(kind: ServerKind) -> str:
    """Why ``kind`` cannot be started here; empty where it can."""
    if shutil.which(kind.command[0]) is None:
        return f"there is no {Path(kind.command[0]).name}"
    if kind is JENA and not FUSEKI.exists():
        return "tools/install-fuseki has not been run"
    return ""


@dataclass(frozen=True)
class Memory:
    """Bytes that the processes of a server hold, with pages that they share counted for each, and once."""

    resident: int
    shared_once: int


@dataclass(frozen=True)
class Server:
    """A server that runs."""

    kind: ServerKind
    port: int
    pid: int

    def memory(self) -> Memory | None:
        """What all its processes hold now; ``None`` where the system does not tell."""
        found = []
        for pid in _tree(self.pid):
            try:
                found.append(_memory_of(pid))
            except (FileNotFoundError, ProcessLookupError):
                # It has ended since, or there is no such file here.
                continue
            except OSError:
                return None
        if not found:
            return None
        return Memory(sum(one.resident for one in found), sum(one.shared_once for one in found))


@contextmanager
def running(kind: ServerKind, data: Path, root: Path) -> Iterator[Server]:
    """``kind`` with the quads of ``data``, which are those of the graph at ``root``, until the end."""
    port = _free_port()
    words = [word.format(port=port, data=data, root=root) for word in kind.command]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        words,
        cwd=data.parent,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            _wait(kind, port, process)
            if kind.load:
                _put(port, kind.load, data)
            yield Server(kind, port, process.pid)
        finally:
            process.terminate()
            try:
                process.wait(3)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def ask(server: Server, query: str, limit: float) -> tuple[int, bytes]:
    """Status and body of one answer; raises ``TimeoutError`` when it has not come in ``limit`` seconds."""
    connection = http.client.HTTPConnection(HOST, server.port, timeout=limit)
    try:
        headers = {"Accept": ACCEPT, "Content-Type": "application/sparql-query"}
        connection.request("POST", server.kind.path, query.encode(), headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _put(port: int, path: str, data: Path) -> None:
    connection = http.client.HTTPConnection(HOST, port, timeout=_START)
    connection.request("POST", path, data.read_bytes(), {"Content-Type": "application/n-quads"})
    status = connection.getresponse().status
    connection.close()
    if status not in (200, 201, 204):
        raise RuntimeError(f"the data was answered with {status}")


def _wait(kind: ServerKind, port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _START
    while True:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            if process.poll() is not None:
                raise RuntimeError(f"{kind.name} ended with {process.returncode}") from None
            if time.monotonic() > end:
                raise TimeoutError(f"{kind.name} does not answer in {_START:.0f} s") from None
            time.sleep(0.1)
        else:
            return


def _free_port() -> int:
    with socket.socket() as trial:
        trial.bind((HOST, 0))
        port: int = trial.getsockname()[1]
        return port


def _tree(pid: int) -> list[int]:
    """``pid`` and all that it has started, and they."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                # The name of the program, in parentheses, may hold anything.
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def _memory_of(pid: int) -> Memory:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    sizes = {line.split(":")[0]: line.split()[1] for line in text.splitlines()[1:]}
    return Memory(int(sizes["Rss"]) * 1024, int(sizes["Pss"]) * 1024)
