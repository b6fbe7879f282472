"""Choose the device that runs the models, and run jobs on its single worker thread.

Streamlit runs every user in a thread of one process. One worker for each device runs their jobs one after another, so
that jobs do not interfere on a shared model. On the worker thread itself, a job runs inline.
"""

from __future__ import annotations

import atexit
import ctypes
import sys
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

import torch

from core.types import InvalidInput, Stopped

T = TypeVar("T")
LAST_JOB = 5  # seconds to wait for the current job when the process ends


def devices() -> tuple[str, ...]:
    """The devices of this machine, the fastest first; ``cpu`` is always one of them."""
    found = [f"cuda:{i}" for i in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        found.append("mps")
    return (*found, "cpu")


def choose_device(name: str = "auto") -> torch.device:
    """The device of that name; ``auto`` is the fastest one.

    Raises:
        InvalidInput: this machine has no such device.
    """
    if name == "auto":
        return torch.device(devices()[0])
    known = devices()
    if name == "cuda" and known[0].startswith("cuda"):
        name = known[0]
    if name not in known:
        raise InvalidInput(
            "This machine has no device '{name}'. Choose one of: {known}, auto.", name=name, known=list(known)
        )
    return torch.device(name)


def reduced_precision(device: torch.device) -> AbstractContextManager[object]:
    """bfloat16 autocast where the device supports it; for training only, as it changes maps by several percent."""
    if device.type == "cuda" and torch.cuda.is_bf16_supported():
        return torch.autocast("cuda", torch.bfloat16)
    if device.type == "cpu" and torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return torch.autocast("cpu", torch.bfloat16)
    return nullcontext()


def keep_freed_memory() -> None:
    """Let glibc keep up to 256 MB of freed memory for the next forward pass; without glibc it does nothing.

    By default, threads other than the main one return their memory to the system after each pass and request it again,
    which makes a small model's pass a tenth to a quarter longer.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        trim_threshold, mmap_threshold = -1, -3  # of malloc.h
        mallopt(mmap_threshold, 32 << 20)
        mallopt(trim_threshold, 256 << 20)


def keep_full_precision(device: torch.device) -> None:
    """Compute CUDA convolutions in float32, as on the CPU; by default cuDNN uses TF32, which is visible in maps."""
    if device.type == "cuda":
        torch.backends.cudnn.allow_tf32 = False


class Worker:
    """A thread that runs jobs in order; only the newest waiting job of each owner is kept."""

    def __init__(self, name: str):
        self._waiting: deque[tuple[object, Callable[[], Any], Future[Any]]] = deque()
        self._ready = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._work, name=f"fovea-{name}", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Finish the current job, start no other, and wait a little for it."""
        with self._ready:
            self._waiting.clear()
            self._ended = True
            self._ready.notify()
        self._thread.join(LAST_JOB)

    def submit(self, job: Callable[[], T], owner: object = None) -> Future[T]:
        """Queue a job; a waiting job of the same owner (not None) ends with ``Stopped``."""
        future: Future[T] = Future()
        with self._ready:
            if owner is not None:
                stale = [entry for entry in self._waiting if entry[0] == owner]
                self._waiting = deque(entry for entry in self._waiting if entry[0] != owner)
                for _, _, old in stale:
                    if old.set_running_or_notify_cancel():
                        old.set_exception(Stopped("a newer request took its place"))
            self._waiting.append((owner, job, future))
            self._ready.notify()
        return future

    def run(self, job: Callable[[], T], owner: object = None) -> T:
        """Run a job and return its result or raise its exception; on the worker thread it runs inline."""
        if threading.current_thread() is self._thread:
            return job()
        return self.submit(job, owner).result()

    def _work(self) -> None:
        while True:
            with self._ready:
                while not self._waiting and not self._ended:
                    self._ready.wait()
                if self._ended:
                    return
                _, job, future = self._waiting.popleft()
            if future.set_running_or_notify_cancel():
                try:
                    with torch.enable_grad():  # the model of the last job may have disabled gradients
                        future.set_result(job())
                except BaseException as error:  # raised in the thread of the caller
                    future.set_exception(error)
            del job, future  # release the result while waiting


_workers: dict[str, Worker] = {}
_lock = threading.Lock()


@atexit.register
def end_all() -> None:
    """End the workers before the interpreter exits: a thread that is ended inside torch aborts the process."""
    for one in _workers.values():
        one.end()


def worker(device: torch.device) -> Worker:
    """The worker of a device, started at the first call."""
    with _lock:
        name = str(device)
        if name not in _workers:
            keep_freed_memory()
            keep_full_precision(device)
            _workers[name] = Worker(name)
        return _workers[name]


def run(job: Callable[[], T], device: torch.device, owner: object = None) -> T:
    """Run ``job()`` on the device's worker and wait for it."""
    return worker(device).run(job, owner)
