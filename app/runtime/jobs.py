"""Wait for a job of the worker, report its progress, and stop it when its user leaves."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import wait
from typing import TypeVar

import torch

from core import Stopped
from core.device import worker
from core.types import Progress

T = TypeVar("T")


def wait_for(
    device: torch.device, job: Callable[[Progress], T], owner: Hashable = None, tick: Progress | None = None
) -> T:
    """What ``job(progress)`` gives, run on the device's worker while this thread calls ``tick`` ten times a second.

    ``tick(done, total)`` gets the last progress of the job. Whatever ends this thread's waiting (Stop, a newer request,
    a closed tab: ``tick`` raises) stops the job too. An ``owner``'s newer job takes the place of one that waits.
    """
    state = {"done": 0, "total": 1}
    stop = threading.Event()

    def progress(done: int, total: int) -> None:
        if stop.is_set():
            raise Stopped
        state.update(done=done, total=total)

    def run() -> T:
        if stop.is_set():
            raise Stopped
        return job(progress)

    future = worker(device).submit(run, owner)
    try:
        while not future.done():
            if tick is not None:
                tick(state["done"], state["total"])
            wait((future,), timeout=None if tick is None else 0.1)
        return future.result()
    finally:
        stop.set()
