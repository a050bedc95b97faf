"""Who runs updates: the store behind the server, or, for a store on disk, a process that can be ended."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from tipgraph.errors import QueryMemoryError, QueryTimeoutError, TipgraphError
from tipgraph.ondisk import update_on_disk
from tipgraph.peer import Peer
from tipgraph.sparql.updates import choose_graphs
from tipgraph.web.confinement import bound_memory, leave_network
from tipgraph.web.limits import Limits

_COMMAND: Final = "from tipgraph.web.updating import run_job; run_job()"
_RESERVED: Final = 1 << 30
"""Bytes of addresses that the database sets aside, most of them for its threads, and never fills."""
_ENVIRONMENT: Final = {"MALLOC_ARENA_MAX": "2"}
"""Else glibc sets aside addresses for each thread of the database, which count as memory."""
_GRACE: Final = 5.0
"""Seconds after the deadline when an update whose server is gone ends itself."""


class Writer(Protocol):
    """Runs updates for who bears ``token``."""

    token: str

    def write(self, text: str, graphs: Mapping[str, Sequence[str]], *, timeout: float | None = None) -> None:
        """Run ``text``, which ``check_update`` has passed.

        ``graphs`` are the parameters ``using-graph-uri`` and ``using-named-graph-uri`` of the SPARQL 1.1
        Protocol. Raises a ``TipgraphError`` where it is not run, or may not have been.
        """
        ...


class PeerWriter:
    """Runs updates in the store at ``peer``."""

    def __init__(self, peer: Peer, token: str, limits: Limits) -> None:
        self.token = token
        self._peer = peer
        self._limits = limits

    def write(self, text: str, graphs: Mapping[str, Sequence[str]], *, timeout: float | None = None) -> None:
        """Send the update; raises as ``Peer.change`` does."""
        self._peer.change(text, parameters=graphs, seconds=self._limits.choose_deadline(timeout))


@dataclass(frozen=True)
class _Job:
    folder: Path
    text: str
    seconds: float
    memory: int


class DiskWriter:
    """Runs updates in the store on disk in ``folder``, each in a process of its own."""

    def __init__(self, folder: Path, token: str, limits: Limits) -> None:
        self.token = token
        self._folder = folder
        self._limits = limits

    def write(self, text: str, graphs: Mapping[str, Sequence[str]], *, timeout: float | None = None) -> None:
        """Run the update; when this returns the store holds what came of it, else it is as it was.

        Raises as ``choose_graphs`` and ``update_on_disk`` do, ``QueryTimeoutError`` at the deadline and
        ``QueryMemoryError`` where it needed too much.
        """
        chosen = choose_graphs(
            text, graphs.get("using-graph-uri", ()), graphs.get("using-named-graph-uri", ())
        )
        seconds = self._limits.choose_deadline(timeout)
        job = _Job(self._folder, chosen, seconds, self._limits.memory)
        with subprocess.Popen(  # noqa: S603 (a constant)
            # Of the folder that the server was started in it imports nothing.
            [sys.executable, "-P", "-c", _COMMAND],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | _ENVIRONMENT,
        ) as process:
            try:
                reply, _ = process.communicate(pickle.dumps(job), timeout=seconds)
            except subprocess.TimeoutExpired:
                raise QueryTimeoutError(
                    f"the update was ended after {seconds:g} seconds, and nothing was changed",
                    "do it in smaller parts, or ask for more time with timeout=",
                ) from None
            finally:
                process.kill()
        if process.returncode != 0:
            raise self._memory_error()
        error = pickle.loads(reply)  # noqa: S301 (written by our own process)
        if isinstance(error, MemoryError):
            raise self._memory_error()
        if error is not None:
            raise error

    def _memory_error(self) -> QueryMemoryError:
        return QueryMemoryError(
            f"the update needed more than the {self._limits.memory >> 20} MiB of memory that it may use, "
            "and nothing was changed",
            "do it in smaller parts",
        )


def run_job() -> None:
    """What the process of an update does: read its ``_Job`` from stdin, and write to stdout what was raised.

    Both are pickled, by the server and by itself.
    """
    leave_network()
    job = pickle.load(sys.stdin.buffer)  # noqa: S301 (written by our own server)
    # The default action of the alarm ends the process, even inside the engine.
    signal.setitimer(signal.ITIMER_REAL, job.seconds + _GRACE)
    bound_memory(job.memory + _RESERVED)
    raised: BaseException | None = None
    try:
        update_on_disk(job.folder, job.text, patience=job.seconds)
    except (TipgraphError, MemoryError) as error:
        raised = error.with_traceback(None)
    sys.stdout.buffer.write(pickle.dumps(raised))
    sys.stdout.buffer.flush()
