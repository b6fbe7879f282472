"""What a visitor of the page Mistakes looks at: which run, which of its pictures in which order, and the opened one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from app.state.keys import Key
from app.state.session import forget, fresh_key, get, put, renew, take

TAGS = ("wrong-label", "shortcut", "ambiguous")
"""The tags that everybody has; others are the visitor's own words."""


class Answers(StrEnum):
    """Which answers are shown. A picture without a true class is neither right nor wrong."""

    ALL = "all"
    WRONG = "wrong"
    RIGHT = "right"


class Sort(StrEnum):
    """The order of the pictures."""

    CONFIDENT = "confident"  # the wrong ones first, the most confident on top; then the right ones, the least confident
    LOSS = "loss"  # the largest first
    DISAGREEMENT = "disagreement"  # of attention and gradient, the largest first
    LISTED = "listed"  # as the data have them


@dataclass(frozen=True)
class Request:
    """A scan that was asked for: what ``core.scan`` takes, and the model and the run's name that it has.

    ``split`` is "" and ``columns`` are none where the data are taken as they are found.
    """

    model: str
    name: str
    data: str
    seed: int
    pictures: int
    mapping: tuple[tuple[str, str], ...]
    split: str = ""
    columns: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Group:
    """Pictures that were chosen together, by their numbers in the collection: a group of alike maps, or a lasso."""

    title: str
    numbers: tuple[int, ...]


@dataclass(frozen=True)
class Filter:
    """Which pictures of a run are shown, and in which order; all of them to begin with.

    ``true`` and ``predicted`` are classes, "" for any; ``confidence`` and ``agreement`` are ranges, both ends included.
    A picture whose agreement is not known is shown as long as the range is whole.
    """

    true: str = ""
    predicted: str = ""
    answers: Answers = Answers.ALL
    confidence: tuple[float, float] = (0.0, 1.0)
    agreement: tuple[float, float] = (-1.0, 1.0)
    tag: str = ""
    group: Group | None = None
    lasso: Group | None = None
    sort: Sort = Sort.CONFIDENT

    @property
    def narrow(self) -> bool:
        """Whether it leaves anything out."""
        return self != Filter(sort=self.sort)


@dataclass(frozen=True)
class Opening:
    """How the open picture was opened: the ``count`` of clicks that opened one, and the filter at that time."""

    count: int = 0
    under: Filter = Filter()


def run() -> str | None:
    """The name of the run that is open, or None."""
    return get(Key.RUN)


def open_run(name: str | None) -> None:
    """Show that run from now on, with nothing chosen yet; None closes it."""
    put(Key.RUN, name)
    forget(Key.NUMBER)
    _choose(Filter())


def selection() -> Filter:
    """The filter that every part of the page goes by."""
    return get(Key.FILTER, Filter())


def select(**changes: Any) -> None:
    """Change the filter in those fields, from then on the gallery begins at its first page."""
    _choose(replace(selection(), **changes))


def select_all() -> None:
    """Take every filter away; the order stays."""
    _choose(Filter(sort=selection().sort))


def control_key(name: str) -> str:
    """The key of the control of one field: a new one whenever the filter was changed elsewhere.

    A control in a closed popover hears nothing of that: under its old key the browser would bring its old value back.
    """
    return f"{fresh_key(Key.FILTER)}.{name}"


def controlled(name: str, key: str, read: Callable[[Any], Any] = lambda said: said) -> None:
    """Change a field to what its control of that key now says, as ``read`` takes it, in the control's callback."""
    if key == control_key(name):  # else it is an echo of a control that is gone
        put(Key.FILTER, replace(selection(), **{name: read(get(key))}))
        turn(1)


def _choose(wanted: Filter) -> None:
    """Show what that filter leaves, whatever the controls say."""
    put(Key.FILTER, wanted)
    renew(Key.FILTER)
    turn(1)


def page() -> int:
    """The page of the gallery that is shown, from 1 on."""
    return get(Key.SHEET, 1)


def page_key() -> str:
    """The key of the row of pages: a new one whenever another page is shown than the one that was clicked there."""
    return fresh_key(Key.SHEET)


def turn(page: int) -> None:
    """Show that page of the gallery, whatever the row of pages says."""
    put(Key.SHEET, page)
    renew(Key.SHEET)


def turned(key: str) -> None:
    """Show the page that was clicked in the row of pages of that key, in its callback."""
    if key == page_key():
        put(Key.SHEET, get(key, 1))


def number() -> int | None:
    """The number, in the run's collection, of the picture that is open."""
    return get(Key.NUMBER)


def opening() -> Opening:
    """How the open picture was opened."""
    return get(Key.OPENING, Opening())


def open_picture(number: int | None) -> None:
    """Open the picture of that number, which then comes into sight; None closes it."""
    put(Key.NUMBER, number)
    put(Key.OPENING, Opening(opening().count + 1, selection()))


def step_to(number: int) -> None:
    """Open the picture of that number in the place of the one that is open: nothing on the page moves."""
    put(Key.NUMBER, number)
    put(Key.OPENING, replace(opening(), under=selection()))


def arrived() -> bool:
    """Whether the run was just opened by its address; asked once."""
    return bool(take(Key.ARRIVED))
