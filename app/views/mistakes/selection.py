"""The selection of a user: the run, its filter and order, and the open picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from app.runtime.mistakes.filters import Filter
from app.state import fresh_key, get, put, renew, reset, take
from app.views.mistakes.keys import MistakesKey


@dataclass(frozen=True)
class Opening:
    """How the open picture was opened: the ``count`` of clicks that opened one, and the filter at that time."""

    count: int = 0
    under: Filter = field(default_factory=Filter)


def run_name() -> str | None:
    """The name of the run that is open, or None."""
    return get(MistakesKey.RUN)


def open_run(name: str | None) -> None:
    """Show that run from now on, with nothing chosen yet; None closes it."""
    put(MistakesKey.RUN, name)
    put(MistakesKey.SHOWN_RUN, name)
    reset(MistakesKey.NUMBER)
    _choose(Filter())


def current() -> Filter:
    """The filter that every part of the page uses."""
    return get(MistakesKey.FILTER, Filter())


def select(**changes: Any) -> None:
    """Change those fields of the filter, and return to the first page of the gallery."""
    _choose(replace(current(), **changes))


def select_all() -> None:
    """Clear every filter; the order stays."""
    _choose(Filter(sort=current().sort))


def control_key(name: str) -> str:
    """The key of the control of one field: a new one whenever the filter was changed elsewhere.

    A control in a closed popover is not updated: under its old key, the browser would restore its old value.
    """
    return f"{fresh_key(MistakesKey.FILTER)}.{name}"


def controlled(name: str, key: str, read: Callable[[Any], Any] = lambda stated: stated) -> None:
    """Change a field to what its control of that key now has, as ``read`` takes it, in the control's callback."""
    if key == control_key(name):  # else it is an echo of a control that is gone
        put(MistakesKey.FILTER, replace(current(), **{name: read(get(key))}))
        turn(1)


def _choose(wanted: Filter) -> None:
    """Apply that filter, whatever the controls contain."""
    put(MistakesKey.FILTER, wanted)
    renew(MistakesKey.FILTER)
    turn(1)


def page() -> int:
    """The page of the gallery that is shown, from 1 on."""
    return get(MistakesKey.SHEET, 1)


def page_key() -> str:
    """The key of the row of pages: a new one whenever another page is shown than the one that was clicked there."""
    return fresh_key(MistakesKey.SHEET)


def turn(page: int) -> None:
    """Show that page of the gallery, whatever the row of pages has."""
    put(MistakesKey.SHEET, page)
    renew(MistakesKey.SHEET)


def turned(key: str) -> None:
    """Show the page that was clicked in the row of pages of that key, in its callback."""
    if key == page_key():
        put(MistakesKey.SHEET, get(key, 1))


def open_number() -> int | None:
    """The number, in the run's collection, of the picture that is open."""
    return get(MistakesKey.NUMBER)


def opening() -> Opening:
    """How the open picture was opened."""
    return get(MistakesKey.OPENING, Opening())


def open_picture(number: int | None) -> None:
    """Open the picture of that number and scroll to it; None closes it."""
    put(MistakesKey.NUMBER, number)
    put(MistakesKey.OPENING, Opening(opening().count + 1, current()))


def step_to(number: int) -> None:
    """Replace the open picture by the one of that number, without scrolling."""
    put(MistakesKey.NUMBER, number)
    put(MistakesKey.OPENING, replace(opening(), under=current()))


def arrive() -> None:
    """Open the run that an address has just named, if it is another than the one that is shown."""
    if run_name() != get(MistakesKey.SHOWN_RUN):
        open_run(run_name())
        put(MistakesKey.ARRIVED, True)


def arrived() -> bool:
    """Whether the run was just opened by its address; true once."""
    return bool(take(MistakesKey.ARRIVED))
