"""The site on granian, a production WSGI server.

The process that calls ``run_server`` holds the graph, or knows where it lies, and forks one that answers
requests, which makes its own workers (``tipgraph.web.workers``) before it starts a thread. Should it die,
another one is forked.
"""

from __future__ import annotations

import errno
import ipaddress
import logging
import mmap
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from wsgiref.types import WSGIApplication

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer

from tipgraph.errors import AddressError, TipgraphError
from tipgraph.graph import KnowledgeGraph
from tipgraph.web import create_app
from tipgraph.web.accounts import Accounts
from tipgraph.web.answers import SiteAnswer, SiteRequest
from tipgraph.web.backends import Backend
from tipgraph.web.federation import FederatingExecutor
from tipgraph.web.guard import Guard, Operation
from tipgraph.web.limits import Limits
from tipgraph.web.metrics import Metrics
from tipgraph.web.remoting import RemoteExecutor
from tipgraph.web.renewal import Renewing
from tipgraph.web.response_cache import ResponseCache
from tipgraph.web.workers import Executor, WorkerPool

_LOGGING: Final[dict[str, Any]] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {"_granian": {"handlers": ["stderr"], "propagate": False}},
}
"""granian logs to stdout unless told otherwise; that is for data."""

_TIME_TO_BEGIN: Final = 0.5
"""Seconds from when the handlers of signals are set until the server acts on them."""
_LONGEST_START: Final = 20.0
"""Seconds after which a process is told to end whether it hears that or not."""

_LOOK_AFTER_PARENT: Final = 0.5
"""Seconds after which a process looks again whether the one that started it is there."""
_TURN: Final = 0.0005
"""Seconds after which a thread that reads a large request lets another one go on."""
_LARGEST_PIECE: Final = 16 << 10
"""What the server reads at once beyond the head of a request."""


