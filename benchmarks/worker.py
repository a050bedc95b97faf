"""One run of one job in this process: ``python -m benchmarks.worker ORDER``, for ``measuring`` alone.

Nothing but what the job needs is imported, so that its memory and its start are its own.
"""

import gc
import importlib
import json
import resource
import sys
import time
from pathlib import Path


def peak_memory() -> int:
    """The most bytes that this process has held so far."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def main() -> None:
    """Do what the order says, write the answer to its file, and print the figures."""
    order = json.loads(sys.argv[1])
    module, _, name = order["function"].partition(":")
    work = getattr(importlib.import_module(module), name)(**order["arguments"])
    gc.collect()
    started = time.perf_counter()
    result = work.run()
    seconds = time.perf_counter() - started
    peak = peak_memory()
    # A job that starts a process measures it itself.
    seconds, peak = getattr(result, "seconds", seconds), getattr(result, "peak", peak)
    with Path(order["answer"]).open("w", encoding="utf-8") as file:
        file.writelines(f"{line}\x1e" for line in work.answer(result))
    print(json.dumps({"seconds": seconds, "peak": peak, "parts": work.parts}))


if __name__ == "__main__":
    main()
