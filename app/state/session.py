"""The session, by key."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import streamlit as st

from app.state.keys import Key, Subject


def get(key: StrEnum, default: Any = None) -> Any:
    """The value of a key, or the default."""
    return st.session_state.get(key, default)


def put(key: StrEnum, value: Any) -> None:
    """Set a key before its widget is drawn, or in a callback."""
    st.session_state[key] = value


def take(key: StrEnum) -> Any:
    """The value of a key, or None, once."""
    return st.session_state.pop(key, None)


def reset(*keys: StrEnum) -> None:
    """Reset the keys to their defaults."""
    for key in keys:
        st.session_state.pop(key, None)


def component(key: StrEnum, name: str) -> Any:
    """The value that a component has just sent, in its callback."""
    text = st.session_state.get(key)
    return text.get(name) if text else None


def fresh_key(name: str) -> str:
    """The key of the present widget of a name; ``renew`` replaces it, to empty an uploader or to clear a click.

    The browser keeps sending the value of an old widget until the new one arrives, and Streamlit calls the old callback
    again. Therefore, a callback checks whether its key is still this one.
    """
    return f"{name}.{get(f'{name}.renewed', 0)}"


def renew(name: str) -> None:
    """Replace the widget of that name by a new one without a selection."""
    put(f"{name}.renewed", get(f"{name}.renewed", 0) + 1)


def clicked_row(name: str, key: str) -> int | None:
    """The row of a chart that was just clicked, in its callback, or None; the next chart of that name has no click.

    ``key`` is the chart's, ``fresh_key(name)`` when it was drawn.
    """
    event = st.session_state.get(key)
    points = event["selection"]["points"] if event else []
    if not points or key != fresh_key(name):
        return None
    renew(name)
    return points[0]["point_index"]


def clicked_points(key: str) -> tuple[int, ...]:
    """The custom data of the points of a chart that were just clicked or selected with a lasso."""
    event = st.session_state.get(key)
    return tuple(int(one["customdata"]) for one in event["selection"]["points"]) if event else ()


def clicked_line(key: StrEnum) -> int | None:
    """The row of a table that was just clicked, in a cell or at its head, in the order of its data; or None."""
    text = (st.session_state.get(key) or {}).get("selection", {})
    cells, rows = text.get("cells"), text.get("rows")
    return cells[0][0] if cells else rows[0] if rows else None


def mark_line(key: StrEnum, line: int) -> None:
    """Mark a line of a table as the chosen one, before the table is drawn or in a callback."""
    put(key, {"selection": {"rows": [line], "columns": [], "cells": []}})


def session_id() -> str:
    """A name for this session, so that its newer requests replace its older ones."""
    return st.session_state.setdefault(Key.SESSION_ID, uuid4().hex)


def page_address() -> str:
    """The address of the page without its query."""
    return (st.context.url or "").split("?")[0]


def unknown_page(known: Collection[str]) -> str | None:
    """The last part of the address that opened the session, once, if it is not a ``known`` page; else None.

    Streamlit shows the first page instead, without a message.
    """
    if get(Key.ADDRESSED):
        return None
    put(Key.ADDRESSED, True)
    last = unquote(urlsplit(st.context.url or "").path.rstrip("/").rpartition("/")[2])
    base = (st.get_option("server.baseUrlPath") or "").strip("/").rpartition("/")[2]
    return None if last in ("", base, *known) else last


def notice(sentence: str) -> None:
    """Show a notice at the top of the page."""
    st.session_state[Key.NOTICES] = (*get(Key.NOTICES, ()), sentence)


def clear_notices() -> None:
    """Remove the notices: their action has been repeated."""
    reset(Key.SHOWN_NOTICES)


def turn_to(page: str, passing: Iterable[StrEnum]) -> None:
    """Clear the ``passing`` keys of other pages than this one."""
    if get(Key.PAGE) != page:
        reset(*passing, Key.SHOWN_NOTICES)
        put(Key.PAGE, page)


def device() -> str:
    """The name of the chosen device."""
    return get(Key.DEVICE, "cpu")


def set_subject(subject: Subject | None) -> None:
    """Set the model and picture of the page; None while the model's weights must be downloaded."""
    put(Key.SUBJECT, subject)


def subject() -> Subject | None:
    """The model and picture of the page."""
    return get(Key.SUBJECT)


def choose_model(slug: str) -> None:
    """Show that model from the next run on, for code after its picker and outside of callbacks."""
    put(Key.WANTED, slug)


def take_wanted() -> str | None:
    """The model of ``choose_model``, once."""
    return st.session_state.pop(Key.WANTED, None)


def take_notices() -> tuple[str, ...]:
    """The present notices: a notice stays until the user chooses something else."""
    stated, address = st.session_state.pop(Key.NOTICES, ()), st.query_params.to_dict()
    address["picture"] = get(Key.SAMPLE)  # not every page has it in its address
    if stated:
        put(Key.SHOWN_NOTICES, (address, stated))
    before, sentences = get(Key.SHOWN_NOTICES, ({}, ()))
    return sentences if before == address else ()


def parameter_key(method: str, name: str) -> str:
    """The session's key of a method's parameter."""
    return f"parameter.{method}.{name}"


def parameter(method: str, name: str, default: Any) -> Any:
    """A parameter as the user or the address set it, or the default."""
    return st.session_state.get(parameter_key(method, name), default)


def reset_parameters(pairs: Iterable[tuple[str, str]]) -> None:
    """Reset parameters, each a method's slug and a name, to their defaults."""
    for method, name in pairs:
        st.session_state.pop(parameter_key(method, name), None)


def set_parameter(key: str, value: Any) -> None:
    """Set a parameter before its widget is drawn."""
    st.session_state[key] = value
