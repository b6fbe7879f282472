"""Which device is chosen, and the worker that owns it: one job after another, the newest wish first, no job lost."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar

import pytest
import torch

from core import device as module
from core.device import Worker, choose_device, devices, reduced_precision, run, worker
from core.types import InvalidInput, Stopped

CPU = torch.device("cpu")
SOON = 20  # seconds after which a test would rather fail than wait


@pytest.fixture(scope="module")
def one() -> Worker:
    return Worker("test")


@contextmanager
def busy(one: Worker) -> Iterator[None]:
    """A worker that is held by a job until the end of the block."""
    started, release = threading.Event(), threading.Event()
    holding = one.submit(lambda: started.set() or release.wait(SOON))
    assert started.wait(SOON)
    try:
        yield
    finally:
        release.set()
    assert holding.result(SOON)


@pytest.fixture
def rich(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with two CUDA devices and MPS, as far as torch says."""
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)


@pytest.fixture
def poor(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with a processor only."""
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


def test_this_machine_has_a_processor_at_least() -> None:
    assert devices()[-1] == "cpu" and devices().count("cpu") == 1
    assert str(choose_device()) == devices()[0] and choose_device("cpu") == CPU


def test_the_fastest_device_is_first(rich: None) -> None:
    assert devices() == ("cuda:0", "cuda:1", "mps", "cpu")
    chosen = {name: str(choose_device(name)) for name in ("auto", "cuda", "cuda:1", "mps", "cpu")}
    assert chosen == {"auto": "cuda:0", "cuda": "cuda:0", "cuda:1": "cuda:1", "mps": "mps", "cpu": "cpu"}
    with pytest.raises(InvalidInput, match=r"^This machine has no device 'cuda:2'. Choose one of: cuda:0, "):
        choose_device("cuda:2")


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "mps", "tpu", "", "CPU", "cpu:1"])
def test_an_unknown_device_is_one_sentence(poor: None, name: str) -> None:
    assert devices() == ("cpu",) and choose_device() == CPU
    with pytest.raises(InvalidInput) as caught:
        choose_device(name)
    assert str(caught.value) == f"This machine has no device {name!r}. Choose one of: cpu, auto."


def test_reduced_precision_is_bfloat16_where_the_processor_has_it_and_ends_with_its_block() -> None:
    a = torch.ones(2, 2)
    with reduced_precision(CPU):
        inside = (a @ a).dtype
    supported = torch.ops.mkldnn._is_mkldnn_bf16_supported()
    assert inside == (torch.bfloat16 if supported else torch.float32)
    with reduced_precision(torch.device("mps")):
        assert (a @ a).dtype == torch.float32
    assert (a @ a).dtype == torch.float32


def test_jobs_run_in_order_on_one_thread(one: Worker) -> None:
    done: list[int] = []
    with busy(one):
        futures = [one.submit(lambda i=i: done.append(i) or threading.get_ident()) for i in range(20)]
        assert not done
    threads = {future.result(SOON) for future in futures}
    assert done == list(range(20)) and len(threads) == 1 and threads != {threading.get_ident()}


def test_never_two_jobs_at_once_from_any_thread(one: Worker) -> None:
    running, most, count = [0], [0], [0]

    def job() -> None:
        running[0] += 1
        most[0] = max(most[0], running[0])
        time.sleep(0.0005)
        seen = count[0]
        time.sleep(0)
        count[0] = seen + 1  # loses steps if another job runs in between
        running[0] -= 1

    threads = [threading.Thread(target=lambda: [one.run(job) for _ in range(25)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most[0], count[0]) == (1, 200)


def test_on_the_worker_itself_a_job_runs_inline(one: Worker) -> None:
    order: list[str] = []

    def outer() -> str:
        inner = one.run(lambda: order.append("inner") or one.run(lambda: threading.current_thread().name))
        order.append("outer")
        return inner

    assert one.submit(outer).result(SOON) == "fovea-test"
    assert order == ["inner", "outer"]


def test_the_newest_job_of_an_owner_replaces_those_that_wait(one: Worker) -> None:
    done: list[str] = []
    owners = {"a": "mine", "b": None, "c": "yours", "d": "mine", "e": None, "f": "mine"}
    with busy(one):
        futures = {name: one.submit(lambda name=name: done.append(name), owner) for name, owner in owners.items()}
        for name in "ad":  # told at once, not when their turn would have come
            with pytest.raises(Stopped):
                futures[name].result(0)
    for name in "bcef":
        futures[name].result(SOON)
    assert done == ["b", "c", "e", "f"]


def test_a_job_that_runs_is_not_replaced(one: Worker) -> None:
    started, release = threading.Event(), threading.Event()
    first: Future = one.submit(lambda: started.set() or release.wait(SOON), "mine")
    assert started.wait(SOON)
    second = one.submit(lambda: "second", "mine")
    release.set()
    assert first.result(SOON) is True and second.result(SOON) == "second"


def test_a_cancelled_job_never_runs_and_disturbs_nobody(one: Worker) -> None:
    done: list[str] = []
    with busy(one):
        old = one.submit(lambda: done.append("old"), "mine")
        assert old.cancel()
        lonely = one.submit(lambda: done.append("lonely"))
        assert lonely.cancel()
        new = one.submit(lambda: done.append("new"), "mine")
    new.result(SOON)
    assert done == ["new"] and one.run(lambda: "alive") == "alive"


@pytest.mark.parametrize("kind", [ValueError, InvalidInput, Stopped, KeyboardInterrupt, SystemExit, StopIteration])
def test_an_exception_reaches_its_caller_and_the_worker_lives_on(one: Worker, kind: type[BaseException]) -> None:
    def fail() -> None:
        raise kind("on purpose")

    for job in (fail, lambda: one.run(fail)):  # from outside, and inline
        with pytest.raises(kind, match="on purpose"):
            one.submit(job).result(SOON)
        assert one.submit(lambda: 2 + 3).result(SOON) == 5


def test_the_worker_keeps_nothing_of_a_finished_job(one: Worker) -> None:
    class Heavy:
        pass

    def give() -> Heavy:
        return Heavy()

    def fail() -> None:
        heavy = Heavy()
        kept.append(weakref.ref(heavy))
        raise ValueError("on purpose")

    kept: list[weakref.ref] = [weakref.ref(one.run(give))]
    with pytest.raises(ValueError):
        one.run(fail)
    argument = Heavy()
    kept.append(weakref.ref(argument))
    one.run(lambda argument=argument: None)
    del argument
    deadline = time.monotonic() + SOON
    while any(reference() for reference in kept) and time.monotonic() < deadline:
        time.sleep(0.01)  # the worker's thread may be about to release it
        gc.collect()
    assert [reference() for reference in kept] == [None] * 3


def test_a_context_variable_of_the_caller_is_not_seen_by_the_job(one: Worker) -> None:
    variable = ContextVar("variable", default="default")
    variable.set("the caller's")
    assert one.run(variable.get) == "default"
    one.run(lambda: None)
    assert variable.get() == "the caller's"


def test_a_device_has_one_worker_whichever_thread_asks_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_workers", {})
    found, together = [], threading.Barrier(8)

    def ask() -> None:
        together.wait()
        found.append(worker(CPU))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and len(set(map(id, found))) == 1
    assert run(lambda: threading.current_thread().name, CPU) == "fovea-cpu"
    assert worker(torch.device("meta")) is not worker(CPU)


def test_only_cuda_is_kept_from_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    module.keep_full_precision(CPU)
    assert torch.backends.cudnn.allow_tf32
    module.keep_full_precision(torch.device("cuda:0"))
    assert not torch.backends.cudnn.allow_tf32
