"""Untrusted queries run in forked worker processes, which can be killed.

The query engine cannot cancel a query, bounds no memory, and a query that is nested deeply enough ends the
process that parses it. So whatever a client sends is parsed and run elsewhere::

    server, many threads ──(pipe)──> worker      the fast lane: one for each processor
          │                └──────> worker
          └──(control)──> nursery ──fork──> ...

The **nursery** is forked while the server has one thread, holds the loaded dataset, and never runs a query: a
new worker is a fork of it, ready within milliseconds, sharing its memory. (A fork of the server itself could
inherit a lock that another thread holds.) Whoever loses the other end of its pipe ends, so nothing outlives
the server, however it dies.

A query that is not answered within ``patience`` leaves the **fast lane**: its worker gets the lowest priority
and a fresh one takes its place. It then counts against the few places of the **slow lane**; where none is
free, it is ended. So slow queries cannot starve quick ones. At ``deadline`` it is ended in any case.
"""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import queue
import signal
import socket
import struct
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, NoReturn, Protocol, TypeAlias, TypeVar

from tipgraph.errors import BusyError, QueryMemoryError, QueryTimeoutError, ResultTooLargeError, TipgraphError
from tipgraph.web.confinement import bound_descriptors, bound_memory, give_up_privileges, leave_network
from tipgraph.web.limits import Limits

Request = TypeVar("Request")
Answer = TypeVar("Answer")
Request_contra = TypeVar("Request_contra", contravariant=True)
Answer_co = TypeVar("Answer_co", covariant=True)

_Execute: TypeAlias = "Callable[[Any], Any] | OpenedByWorker[Any, Any]"

_LENGTH: Final = struct.Struct("!Q")
_CONTROL: Final = struct.Struct("!cq")
_FORK, _DEMOTE, _END, _FAILED = b"f", b"d", b"e", b"!"
_LOWEST_PRIORITY: Final = 19
_ENVELOPE: Final = 64 << 10
"""Bytes that a reply may take beyond its content."""
_ORPHAN_GRACE: Final = 2.0
"""Seconds after the deadline when a worker that nobody has ended ends itself."""


EVENTS: Final = ("demoted", "ended", "timeout", "died")
"""What happens to queries: into the slow lane, ended since that was full, ended at its deadline; and a worker
that died, of its query or killed from outside."""


class Executor(Protocol[Request_contra, Answer_co]):
    """Where queries run."""

    def run(self, request: Request_contra, *, timeout: float | None = None) -> Answer_co:
        """The answer to ``request``; raises the ``TipgraphError`` that answering it raised.

        ``timeout`` is how many seconds the client would have it take.
        """
        ...

    def close(self) -> None:
        """Give back what the executor holds; no request may follow."""
        ...


class InProcess(Generic[Request, Answer]):
    """Runs requests where it stands: for tests, and for requests that can be trusted."""

    def __init__(self, execute: Callable[[Request], Answer]) -> None:
        self._execute = execute

    def run(self, request: Request, *, timeout: float | None = None) -> Answer:
        """The answer to ``request``, however long that takes."""
        return self._execute(request)

    def close(self) -> None:
        """Nothing to give back."""


class WorkerCrashError(RuntimeError):
    """Answering raised what it should not; the message is the worker's trace."""


@dataclass(frozen=True)
class OpenedByWorker(Generic[Request, Answer]):
    """What a worker answers from and has to open itself, before it gives up the right to.

    ``open`` returns what answers, and may raise ``TipgraphError``; it is answered to each request then. The
    files in ``folder`` stay readable.
    """

    open: Callable[[], Callable[[Request], Answer]]
    folder: Path


