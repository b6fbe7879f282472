"""The thread that lets a scan go on while its user looks at other pages."""

from __future__ import annotations

import pytest
from streamlit import runtime

from app.runtime.mistakes import scans


def test_it_ends_with_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server can end between two beats: the thread must end too, without an exception."""
    monkeypatch.setattr(scans, "BEAT", 0.0)
    monkeypatch.setattr(scans, "progress", lambda name: (1, 2))  # the scan never ends
    assert not runtime.exists()
    scans._keep("a-run", "a-session")


def test_it_goes_on_while_the_tab_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    beats = iter([True, True, False])
    monkeypatch.setattr(scans, "BEAT", 0.0)
    monkeypatch.setattr(scans, "progress", lambda name: (1, 2))
    monkeypatch.setattr(scans, "_is_active", lambda session: next(beats))
    scans._keep("a-run", "a-session")
    assert next(beats, None) is None
