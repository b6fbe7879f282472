"""Release the memory of ended sessions.

Streamlit keeps a session for two minutes after its tab was closed, in case the browser returns, and then until another
session begins or ends: the pictures and models of a class would stay in memory until its next lesson.
"""

from __future__ import annotations

import gc
import threading
import time
from typing import Any

import streamlit as st
from streamlit import runtime
from streamlit.runtime.websocket_session_manager import WebsocketSessionManager

from app.runtime.uploads import give_back

ROUND = 10.0
"""Seconds between two rounds."""


def remove(manager: Any) -> int:
    """Remove the ended sessions whose two minutes are over, and return their number."""
    with manager._storage_lock:
        return len(manager._session_storage._cache.expire())


@st.cache_resource(show_spinner=False)
def watch() -> None:
    """Start the thread that removes ended sessions, once for the server; do nothing if no server runs."""
    manager = getattr(runtime.get_instance(), "_session_mgr", None)
    if isinstance(manager, WebsocketSessionManager):
        threading.Thread(target=_watch, args=(manager,), name="fovea-ended", daemon=True).start()


def _watch(manager: WebsocketSessionManager) -> None:
    while runtime.exists():
        time.sleep(ROUND)
        if remove(manager):
            gc.collect()  # a session consists of objects that refer to each other
            give_back()