class WorkerPool(Generic[Request, Answer]):
    """Runs requests in killable processes; made while the process has one thread, then used by many.

    ``execute`` and all that it refers to is inherited by fork; requests, answers and errors are pickled.
    What a fork must not inherit, each worker opens for itself: see ``OpenedByWorker``.
    ``on_lost`` is called when the nursery has been killed from outside and no worker can be replaced,
    ``observe`` with one of ``EVENTS`` when it happens.
    """

    def __init__(
        self,
        execute: Callable[[Request], Answer] | OpenedByWorker[Request, Answer],
        limits: Limits | None = None,
        *,
        on_lost: Callable[[], object] | None = None,
        observe: Callable[[str], object] | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self._observe = observe or (lambda _: None)
        self._nursery = _Nursery(execute, self.limits, on_lost)
        # A place of the fast lane is a worker, or None where one could not be forked and is still owed.
        self._fast = _Lane()
        self._slow = threading.BoundedSemaphore(self.limits.slow_workers)
        self._oldest = time.monotonic()
        for _ in range(self.limits.workers):
            self._fast.put(self._nursery.fork())

    def run(self, request: Request, *, timeout: float | None = None) -> Answer:
        """The answer to ``request``.

        Raises what answering raised; ``QueryTimeoutError`` at the deadline, ``BusyError`` when there is no
        place, ``QueryMemoryError`` when the worker died of its query, ``WorkerCrashError`` on a bug.
        """
        budget = self.limits.choose_deadline(timeout)
        message = pickle.dumps((budget, request), pickle.HIGHEST_PROTOCOL)
        try:
            return self._run(message, budget)
        except _KilledFromOutsideError:
            pass
        # Reading twice is harmless, so a worker killed by someone else costs its client only time.
        try:
            return self._run(message, budget)
        except _KilledFromOutsideError as error:
            raise QueryMemoryError(
                "the query was ended by the operating system",
                "it may need too much memory; add LIMIT or FILTER",
            ) from error

    def gauges(self) -> dict[str, float]:
        """How many workers are free, and how many queries are in the slow lane, at this moment."""
        # The semaphore tells its value to nobody else.
        slow = self.limits.slow_workers - self._slow._value
        return {"idle_workers": len(self._fast), "slow_queries": slow}

    def renew(self) -> None:
        """Answer from now on with workers that have opened what they answer from anew."""
        self._oldest = time.monotonic()
        for worker in self._fast.take_all():
            self._put_back(worker)

    def is_ready(self) -> bool:
        """Whether workers can be started and replaced."""
        return self._nursery.is_alive()

    def close(self) -> None:
        """End every worker and the nursery."""
        self._nursery.close()
        for worker in self._fast.take_all():
            if worker is not None:
                worker.close()

    def _run(self, message: bytes, budget: float) -> Answer:
        worker = self._take()
        started = time.monotonic()
        deadline = started + budget
        try:
            worker.send(message, deadline)
            outcome = worker.receive(min(started + self.limits.patience, deadline))
        except TimeoutError:
            outcome = self._finish_slowly(worker, deadline, budget)
        except (EOFError, OSError):
            status = self._nursery.end(worker)
            self._put_fresh()
            raise self._death(status) from None
        else:
            self._put_back(worker)
        return self._unpack(outcome)

    def _take(self) -> _Worker:
        try:
            worker = self._fast.take(self.limits.deadline)
        except queue.Empty:
            raise _busy("every worker is at work") from None
        if worker is not None and worker.started >= self._oldest:
            return worker
        if worker is not None:
            self._nursery.end(worker)
        try:
            return self._nursery.fork()
        except OSError:
            self._fast.put(None)
            raise _busy("no worker can be started") from None

    def _put_back(self, worker: _Worker | None) -> None:
        """Give the place of ``worker`` to the next request; one that was started too long ago is replaced."""
        if worker is None or worker.started >= self._oldest:
            self._fast.put(worker)
            return
        self._nursery.end(worker)
        self._put_fresh()

    def _put_fresh(self) -> None:
        try:
            self._fast.put(self._nursery.fork())
        except OSError:
            self._fast.put(None)

    def _finish_slowly(self, worker: _Worker, deadline: float, budget: float) -> bytes:
        """What ``worker`` answers in the slow lane; the worker is ended in any case."""
        if time.monotonic() >= deadline:
            self._nursery.end(worker)
            self._put_fresh()
            raise self._timeout(budget)
        admitted = self._slow.acquire(blocking=False)
        try:
            if not admitted:
                self._nursery.end(worker)
                self._put_fresh()
                self._observe("ended")
                raise _busy("too many slow queries are running")
            self._nursery.demote(worker)
            self._observe("demoted")
            self._put_fresh()
            try:
                return worker.receive(deadline)
            except TimeoutError:
                self._nursery.end(worker)
                raise self._timeout(budget) from None
            except (EOFError, OSError):
                raise self._death(self._nursery.end(worker)) from None
            finally:
                self._nursery.end(worker)
        finally:
            if admitted:
                self._slow.release()

    def _timeout(self, budget: float) -> QueryTimeoutError:
        self._observe("timeout")
        return QueryTimeoutError(
            f"the query was ended after {budget:g} seconds",
            "make it narrower: add LIMIT, start from what is rare, avoid unbounded paths",
        )

    def _death(self, status: int) -> Exception:
        """The error that says why a worker died, from its wait status."""
        self._observe("died")
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS):
            return self._memory_error()
        return _KilledFromOutsideError()

    def _memory_error(self) -> QueryMemoryError:
        return QueryMemoryError(
            f"the query is nested too deeply, or needed more than the {self.limits.memory >> 20} MiB "
            "of memory that it may use",
            "make it narrower with LIMIT or FILTER, and ORDER BY only what you need",
        )

    def _unpack(self, message: bytes) -> Answer:
        is_answer, content = pickle.loads(message)  # noqa: S301 (written by our own fork)
        if is_answer:
            answer: Answer = content
            return answer
        if isinstance(content, MemoryError):
            raise self._memory_error()
        raise content


