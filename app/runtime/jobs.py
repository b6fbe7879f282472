"""Wait for a job of the worker, report its progress, and stop it when its user leaves."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import wait
from contextvars import ContextVar
from typing import TypeVar

import torch

from core import Stopped
from core.device import worker
from core.types import Progress

T = TypeVar("T")
_ahead: ContextVar[int] = ContextVar("jobs ahead", default=0)


def wait_for(
    device: torch.device, job: Callable[[Progress], T], owner: Hashable = None, tick: Progress | None = None
) -> T:
    """Return ``job(progress)``, run on the device's worker while this thread calls ``tick`` ten times a second.

    ``tick(done, total)`` gets the last progress of the job. If ``tick`` raises (Stop, a newer request, a closed tab),
    the job is stopped. An ``owner``'s newer job takes the place of one that waits.

    A job with a ``tick`` is long: short ones go first, and it gives way to them between its batches.
    """
    state = {"done": 0, "total": 1}
    stop = threading.Event()

    def progress(done: int, total: int) -> None:
        if stop.is_set():
            raise Stopped
        state.update(done=done, total=total)
        works.give_way()

    def run() -> T:
        if stop.is_set():
            raise Stopped
        return job(progress)

    works = worker(device)
    future = works.submit(run, owner, long=tick is not None)
    try:
        while not future.done():
            if tick is not None:
                _ahead.set(works.ahead(future))
                tick(state["done"], state["total"])
            wait((future,), timeout=None if tick is None else 0.1)
        return future.result()
    finally:
        _ahead.set(0)
        stop.set()


def jobs_ahead() -> int:
    """The number of jobs before the one that this thread waits for; 0 once it runs."""
    return _ahead.get()
