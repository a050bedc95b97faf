"""What a worker cannot do: reach the network, open a file, gain a privilege."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tipgraph.web.confinement import give_up_privileges, leave_network
from tipgraph.web.limits import Limits
from tipgraph.web.workers import WorkerPool

Act = Callable[[], object]


def in_fork(act: Act) -> bool:
    """Whether ``act`` holds in a process of its own."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            status = 0 if act() else 1
        finally:
            os._exit(status)
    return os.waitpid(pid, 0)[1] == 0


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux takes these away")


def attempt(name: str) -> str:
    """What comes of the act called ``name``, in a worker: "done" or the error."""
    kind, _, value = name.partition(" ")
    try:
        match kind:
            case "connect":
                socket.create_connection(("127.0.0.1", int(value)), timeout=2).close()
            case "send":
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain:
                    plain.sendto(b"x", ("127.0.0.1", int(value)))
            case "read":
                Path(value).read_bytes()
            case "list":
                list(Path(value).iterdir())
            case "write":
                Path(value).write_text("x", encoding="ascii")
            case "import":
                __import__(value)
    except OSError as error:
        return type(error).__name__
    return "done"


@pytest.fixture(scope="module")
def pool() -> Iterator[WorkerPool[str, str]]:
    made = WorkerPool(attempt, Limits(workers=1))
    yield made
    made.close()


def test_a_worker_reaches_no_server(pool: WorkerPool[str, str]) -> None:
    if not in_fork(leave_network):
        pytest.skip("this system gives no process a network namespace of its own")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert attempt(f"connect {port}") == "done"
        assert pool.run(f"connect {port}") != "done"
        assert pool.run(f"send {port}") != "done"


@pytest.mark.parametrize("act", ["read /etc/passwd", "list /", "read /proc/self/environ", "write {}/new"])
def test_a_worker_opens_no_file(pool: WorkerPool[str, str], act: str, tmp_path: Path) -> None:
    if not in_fork(give_up_privileges):
        pytest.skip("the kernel has no Landlock")
    act = act.format(tmp_path)
    assert attempt(act) == "done"
    assert pool.run(act) == "PermissionError"


def test_a_worker_can_still_import_what_it_needs_late(pool: WorkerPool[str, str]) -> None:
    assert "wave" not in sys.modules
    assert pool.run("import wave") == "done"


def test_privileges_are_gone() -> None:
    def holds() -> bool:
        # Opened before, since no file can be opened after.
        with Path("/proc/self/status").open(encoding="ascii") as status:
            give_up_privileges()
            fields = dict(line.split(":\t", 1) for line in status.read().splitlines() if ":\t" in line)
        return int(fields["CapEff"], 16) == 0 and fields["NoNewPrivs"] == "1"

    assert in_fork(holds)
