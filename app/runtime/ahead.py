"""Work done ahead: what a user is likely to need next, computed while no page runs."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager

import streamlit as st

from core import InvalidInput, Stopped

QUIET = 0.3
"""Seconds without a run of any page before a piece of work is begun."""
Work = Callable[[], object]


class Ahead:
    """A thread that does the newest work of each owner, a piece at a time, while nobody waits for the server.

    ``quiet`` are the seconds without a run of a page before it begins: on a server that many people use nothing is done
    ahead.
    """

    def __init__(self, quiet: float):
        self.quiet = quiet
        self._wanted: dict[Hashable, list[Work]] = {}
        self._runs, self._last = 0, time.monotonic()
        self._changed = threading.Condition()
        threading.Thread(target=self._work, name="fovea-ahead", daemon=True).start()

    @contextmanager
    def running(self) -> Iterator[None]:
        """A run of a page: no work begins within it."""
        with self._changed:
            self._runs += 1
        try:
            yield
        finally:
            with self._changed:
                self._runs, self._last = self._runs - 1, time.monotonic()
                self._changed.notify()

    def want(self, owner: Hashable, works: Sequence[Work]) -> None:
        """Have ``works`` done in order; earlier ones of the same owner that have not begun are dropped."""
        with self._changed:
            self._wanted.pop(owner, None)
            if works:
                self._wanted[owner] = list(works)
                self._changed.notify()

    def _work(self) -> None:
        while True:
            try:
                self._next()()
            except (InvalidInput, Stopped):
                pass  # raised again when a page needs it
            except Exception:
                logging.getLogger("fovea").exception("work ahead failed")

    def _next(self) -> Work:
        """The next piece of work, once no page has run for a while."""
        with self._changed:
            while True:
                self._changed.wait_for(lambda: self._wanted and not self._runs)
                left = self._last + self.quiet - time.monotonic()
                if left <= 0:
                    owner, works = next(iter(self._wanted.items()))
                    work = works.pop(0)
                    if not works:
                        del self._wanted[owner]
                    return work
                self._changed.wait(left)


@st.cache_resource(show_spinner=False)
def ahead() -> Ahead:
    """The one thread of the server."""
    return Ahead(QUIET)
