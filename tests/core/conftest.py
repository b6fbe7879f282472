"""What the tests of scans share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.small_scans import LOOP, fill


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder of made pictures, nine of each of four classes."""
    return fill(tmp_path / "data")


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """A part for each batch."""
    monkeypatch.setattr(LOOP, "MOST", 1)
