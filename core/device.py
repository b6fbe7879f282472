"""Choose the device that runs the models, and run jobs on its single worker thread.

Streamlit runs every user in a thread of one process. One worker for each device runs their jobs one after another, so
that jobs do not interfere on a shared model. On the worker thread itself, a job runs inline.

Short jobs go before long ones, and a long job gives way to them between its batches.
"""

from __future__ import annotations

import atexit
import ctypes
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import Context, ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

import torch

from core.types import InvalidInput, Stopped

T = TypeVar("T")
LAST_JOB = 5  # seconds to wait for the current job when the process ends
NEXT_JOB = 0.03  # seconds in which the user of a short job sends the next one: a page takes several
AWAY = 2.0  # seconds after which a long job begins, or computes its next batch, however many short ones wait


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


_undisturbed: ContextVar[bool] = ContextVar("undisturbed", default=False)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Keep other jobs from running within this block, in which hooks are set on a shared model."""
    token = _undisturbed.set(True)
    try:
        yield
    finally:
        _undisturbed.reset(token)


@dataclass(eq=False)
class _Job:
    owner: object
    run: Callable[[], Any]
    future: Future[Any]
    long: bool
    since: float


class Worker:
    """A thread that runs jobs in order, short ones first; only the newest waiting job of each owner is kept."""

    def __init__(self, name: str):
        self._waiting: list[_Job] = []
        self._running: _Job | None = None
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

    def submit(self, job: Callable[[], T], owner: object = None, long: bool = False) -> Future[T]:
        """Queue a job; a waiting job of the same owner (not None) ends with ``Stopped``.

        A ``long`` job calls ``give_way`` between its batches.
        """
        future: Future[T] = Future()
        with self._ready:
            if owner is not None:
                stale = [entry for entry in self._waiting if entry.owner == owner]
                self._waiting = [entry for entry in self._waiting if entry.owner != owner]
                for entry in stale:
                    if entry.future.set_running_or_notify_cancel():
                        entry.future.set_exception(Stopped("a newer request took its place"))
            self._waiting.append(_Job(owner, job, future, long, time.monotonic()))
            self._ready.notify()
        return future

    def run(self, job: Callable[[], T], owner: object = None) -> T:
        """Run a job and return its result or raise its exception; on the worker thread it runs inline."""
        if self.is_here():
            return job()
        return self.submit(job, owner).result()

    def is_here(self) -> bool:
        """Whether this thread is the worker's."""
        return threading.current_thread() is self._thread

    def ahead(self, future: Future[Any]) -> int:
        """The number of jobs before a long one that waits: the running one and earlier long ones; 0 for any other."""
        with self._ready:
            long = [entry.future for entry in self._waiting if entry.long]
            return long.index(future) + (self._running is not None) if future in long else 0

    def give_way(self) -> None:
        """Run the waiting short jobs; to be called by a long job between two batches, without effect elsewhere.

        No job runs within ``undisturbed``.
        """
        current = self._running
        if threading.current_thread() is not self._thread or current is None or not current.long or _undisturbed.get():
            return
        end, patience = time.monotonic() + AWAY, 0.0
        while time.monotonic() < end:
            with self._ready:
                self._ready.wait_for(lambda: self._ended or self._next(short=True), patience)
                entry = None if self._ended else self._next(short=True)
                if entry is None:
                    break
                self._waiting.remove(entry)
            Context().run(self._do, entry)  # an empty context: the recording and steering of the long job do not apply
            del entry
            patience = NEXT_JOB

    def _next(self, short: bool = False) -> _Job | None:
        """The next job: the first short one, unless a long one has waited for ``AWAY`` seconds."""
        of_kind = {entry.long: entry for entry in reversed(self._waiting)}
        first, long = of_kind.get(False), None if short else of_kind.get(True)
        patient = first is not None and long is not None and time.monotonic() - long.since < AWAY
        return first if patient else long or first

    def _work(self) -> None:
        while True:
            with self._ready:
                self._ready.wait_for(lambda: self._waiting or self._ended)
                entry = None if self._ended else self._next()
                if entry is None:
                    return
                self._waiting.remove(entry)
            self._do(entry)
            del entry  # the worker keeps no result while it waits

    def _do(self, entry: _Job) -> None:
        if entry.future.set_running_or_notify_cancel():
            before, self._running = self._running, entry
            try:
                with torch.enable_grad():  # the last job's model may have switched it off
                    entry.future.set_result(entry.run())
            except BaseException as error:  # the caller's thread raises it
                entry.future.set_exception(error)
            finally:
                self._running = before


_workers: dict[str, Worker] = {}
_lock = threading.Lock()


@atexit.register
def end_all() -> None:
    """End the workers before the interpreter exits: a thread that is ended inside torch aborts the process."""
    for one in _workers.values():
        one.end()


def on_worker() -> bool:
    """Whether this thread is the worker of a device."""
    return any(one.is_here() for one in list(_workers.values()))


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
