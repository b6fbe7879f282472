"""The command that measures the longest waits, on few pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks import waits


def test_every_wait_is_a_line_with_its_goal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waits, "METHODS", ("grad-cam",))
    zip_, checks = waits.waits("scenes/plain", 4, tmp_path)
    assert zip_[0] == "scenes/plain: zip of 4 overlays" and zip_[3] == pytest.approx(0.15)
    assert checks[0] == "scenes/plain: checks of grad-cam" and checks[3] == 8
    assert all(seconds > 0 and processor > 0 for _, seconds, processor, _ in (zip_, checks))
