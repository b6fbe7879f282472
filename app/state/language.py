"""The language of a session: the user's choice, else the language in the URL, else the browser's language."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from app.state.keys import Key
from app.state.session import get, put
from app.words import ENGLISH, LANGUAGES, follow, understood, use


def settle_language(traveled: bool = False) -> str | None:
    """Choose the language of this run, before any text; return a requested language that does not exist.

    In a new session, and after Back or Forward, the address decides; otherwise the user's choice.
    """
    requested = st.query_params.get(Key.LANGUAGE)
    leads = get(Key.LANGUAGE) is None or (traveled and len(st.query_params) > 0)
    put(Key.LANGUAGE, _first() if leads else language())
    use(language())  # for this run: the session is not read again for each word
    return requested if leads and requested and understood(requested) != requested else None


def language() -> str:
    """The code of the session's language; English without a session, as in a worker."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return ENGLISH
    chosen = get(Key.LANGUAGE)
    return chosen if chosen in LANGUAGES else _first()


def language_parameter() -> dict[str, str]:
    """The language for the address; empty for English if the browser would choose it anyway."""
    chosen = language()
    return {} if chosen == ENGLISH == understood(st.context.locale) else {Key.LANGUAGE.value: chosen}


def _first() -> str:
    """The language before the user has chosen one."""
    return understood(st.query_params.get(Key.LANGUAGE) or st.context.locale)


follow(language)
