"""A worker runs short jobs before long ones, and between the batches of a long one, which still gets on."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar

import pytest
import torch

from core import device as module
from core.device import Worker

SOON = 20  # seconds after which a test would rather fail than wait


@pytest.fixture(scope="module")
def one() -> Worker:
    return Worker("short-first")


def test_short_jobs_go_before_long_ones_that_wait(one: Worker) -> None:
    done: list[str] = []
    started, release = threading.Event(), threading.Event()
    one.submit(lambda: started.set() or release.wait(SOON))
    assert started.wait(SOON)
    try:
        jobs = {"long": True, "first": False, "longer": True, "second": False}
        futures = {name: one.submit(lambda name=name: done.append(name), long=long) for name, long in jobs.items()}
        assert [one.ahead(future) for future in futures.values()] == [1, 0, 2, 0], "with the one that runs"
    finally:
        release.set()
    for future in futures.values():
        future.result(SOON)
    assert done == ["first", "second", "long", "longer"] and not one.ahead(futures["longer"])


@contextmanager
def between_batches(one: Worker) -> Iterator[Future]:
    """A long job that gives way for ever, until the end of the block."""
    started, release, heard = threading.Event(), threading.Event(), ContextVar("heard", default="nothing")

    def job() -> str:
        heard.set("everything")
        while not release.is_set():
            one.give_way()
            started.set()
        return heard.get()

    future = one.submit(job, long=True)
    assert started.wait(SOON)
    try:
        yield future
    finally:
        release.set()
    assert future.result(SOON) == "everything"


def test_a_long_job_gives_way_to_short_ones_and_to_no_long_one(one: Worker) -> None:
    with between_batches(one) as running:
        threads = {one.run(threading.get_ident) for _ in range(10)}
        assert len(threads) == 1 and not running.done()
        with pytest.raises(ZeroDivisionError):
            one.run(lambda: 1 / 0)  # it fails alone
        waiting = one.submit(lambda: "later", long=True)
        assert one.run(lambda: "short") == "short" and one.ahead(waiting) == 1 and not waiting.done()
    assert waiting.result(SOON) == "later"


def test_between_batches_a_job_finds_nothing_of_the_long_one() -> None:
    heard: ContextVar[str] = ContextVar("heard", default="nothing")
    mine = Worker("apart")
    found: list[object] = []

    def long() -> None:
        heard.set("everything")
        with torch.no_grad():
            mine.submit(lambda: found.append((heard.get(), torch.is_grad_enabled())))
            mine.give_way()
            found.append((heard.get(), torch.is_grad_enabled()))

    mine.submit(long, long=True).result(SOON)
    assert found == [("nothing", True), ("everything", False)]


def test_a_long_job_goes_on_however_many_short_ones_come(one: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AWAY", 0.2)
    stop, batches = threading.Event(), 5

    def user() -> None:
        while not stop.is_set():
            one.run(lambda: time.sleep(0.005))

    users = [threading.Thread(target=user) for _ in range(3)]
    for thread in users:
        thread.start()
    try:
        assert one.submit(lambda: [one.give_way() for _ in range(batches)], long=True).result(SOON) == [None] * batches
    finally:
        stop.set()
        for thread in users:
            thread.join()


def test_nothing_gives_way_outside_of_a_long_job(one: Worker) -> None:
    order: list[str] = []
    one.give_way()  # another thread
    one.submit(lambda: (one.submit(lambda: order.append("next")), one.give_way(), order.append("short"))).result(SOON)
    one.run(lambda: None)
    assert order == ["short", "next"]
