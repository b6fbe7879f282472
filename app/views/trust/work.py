"""Work that may take long: quick work runs immediately, other work after a click."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from app.runtime import results
from app.widgets import job
from core.types import Progress

T = TypeVar("T")


def carry_out(key: tuple, expected: Callable[[], float], work: Callable[[Progress | None], T], name: str) -> T | None:
    """What was found under the key, or what ``work(tick)`` gives; None until the user starts a long one.

    ``expected()`` is how many seconds it takes; ``name`` distinguishes its buttons from those of other work on the
    page.
    """
    found = results.find_result(key)
    if found is not None:
        return found
    seconds = expected()
    if seconds <= job.QUICK:
        return work(None)
    job.job(key, work, name=name, seconds=seconds)
    return None
