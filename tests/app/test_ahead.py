"""Work done ahead: only while no page runs, the newest of each owner, and a failure stops nothing."""

from __future__ import annotations

import threading
import time

from app.runtime.ahead import Ahead
from core import InvalidInput


def test_works_are_done_in_order_and_a_failure_stops_nothing() -> None:
    done, ended = [], threading.Event()

    def fail() -> None:
        raise InvalidInput("No.")

    Ahead(quiet=0).want("a", [lambda: done.append(1), fail, lambda: done.append(2), ended.set])
    assert ended.wait(10) and done == [1, 2]


def test_nothing_begins_while_a_page_runs_nor_soon_after() -> None:
    one, begun = Ahead(quiet=0.2), threading.Event()
    with one.running():
        one.want("a", [begun.set])
        assert not begun.wait(0.4)
    ended = time.monotonic()
    assert begun.wait(10) and time.monotonic() - ended >= 0.2


def test_newer_work_of_an_owner_replaces_what_has_not_begun() -> None:
    one, done, ended = Ahead(quiet=0), [], threading.Event()
    with one.running():
        one.want("a", [lambda: done.append("old")])
        one.want("b", [lambda: done.append("other")])
        one.want("a", [lambda: done.append("new"), ended.set])
    assert ended.wait(10) and done == ["other", "new"]
    with one.running():
        one.want("a", [lambda: done.append("never")])
        one.want("a", [])
    time.sleep(0.2)
    assert done == ["other", "new"]
