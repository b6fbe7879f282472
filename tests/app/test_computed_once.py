"""However many users request a result at once, the model computes it once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import core
from app import runtime
from app.runtime.explore import interventions
from app.runtime.store import Store
from core.attribution import method
from core.data import open_sample

USERS = 30


@pytest.fixture(autouse=True)
def own_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is known from before."""
    own = Store(runtime.results.LIMIT)
    monkeypatch.setattr(runtime.results, "store", lambda: own)


def together(work: Callable[[], Any]) -> list[Any]:
    """What each of the users gets, who all begin at the same moment."""
    gate = threading.Barrier(USERS)

    def user(_: int) -> Any:
        gate.wait()
        return work()

    with ThreadPoolExecutor(USERS) as pool:
        return list(pool.map(user, range(USERS)))


@pytest.mark.parametrize("name", ["read", "panel", "attribute", "intervene"])
def test_a_crowd_costs_one_computation(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model, picture = core.load("scenes/cbam", "cpu"), open_sample("scenes/24")
    tap = next(iter(model.taps))
    work = {
        "read": lambda: runtime.reading(model, picture),
        "panel": lambda: runtime.reading_with_panel(model, picture),
        "attribute": lambda: runtime.attribution(model, picture, method("saliency"), 0, {}),
        "intervene": lambda: interventions.intervene(model, picture, {tap: core.UNIFORM}, tap, "uniform"),
    }[name]
    calls, own = [], getattr(core, name)

    def counted(*given: Any, **more: Any) -> Any:
        calls.append(threading.get_ident())
        return own(*given, **more)

    monkeypatch.setattr(core, name, counted)
    found = together(work)
    assert len(calls) == 1
    assert all(one is found[0] for one in found)


def test_one_who_stops_takes_nothing_from_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first user leaves while everybody waits: the next one computes it."""
    model, picture, began = core.load("scenes/cbam", "cpu"), open_sample("scenes/24"), threading.Event()
    own = core.attribute

    def slow(*given: Any, progress: Any, **more: Any) -> Any:
        began.set()
        for step in range(50):
            progress(step, 50)
            threading.Event().wait(0.01)
        return own(*given, progress=progress, **more)

    def leave(*_: int) -> None:
        if began.is_set():
            raise core.Stopped

    monkeypatch.setattr(core, "attribute", slow)

    def request(tick: Any) -> Any:
        return runtime.attribution(model, picture, method("saliency"), 0, {}, owner=object(), tick=tick)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(request, leave)
        began.wait(10)
        second = pool.submit(request, None)
        assert isinstance(first.exception(20), core.Stopped)
        assert second.result(20).values.shape
