"""The pinned analyses in the address: a copied link shows them in another browser."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from app import state
from app.state import Key, View
from app.views.compare.choices import PINNED
from app.words import word

NAME, LONGEST = "pins", 6000
"""Its name in the address, and the most characters of its value."""
NUMBER = "number"


def pins(views: Sequence[View]) -> dict[str, str]:
    """The part of an address that holds those of the views that another browser can open."""
    traveling = [_stated(one) for one in views if one.travels]
    text = urlsafe_b64encode(json.dumps(traveling, separators=(",", ":")).encode()).decode().rstrip("=")
    return {NAME: text} if traveling and len(text) <= LONGEST else {}


def left_behind(views: Sequence[View]) -> bool:
    """Whether some of the views are not in the address."""
    return any(not one.travels for one in views) or (bool(views) and not pins(views))


def restore(query: Mapping[str, str], here: bool) -> None:
    """Pin the analyses of an address; one that cannot be read is a sentence."""
    if not here or query.get(Key.COMPARED) != PINNED or not query.get(NAME):
        return
    try:
        views = read(query[NAME])
    except (ValueError, TypeError, RecursionError):
        state.notice(word("address.unknown", name=NAME, value=query[NAME][:40]))
        return
    known = state.kept()
    for one in reversed(views):  # the newest one comes first
        if one not in known:
            state.keep(one)


def read(text: str) -> list[View]:
    """The views of an address; ValueError or TypeError where the text is none."""
    if len(text) > LONGEST:
        raise ValueError(text[:40])
    found = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    if not isinstance(found, list):
        raise TypeError(text[:40])
    return [_view(one) for one in found]


def _stated(view: View) -> dict[str, Any]:
    """What a view states, without defaults."""
    given = asdict(view)
    defaults = {one.name: one.default for one in fields(View)}
    return {name: one for name, one in given.items() if name != NUMBER and one not in (defaults[name], ())}


def _view(stated: Any) -> View:
    """The view, every part of which has its type."""
    if not isinstance(stated, dict):
        raise TypeError
    parameters = stated.get("parameters", [])
    texts = {name: one for name, one in stated.items() if name not in ("parameters", "query")}
    query = stated.get("query")
    plain = all(isinstance(name, str) and isinstance(one, int | float | str) for name, one in parameters)
    if not (plain and all(isinstance(one, str) for one in texts.values()) and (query is None or type(query) is int)):
        raise TypeError
    return View(**texts, parameters=tuple((name, one) for name, one in parameters), query=query)
