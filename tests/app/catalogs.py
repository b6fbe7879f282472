"""A catalog of a few small models in place of the shipped ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import runtime
from app.runtime.store import Store


def use_catalog(folder: Path, empty: Path, monkeypatch: pytest.MonkeyPatch, store: Store | None = None) -> None:
    """Run the app on the models of a folder: no photographs, no models of the user, and an own store of results."""
    own = Store(runtime.results.LIMIT) if store is None else store
    monkeypatch.setenv("FOVEA_PRETRAINED", str(folder))
    monkeypatch.setenv("FOVEA_DATA", str(empty))
    monkeypatch.delenv("FOVEA_MODELS", raising=False)
    monkeypatch.setattr(runtime.results, "store", lambda: own)
