"""How far this process grows while a job runs."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from pathlib import Path

PAGE = 4096  # bytes
STATM = Path("/proc/self/statm")
MEASURABLE = STATM.exists() and hasattr(ctypes.CDLL(None), "malloc_trim")
"""Whether it can be known: on Linux with glibc."""


def resident() -> int:
    """The bytes of this process that lie in memory."""
    return int(STATM.read_text().split()[1]) * PAGE


def added_memory(job: Callable[[], object]) -> float:
    """How far the process grows while a job runs, in GB; what was freed before is given back first."""
    ctypes.CDLL(None).malloc_trim(0)
    before, seen, done = resident(), [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.002):
            seen.append(resident())

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        job()
    finally:
        done.set()
        watcher.join()
    return max(0, max(seen) - before) / 1e9