@dataclass(frozen=True)
class Address:
    """Where the server listens: ``host`` as the user wrote it, ``ip`` as it was resolved."""

    host: str
    ip: str
    port: int

    @property
    def url(self) -> str:
        """The address of the site."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        if _is_unspecified(self.ip):
            host = "localhost"
        return f"http://{host}:{self.port}/"


def find_address(host: str, port: int) -> Address:
    """The address that ``host`` and ``port`` name, which is free; port 0 means any that is.

    Raises ``AddressError`` when the host is unknown, or the port is in use or not allowed.
    """
    try:
        family, kind, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:
        raise AddressError(
            f"the host {host!r} is not known", "use 127.0.0.1, or 0.0.0.0 for every address"
        ) from error
    # granian's own socket would share the port with another server of the same user, and say nothing.
    with socket.socket(family, kind) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(place)
            trial.listen()
        except OSError as error:
            raise _address_error(host, port, error) from error
        ip, free_port = trial.getsockname()[:2]
    return Address(host, ip, free_port)


def _address_error(host: str, port: int, error: OSError) -> AddressError:
    if error.errno == errno.EADDRINUSE:
        return AddressError(
            f"port {port} of {host} is in use",
            "stop the other server, or choose another with --port, as in --port 8001",
        )
    if error.errno == errno.EACCES:
        return AddressError(
            f"port {port} needs privileges that you do not have", "choose one above 1023 with --port"
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return AddressError(
            f"{host} is no address of this machine", "use 127.0.0.1, or 0.0.0.0 for every address"
        )
    reason = (error.strerror or str(error)).lower()
    return AddressError(
        f"port {port} of {host} cannot be listened at: {reason}", "choose another with --host or --port"
    )


def _is_unspecified(ip: str) -> bool:
    return ipaddress.ip_address(ip).is_unspecified


def run_server(
    backend: Backend,
    address: Address,
    limits: Limits,
    *,
    announce: Callable[[], object],
    reload: Callable[[], Backend] | None = None,
    operation: Operation | None = None,
) -> None:
    """Serve the graph of ``backend`` until SIGINT or SIGTERM, then finish what is under way.

    ``announce`` is called when requests are answered. On SIGHUP ``reload`` gives the graph to serve from then
    on; new processes answer from it while the old ones finish, so each request sees one of the two, whole.
    Where it raises a ``TipgraphError``, that is logged and the old graph stays.
    """
    operation = operation or Operation()
    served = _Served(backend)
    metrics = Metrics()
    accounts = Accounts(limits)
    # Other start methods would have to open the graph again in each process.
    multiprocessing.set_start_method("fork", force=True)
    is_announced = multiprocessing.Event()

    # Of this process and those forked from it: whether it was told to end.
    is_leaving = mmap.mmap(-1, 1)
    hearing = _Hearing()

    parent = os.getpid()

    def load_app() -> WSGIApplication:
        # There is nothing to finish yet, and the handlers that a fork inherits lose a signal.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        # A terminal sends it to all; the parent makes it the one signal that a process can take.
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        metrics.claim()
        # One and the same throughout: it may be replaced at any time.
        backend = served.backend
        pool = WorkerPool(
            backend.execute(limits, operation.services),
            limits,
            on_lost=lambda: os.kill(os.getpid(), signal.SIGTERM),
            observe=lambda event: metrics.add(f"query {event}"),
        )
        sys.setswitchinterval(_TURN)
        version = backend.version()
        graph = backend.open_graph()
        peer = graph.peer
        executor: Executor[SiteRequest, SiteAnswer] = pool
        if peer is not None:
            executor = RemoteExecutor(executor, peer, limits)
        if operation.services:
            executor = FederatingExecutor(executor, limits)
        token = operation.write_token
        writer = backend.writer(graph, token, limits) if token else None

        def make(graph: KnowledgeGraph) -> WSGIApplication:
            application = create_app(graph, executor, limits, writer).wsgi_app
            # What other stores and endpoints say changes without a word.
            keeps = limits.cache and not operation.services and peer is None
            return ResponseCache(application, limits.cache) if keeps else application

        def renew() -> WSGIApplication:
            application = make(backend.open_graph())
            pool.renew()
            return application

        application = make(graph)
        if version is not None:
            application = Renewing(application, version, find_version=backend.version, renew=renew)

        def is_ready() -> bool:
            return pool.is_ready() and not is_leaving[0] and not (peer is not None and peer.breaker.waits)

        guard = Guard(
            application,
            limits,
            operation,
            metrics,
            is_ready=is_ready,
            gauges=pool.gauges,
            accounts=accounts,
        )
        # Now that all is forked, threads may start.
        hearing.expect()
        threading.Thread(target=_follow, args=(parent,), daemon=True).start()
        if not is_announced.is_set():
            is_announced.set()
            threading.Thread(target=_announce_when_ready, args=(address, announce), daemon=True).start()
        return guard

    def leave() -> None:
        is_leaving[0] = 1

    server = _Server(
        "tipgraph",
        drain=operation.drain,
        on_leaving=leave,
        hearing=hearing,
        address=address.ip,
        port=address.port,
        interface=Interfaces.WSGI,
        workers=limits.processes,
        http=HTTPModes.http1,
        websockets=False,
        http1_settings=HTTP1Settings(
            header_read_timeout=round(1000 * limits.header_timeout),
            max_buffer_size=limits.url + limits.headers + _LARGEST_PIECE,
        ),
        backpressure=limits.connections,
        # As many as may wait, so that there is always one to say how the server is.
        blocking_threads=limits.connections,
        log_level=LogLevels.error,
        log_dictconfig=_LOGGING,
        respawn_failed_workers=True,
        # A query may wait for a worker before its time begins.
        workers_kill_timeout=round(max(limits.deadline, limits.longest_deadline, limits.body_timeout)) + 5,
        respawn_interval=1,
    )

    def take_new_graph() -> None:
        if reload is not None:
            served.replace(reload)

    server.on_reload(take_new_graph)
    logging.captureWarnings(True)
    server.serve(target_loader=load_app, wrap_loader=False)


def _follow(parent: int) -> None:
    """End this process once ``parent`` is gone, which could tell it so only while it lived."""
    while os.getppid() == parent:
        time.sleep(_LOOK_AFTER_PARENT)
    os.kill(os.getpid(), signal.SIGTERM)


class _Hearing:
    """Which processes hear a signal: until the server in one has begun, it is lost on it."""

    def __init__(self) -> None:
        self._marks = mmap.mmap(-1, 1 << 16)

    def knows(self, pid: int) -> bool:
        """Whether the process has said that it hears."""
        return bool(self._marks[pid % len(self._marks)])

    def expect(self) -> None:
        """Say it for this process once its handlers are set and, a moment later, the server has begun."""
        place = os.getpid() % len(self._marks)
        self._marks[place] = 0

        def watch() -> None:
            while signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
                time.sleep(0.02)
            time.sleep(_TIME_TO_BEGIN)
            self._marks[place] = 1

        threading.Thread(target=watch, daemon=True).start()


class _Server(MPServer):
    """A server that tells its health checks before it ends, and answers until they have noticed."""

    def __init__(
        self,
        *arguments: Any,
        drain: float,
        on_leaving: Callable[[], object],
        hearing: _Hearing,
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self._drain = drain
        self._on_leaving = on_leaving
        self._hearing = hearing
        self._is_draining = False

    def _stop_workers(self) -> None:
        """Tell the processes to end, once; those that are just beginning, when they can hear it."""
        processes = [worker.inner for worker in self.wrks]
        end = time.monotonic() + _LONGEST_START
        while time.monotonic() < end and any(
            process.is_alive() and not self._hearing.knows(process.pid) for process in processes
        ):
            time.sleep(0.02)
        stop: Callable[[], None] = super()._stop_workers
        stop()

    def _respawn_workers(self, workers: list[int], *arguments: Any, **options: Any) -> None:
        """Start processes in place of others.

        granian ends altogether where a process dies soon after it was started in place of another one. So it
        is not told of those that came for one which heard signals, and so has answered: that was no bug.
        """
        answered = [number for number in workers if self._hearing.knows(self.wrks[number].inner.pid)]
        respawn: Callable[..., None] = super()._respawn_workers
        respawn(workers, *arguments, **options)
        for number in answered:
            self.respawned_wrks.pop(number, None)

    def _reload(self, *arguments: Any) -> None:
        """Start processes with new data, of which granian is not told either."""
        start: Callable[..., None] = super()._reload
        start(*arguments)
        self.respawned_wrks.clear()

    def signal_handler_interrupt(self, *arguments: Any, **options: Any) -> None:
        """On SIGTERM wait for the time to drain; on a second one, or SIGINT from a person, do not."""
        end: Callable[[], object] = super().signal_handler_interrupt
        self._on_leaving()
        is_gentle = bool(arguments) and arguments[0] == signal.SIGTERM
        if not self._drain or self._is_draining or not is_gentle:
            end()
            return
        self._is_draining = True
        timer = threading.Timer(self._drain, end)
        timer.daemon = True
        timer.start()


class _Served:
    """The graph that processes started from now on serve."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend

    def replace(self, load: Callable[[], Backend]) -> None:
        """Serve what ``load`` gives; keep the old graph where it fails, and log why."""
        log = logging.getLogger("_granian")
        try:
            self.backend = load()
        except (TipgraphError, OSError, MemoryError) as error:
            log.error("the old data is served on, since the new cannot be loaded: %s", error)  # noqa: TRY400


def _announce_when_ready(address: Address, announce: Callable[[], object]) -> None:
    ip = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address.ip, address.ip)  # noqa: S104
    while True:
        try:
            with socket.create_connection((ip, address.port), timeout=1):
                break
        except OSError:
            time.sleep(0.02)
    announce()