class _Lane:
    """The free places of the fast lane; what was put last is taken first, as its memory is still at hand.

    Many threads may wait for one. The queue that they wait at is the one of Python's that is written in C.
    """

    def __init__(self) -> None:
        self._workers: list[_Worker | None] = []
        self._tokens: queue.SimpleQueue[None] = queue.SimpleQueue()

    def __len__(self) -> int:
        return self._tokens.qsize()

    def put(self, worker: _Worker | None) -> None:
        self._workers.append(worker)
        self._tokens.put(None)

    def take(self, timeout: float) -> _Worker | None:
        """A place; raises ``queue.Empty`` where there is none for so long."""
        self._tokens.get(timeout=timeout)
        return self._workers.pop()

    def take_all(self) -> list[_Worker | None]:
        """All places that are free now."""
        found = []
        with contextlib.suppress(queue.Empty):
            while True:
                self._tokens.get_nowait()
                found.append(self._workers.pop())
        return found


class _KilledFromOutsideError(Exception):
    """The worker was killed, and not by its pool."""


def _busy(reason: str) -> BusyError:
    return BusyError(f"the server is busy: {reason}", "ask again in a moment")


class _Worker:
    """The server's end of the pipe to a worker; what has arrived of a message survives a timeout."""

    def __init__(self, pid: int, pipe: socket.socket, started: float) -> None:
        self.pid = pid
        self.started = started
        self.is_ended = False
        self._pipe = pipe
        self._arrived = bytearray()

    def send(self, message: bytes, deadline: float) -> None:
        self._pipe.settimeout(_left(deadline))
        self._pipe.sendall(_LENGTH.pack(len(message)) + message)

    def receive(self, deadline: float) -> bytes:
        while (message := _first_message(self._arrived)) is None:
            self._pipe.settimeout(_left(deadline))
            piece = self._pipe.recv(1 << 20)
            if not piece:
                raise EOFError
            self._arrived += piece
        self._arrived.clear()
        return message

    def close(self) -> None:
        self.is_ended = True
        self._pipe.close()


def _left(deadline: float) -> float:
    # A timeout of zero would mean that the socket never blocks.
    return max(deadline - time.monotonic(), 0.001)


def _first_message(arrived: bytearray) -> bytes | None:
    if len(arrived) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack_from(arrived)
    if len(arrived) < _LENGTH.size + length:
        return None
    return bytes(memoryview(arrived)[_LENGTH.size :])


class _Nursery:
    """The server's side of the process that forks, demotes and ends workers."""

    def __init__(self, execute: _Execute, limits: Limits, on_lost: Callable[[], object] | None) -> None:
        self._lock = threading.Lock()
        self._on_lost = on_lost
        self._control, theirs = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            _run_nursery(theirs.detach(), execute, limits)
        theirs.close()

    def fork(self) -> _Worker:
        """A fresh worker; raises ``OSError`` when the system allows no further process."""
        started = time.monotonic()
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                pid = self._ask(_FORK, 0, theirs)
        except OSError:
            ours.close()
            raise
        return _Worker(pid, ours, started)

    def is_alive(self) -> bool:
        """Whether the process is there."""
        try:
            return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
        except ChildProcessError:
            return False

    def demote(self, worker: _Worker) -> None:
        """Give ``worker`` the lowest priority."""
        with contextlib.suppress(OSError):
            self._ask(_DEMOTE, worker.pid)

    def end(self, worker: _Worker) -> int:
        """Kill ``worker`` and wait until it is gone: its wait status, 0 if it was ended before."""
        if worker.is_ended:
            return 0
        worker.close()
        try:
            return self._ask(_END, worker.pid)
        except OSError:
            return 0

    def close(self) -> None:
        self._control.close()
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)

    def _ask(self, command: bytes, number: int, pipe: socket.socket | None = None) -> int:
        with self._lock:
            try:
                message = _CONTROL.pack(command, number)
                if pipe is not None:
                    socket.send_fds(self._control, [message], [pipe.fileno()])
                else:
                    self._control.sendall(message)
                reply = self._control.recv(_CONTROL.size, socket.MSG_WAITALL)
            except OSError:
                reply = b""
        if len(reply) < _CONTROL.size:
            if self._on_lost is not None:
                self._on_lost()
            raise OSError("the process that starts workers is gone")
        outcome, value = _CONTROL.unpack(reply)
        if outcome == _FAILED:
            raise OSError(value, os.strerror(value))
        return int(value)


