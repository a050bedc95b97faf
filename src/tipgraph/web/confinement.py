"""What a process gives up for good before it reads the query of a stranger: network, files, privileges.

Linux lets it, without privileges: a network namespace of its own holds no way out, Landlock (kernel 5.13)
closes the file system, and where namespaces are not allowed Landlock (6.7) closes TCP. What the kernel does
not know is left as it is; elsewhere than on Linux only the resource limits hold.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import struct
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path
from typing import Final

# Numbers of linux/sched.h, linux/prctl.h, linux/capability.h and linux/landlock.h.
_CLONE_NEWUSER: Final = 0x10000000
_CLONE_NEWNET: Final = 0x40000000
_PR_SET_NO_NEW_PRIVS: Final = 38
_CAPABILITY_VERSION_3: Final = 0x20080522
_CREATE_RULESET: Final = 444
_ADD_RULE: Final = 445
_RESTRICT_SELF: Final = 446
_RULESET_VERSION: Final = 1
_PATH_BENEATH: Final = 1
_EXECUTE_READ: Final = 0b1101
_ALL_FILE_RIGHTS: Final = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
"""First version of Landlock that knows them → all rights over files."""
_ALL_TCP_RIGHTS: Final = 0b11
_ALL_SCOPES: Final = 0b11

_MOST_DESCRIPTORS: Final = 64
_DESCRIPTORS_OF_A_DATABASE: Final = 1024


def leave_network() -> bool:
    """Whether this process, which has one thread, and its children have no network from now on."""
    if sys.platform != "linux":
        return False
    library = ctypes.CDLL(None, use_errno=True)
    return any(library.unshare(flags) == 0 for flags in (_CLONE_NEWNET, _CLONE_NEWUSER | _CLONE_NEWNET))


def bound_descriptors(folder: Path | None = None) -> None:
    """Let this process open few descriptors; more where it reads a database in ``folder``, file by file."""
    wanted = _MOST_DESCRIPTORS if folder is None else _DESCRIPTORS_OF_A_DATABASE
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    few = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (few, few))


def bound_memory(most: int) -> None:
    """Let this process take so many bytes more than it has, and let it go first when all memory runs out."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        cap = pages * os.sysconf("SC_PAGE_SIZE") + most
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        if hard == resource.RLIM_INFINITY or cap < hard:
            resource.setrlimit(resource.RLIMIT_AS, (cap, cap))
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def give_up_privileges(folder: Path | None = None) -> bool:
    """Whether this process can open no file from now on but those of Python's own libraries, to read them.

    These stay readable since a module may be imported late, and so does ``folder``. It can write no file and
    gain no privilege.
    """
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    if sys.platform != "linux":
        return False
    library = ctypes.CDLL(None, use_errno=True)
    library.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    readable = _library_folders() | ({folder} if folder is not None else set())
    is_closed = _close_files(library, readable)
    # No capability: as root, and as the owner of the namespace that the network was left with.
    library.capset(struct.pack("=Ii", _CAPABILITY_VERSION_3, 0), bytes(24))
    return is_closed


def _library_folders() -> set[Path]:
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    folders = {Path(found) for name in names if (found := sysconfig.get_paths().get(name))}
    return folders | {Path(__file__).parents[1], Path("/usr/lib"), Path("/lib"), Path("/lib64")}


def _close_files(library: ctypes.CDLL, readable: Iterable[Path]) -> bool:
    version = library.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _RULESET_VERSION)
    if version < 1:
        return False
    rights = max(_ALL_FILE_RIGHTS[first] for first in _ALL_FILE_RIGHTS if first <= version)
    rules = struct.pack("=QQQ", rights, _ALL_TCP_RIGHTS, _ALL_SCOPES)
    length = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = library.syscall(_CREATE_RULESET, rules, ctypes.c_size_t(length), 0)
    if ruleset < 0:
        return False
    try:
        for folder in readable:
            with contextlib.suppress(OSError):
                descriptor = os.open(folder, os.O_PATH | os.O_CLOEXEC)
                beneath = struct.pack("=Qi", _EXECUTE_READ, descriptor)
                library.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, beneath, 0)
                os.close(descriptor)
        return bool(library.syscall(_RESTRICT_SELF, ruleset, 0) == 0)
    finally:
        os.close(ruleset)
