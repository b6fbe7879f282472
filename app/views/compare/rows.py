"""The rows of the page: each run computes some of them, so that each row is shown as soon as it is finished."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import streamlit as st

from app import state
from app.runtime import comparing
from app.state import Key
from app.views.compare.analysis import Analysis, Wanted, compute_analysis, key_of
from app.views.compare.keys import CompareKey
from app.widgets import job
from app.words import say, word
from core import InvalidInput
from core.types import Progress

AT_ONCE = 0.6
"""Seconds of work after which a run shows the finished rows."""


@dataclass(frozen=True)
class Outcome:
    """A wanted row: what was ``found``, or the ``error`` in its place; with neither it is still pending."""

    wanted: Wanted
    found: Analysis | None = None
    error: str = ""

    @property
    def pending(self) -> bool:
        """Whether it is still to be computed."""
        return self.found is None and not self.error


def gather(wanted: Sequence[Wanted]) -> list[Outcome]:
    """What there is of each row after about ``AT_ONCE`` seconds of work; of those that are missing, one at least.

    The session keeps the rows of its page: what all users share may be dropped at any time, and then no run would end.
    """
    place, began, fresh = st.empty(), time.monotonic(), 0
    outcomes: list[Outcome] = []
    before, present = state.get(CompareKey.FOUND, {}), {}
    state.put(CompareKey.FOUND, present)
    for number, one in enumerate(wanted):
        try:
            key = key_of(one.view)
            found = before.get(key) or comparing.find_row(key)
            if found is None and (fresh == 0 or time.monotonic() - began < AT_ONCE):
                found = compute_row(one, number, len(wanted), place, job.QUICK)
                fresh += 1
            if found is not None:
                present[key] = found
            outcomes.append(Outcome(one, found))
        except InvalidInput as error:
            outcomes.append(Outcome(one, error=say(error)))
    place.empty()
    return outcomes


def compute_row(
    one: Wanted, done: int, total: int, place: st.delta_generator.DeltaGenerator, patient: float
) -> Analysis:
    """Compute one row and show which one: a call of Streamlit's, which ends the run after a new choice."""
    sentence = word("compared.progress", done=done + 1, total=total, name=one.title)

    def tick(*_: int) -> None:
        place.progress(done / total, sentence)

    tick()
    return compute_analysis(one.view, patient, tick)


def compute_slow(outcomes: Sequence[Outcome]) -> None:
    """Offer the attributions that take long; once started, compute the next one with a bar and Stop, and run again."""
    slow = [one for one in outcomes if one.found is not None and one.found.slow]
    key = ("compare", *(one.wanted.view for one in outcomes))
    if not job.is_running(key):
        if slow:
            seconds = sum(one.found.slow for one in slow)
            label = word("compared.start", count=len(slow))
            job.job(key, lambda tick: None, name="compare", seconds=seconds, label=label)
        return
    if not slow:
        state.reset(Key.RUNNING)
        return
    first, done = slow[0], len(outcomes) - len(slow)

    def work(tick: Progress) -> None:
        state.get(CompareKey.FOUND)[key_of(first.wanted.view)] = compute_analysis(first.wanted.view, inf, tick)

    job.run(
        work,
        name="compare",
        first=word("compared.progress", done=done + 1, total=len(outcomes), name=first.wanted.title),
        running=CompareKey.STEP,
        stop=lambda: state.reset(Key.RUNNING),
    )
