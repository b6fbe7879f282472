"""What the tests of data share."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.files import home


@pytest.fixture
def nowhere(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test finds what this machine happens to have; the empty cache folder that is searched instead."""
    monkeypatch.delenv("FOVEA_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    return home()
