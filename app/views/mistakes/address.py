"""The part of the link for a run: the filter, the order, and the open picture.

    case=17 · true=oak · predicted=pine · answers=wrong · confidence=0.5-1 · agreement=-1..0.2 · tag=shortcut
    sort=loss · group=Title:3.5.8 · lasso=Title:3.5.8

Defaults are left out, and so is a group of more pictures than a link has room for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from app.runtime.mistakes.filters import Answers, Filter, Group, Sort
from app.state import put
from app.views.mistakes import selection
from app.views.mistakes.keys import MistakesKey
from core.scanning import MOST_PICTURES

CASE = "case"
RANGES = ("confidence", "agreement")
GROUPS = ("group", "lasso")
MOST = 100
"""The most pictures of a group in a link."""


def address() -> dict[str, str]:
    """The query parameters of the filter and the open picture."""
    chosen, whole = selection.current(), Filter()
    found = {}
    for name in (one.name for one in fields(Filter)):
        value = getattr(chosen, name)
        if value == getattr(whole, name):
            continue
        if name in RANGES:
            found[name] = "..".join(f"{end:g}" for end in value)
        elif name not in GROUPS:
            found[name] = str(value)
        elif len(value.numbers) <= MOST:
            found[name] = f"{value.title}:{'.'.join(map(str, value.numbers))}"
    if selection.open_number() is not None:
        found[CASE] = str(selection.open_number())
    return found


def restore(query: Mapping[str, str], here: bool) -> None:
    """Open the run of an address, and, ``here`` on the page itself, take the filter and the open picture from it.

    What cannot be read keeps its default.
    """
    selection.arrive()
    if not here:
        return
    found = {}
    for name, default in ((one.name, one.default) for one in fields(Filter)):
        text = query.get(name)
        if text is None:
            continue
        try:
            found[name] = read(name, text)
        except ValueError:
            found[name] = default
    selection.select_all()
    selection.select(**{"sort": Sort.CONFIDENT, **found})
    case = query.get(CASE, "")
    put(MistakesKey.NUMBER, None)
    if case.isdecimal() and len(case) < 12:
        selection.open_picture(int(case))


def read(name: str, text: str) -> str | Answers | Sort | tuple[float, float] | Group:
    """The value of a field of the filter; ValueError where the text is none."""
    if name in RANGES:
        low, high = (float(end) for end in text.split(".."))
        least, most = getattr(Filter(), name)
        if not least <= low <= high <= most:
            raise ValueError(text)
        return low, high
    if name in GROUPS:
        title, _, numbers = text.rpartition(":")
        found = tuple(int(one) for one in numbers.split(".")[:MOST])
        if not all(0 <= one < MOST_PICTURES for one in found):
            raise ValueError(text)
        return Group(title, found)
    return {"answers": Answers, "sort": Sort}.get(name, str)(text)
