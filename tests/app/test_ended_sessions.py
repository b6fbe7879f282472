"""Ended sessions: Streamlit's own storage of them, which removes nothing by itself."""

from __future__ import annotations

import threading
from types import SimpleNamespace

from streamlit.runtime.memory_session_storage import MemorySessionStorage

from app.runtime import ended_sessions


def test_what_ended_two_minutes_ago_is_removed_and_what_may_return_stays() -> None:
    storage, now = MemorySessionStorage(ttl_seconds=120), [0.0]
    storage._cache._timer = lambda: now[0]
    manager = SimpleNamespace(_session_storage=storage, _storage_lock=threading.Lock())
    for name in ("first", "second"):
        storage.save(SimpleNamespace(session=SimpleNamespace(id=name)))
        now[0] += 60
    assert ended_sessions.remove(manager) == 1 and [one.session.id for one in storage.list()] == ["second"]
    now[0] += 200
    assert ended_sessions.remove(manager) == 1 and ended_sessions.remove(manager) == 0 and not storage.list()
