"""Runs of pages take turns, so that each is finished as soon as it can be."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

PATIENCE = 2.0
"""Seconds after which a run begins even if it is not its turn."""


class Turns:
    """One run of a page at a time, in the order in which they come.

    Python executes one thread at a time. Ten runs of 0.2 s that share it all end after 2 s; one after another they end
    after 1.1 s on average. A run that waits for something else passes its turn on.
    """

    def __init__(self, patience: float = PATIENCE):
        self.patience = patience
        self._free = threading.Semaphore()
        self._mine = threading.local()

    @contextmanager
    def take(self) -> Iterator[None]:
        """Wait for this thread's turn, but no longer than the patience, and end it afterwards."""
        self._mine.turn = self._free.acquire(timeout=self.patience)
        try:
            yield
        finally:
            self.pass_on()

    def pass_on(self) -> None:
        """End the turn of this thread, if it has one: it waits for a long job or for a model."""
        if getattr(self._mine, "turn", False):
            self._mine.turn = False
            self._free.release()


@st.cache_resource(show_spinner=False)
def turns() -> Turns:
    """Those of the server."""
    return Turns()
