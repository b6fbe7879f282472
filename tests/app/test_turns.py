"""Runs of pages one after another, but nobody waits long for another."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from app.runtime.turns import Turns


def run_in_a_thread(turns: Turns, work: Callable[[], object]) -> threading.Event:
    """A run in a thread of its own; the event says that it has begun."""
    begun = threading.Event()

    def run() -> None:
        with turns.take():
            begun.set()
            work()

    threading.Thread(target=run, daemon=True).start()
    return begun


def test_one_run_waits_for_the_other() -> None:
    one = Turns(patience=60)
    with one.take():
        begun = run_in_a_thread(one, lambda: None)
        assert not begun.wait(0.2)
    assert begun.wait(10)


def test_a_run_that_waits_for_something_else_passes_its_turn_on_once() -> None:
    one, ended = Turns(patience=60), threading.Event()
    with one.take():
        one.pass_on()
        assert run_in_a_thread(one, lambda: ended.wait(60)).wait(10)
        one.pass_on()
        third = run_in_a_thread(one, lambda: None)
        assert not third.wait(0.2), "the turn that was passed on is not passed on again"
        ended.set()
        assert third.wait(10)


def test_no_run_waits_longer_than_the_patience() -> None:
    one = Turns(patience=0.2)
    with one.take():
        start = time.monotonic()
        assert run_in_a_thread(one, lambda: None).wait(10) and time.monotonic() - start >= 0.2


def test_a_failed_run_ends_its_turn() -> None:
    one = Turns(patience=60)
    with pytest.raises(ValueError, match="a page"), one.take():
        raise ValueError("a page")
    assert run_in_a_thread(one, lambda: None).wait(10)