# What follows runs in the nursery and its workers only.


def _run_nursery(control_number: int, execute: _Execute, limits: Limits) -> NoReturn:
    status = 1
    try:
        # In a session of its own: Linux shares the processor between sessions first, so that a query which
        # computes keeps it from nobody who answers.
        os.setsid()
        _leave_the_server(keep=control_number)
        leave_network()
        # Frozen objects are not touched by the collector, so their pages stay shared with the workers.
        gc.freeze()
        control = socket.socket(fileno=control_number)
        workers: set[int] = set()
        while True:
            message, pipes, _, _ = socket.recv_fds(control, _CONTROL.size, 1)
            if len(message) < _CONTROL.size:
                break
            command, number = _CONTROL.unpack(message)
            try:
                value = _obey(command, number, pipes, workers, control, execute, limits)
                control.sendall(_CONTROL.pack(command, value))
            except OSError as error:
                control.sendall(_CONTROL.pack(_FAILED, error.errno or 0))
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _leave_the_server(keep: int) -> None:
    """Cut what a fork inherits: descriptors, and signals that a terminal or a service manager sends to all.

    The server takes those signals, finishes what is under way and then closes its end of the pipes.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    for descriptor in [int(entry.name) for entry in Path("/dev/fd").iterdir()]:
        if descriptor > 2 and descriptor != keep:
            with contextlib.suppress(OSError):
                os.close(descriptor)


def _obey(
    command: bytes,
    number: int,
    pipes: list[int],
    workers: set[int],
    control: socket.socket,
    execute: _Execute,
    limits: Limits,
) -> int:
    if command == _FORK:
        try:
            pid = os.fork()
            if pid == 0:
                control.close()
                _run_worker(pipes[0], execute, limits)
        finally:
            os.close(pipes[0])
        workers.add(pid)
        return pid
    if command == _DEMOTE:
        os.setpriority(os.PRIO_PROCESS, number, _LOWEST_PRIORITY)
        return 0
    # It is our child and was not waited for, so the number cannot have gone to another process.
    workers.discard(number)
    os.kill(number, signal.SIGKILL)
    return os.waitpid(number, 0)[1]


def _run_worker(pipe_number: int, execute: _Execute, limits: Limits) -> NoReturn:
    try:
        folder = execute.folder if isinstance(execute, OpenedByWorker) else None
        bound_descriptors(folder)
        if isinstance(execute, OpenedByWorker):
            execute = _open(execute)
        bound_memory(limits.memory)
        give_up_privileges(folder)
        pipe = socket.socket(fileno=pipe_number)
        arrived = bytearray()
        while True:
            while (message := _first_message(arrived)) is None:
                piece = pipe.recv(1 << 20)
                if not piece:
                    os._exit(0)
                arrived += piece
            arrived.clear()
            # Default action of the alarm: it ends a worker whose server is gone, even inside the engine.
            budget, request = pickle.loads(message)  # noqa: S301 (written by the server)
            signal.setitimer(signal.ITIMER_REAL, budget + _ORPHAN_GRACE)
            reply = _answer(request, execute, limits)
            signal.setitimer(signal.ITIMER_REAL, 0)
            pipe.sendall(_LENGTH.pack(len(reply)) + reply)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def _open(opened: OpenedByWorker[Any, Any]) -> Callable[[Any], Any]:
    try:
        return opened.open()
    except TipgraphError as error:
        reason = error.with_traceback(None)

        def refuse(_: object) -> NoReturn:
            raise reason

        return refuse


def _answer(request: object, execute: Callable[[Any], Any], limits: Limits) -> bytes:
    outcome: tuple[bool, object]
    try:
        outcome = True, execute(request)
    except (TipgraphError, MemoryError) as error:
        outcome = False, error.with_traceback(None)
    except BaseException:
        outcome = False, WorkerCrashError(traceback.format_exc())
    try:
        reply = pickle.dumps(outcome, pickle.HIGHEST_PROTOCOL)
    except MemoryError:
        return pickle.dumps((False, MemoryError()))
    if len(reply) <= limits.answer + _ENVELOPE:
        return reply
    too_large = ResultTooLargeError(
        f"the answer is larger than {limits.answer >> 20} MiB", "ask for less with LIMIT, or page with OFFSET"
    )
    return pickle.dumps((False, too_large))
