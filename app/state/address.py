"""The URL: restore choices from it, and write choices into it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from urllib.parse import urlencode

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from app.components.overlay import ADDRESS as SETTINGS
from app.state.keys import ADDRESS, LESSON, PARAMETER, Key, View
from app.state.language import language_parameter
from app.state.session import get, page_address, parameter_key, put, reset, set_parameter
from core.legacy import current

Implied = Mapping[StrEnum, str]
IMPLIED: Implied = {Key.FRAMING: "center"}
"""The choices that the address omits, by their keys."""
NOTHING: Mapping = MappingProxyType({})


def restore(page: Collection[StrEnum], known: Iterable[StrEnum]) -> Mapping[str, str] | None:
    """Restore the choices in the address in a new session, or after Back or Forward.

    The address of a ``page`` contains its keys; a missing key has its default. In any other run, the session decides
    and the address follows, because the address that arrives with a click may be older than the previous click. Choices
    are kept while another page is shown that does not draw their pickers; Streamlit would drop them. ``known`` are the
    keys of every page's address. Return the address if the choices were restored from it, else None.
    """
    query = _query()
    if get(Key.RESTORED) and not (traveled() and query):
        chosen = [key for key in st.session_state if key in ADDRESS or str(key).startswith("parameter.")]
        st.session_state.update({key: st.session_state[key] for key in chosen})
        return None
    put(Key.RESTORED, True)
    put(Key.REQUESTED, query)
    for key in (*LESSON, *known):
        if key in query:
            put(key, query[key])
        elif key in page or key in LESSON:
            reset(key)
    _restore_parameters(query)
    return query


def _query() -> dict[str, str]:
    """The query of the address; names, framing and parameters of older versions are renamed."""
    query = {current(key): value for key, value in st.query_params.to_dict().items()}
    return {key: current(one) if key == Key.FRAMING or key.startswith(PARAMETER) else one for key, one in query.items()}


def _restore_parameters(query: Mapping[str, str]) -> None:
    """Restore the parameters of the address's method; missing ones have their defaults."""
    if Key.METHOD not in query:
        return
    present = parameter_key(query[Key.METHOD], "")
    for key in [key for key in st.session_state if str(key).startswith(present)]:
        del st.session_state[key]
    for name, value in query.items():
        if name.startswith(PARAMETER):
            set_parameter(present + name.removeprefix(PARAMETER), value)


def traveled() -> bool:
    """Whether this run is one of the browser's Back or Forward."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def take_requested(key: StrEnum | str) -> str | None:
    """The requested value of that key in the address, once; the caller reports it if it is not available."""
    requested = dict(get(Key.REQUESTED, {}))
    found = requested.pop(key, None)
    put(Key.REQUESTED, requested)
    return found


def take_requested_parameter(name: str) -> str | None:
    """The requested value of that parameter of the method in the address, once."""
    return take_requested(f"{PARAMETER}{name}")


def publish(view: View, tried: Mapping[str, str]) -> None:
    """Write a view and the shareable part of a test into the address; the overlay's settings in it are kept."""
    look = {name: value for name, value in st.query_params.to_dict().items() if name in SETTINGS.values()}
    _write(view.address() | dict(tried) | look)


def publish_part(names: Collection[StrEnum], stated: Mapping[str, str]) -> None:
    """Write only those fields of the address, because only a part of the page was redrawn."""
    _write({name: value for name, value in st.query_params.to_dict().items() if name not in names} | dict(stated))


def publish_choices(
    page: Collection[StrEnum],
    more: Mapping[str, str] = NOTHING,
    implied: Implied = NOTHING,
    settings: Collection[str] = (),
) -> None:
    """Write the choices of a page's keys into the address, and ``more`` fields that are not the choice of one key.

    ``implied`` choices are left out, such as the first framing. The ``settings`` that the browser writes are kept.
    """
    default = {**IMPLIED, **implied}
    chosen = {key.value: get(key) for key in page if get(key) not in ("", None, default.get(key))}
    kept = {name: value for name, value in st.query_params.to_dict().items() if name in settings}
    _write(chosen | dict(more) | kept)


def shared_address() -> str:
    """The present address, for another browser."""
    return f"{page_address()}?{urlencode(st.query_params.to_dict())}"


def _write(wanted: Mapping[str, str]) -> None:
    lesson = {key.value: str(get(key)) for key in LESSON if get(key)}
    wanted = {name: value for name, value in wanted.items() if name != Key.LANGUAGE} | lesson | language_parameter()
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)
