"""The memory curve: a small one, and that the caches keep their limits."""

from __future__ import annotations

import json

import pytest

from app import runtime
from app.runtime import results
from app.runtime.store import Store
from tests.benchmarks import soak
from tests.benchmarks.memory import MEASURABLE

pytestmark = pytest.mark.skipif(not MEASURABLE, reason="memory is measured on Linux with glibc")


def test_the_caches_keep_their_limits(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    small, models = Store(3_000_000), runtime.models()
    monkeypatch.setattr(results, "store", lambda: small)
    soak.main(["--analyses", "12", "--every", "4", "--models", "3", "--json"])
    rows = json.loads(capsys.readouterr().out)
    assert [row["analyses"] for row in rows] == [0, 4, 8, 12]
    assert all(row["MB"] > 100 and row["results"] <= 3 for row in rows)
    assert rows[-1]["results"] > 1 and models.store.bytes <= runtime.MODELS_LIMIT


def test_it_ends_in_time_and_says_when_there_is_too_much(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(soak, "analyze", lambda card, number: None)
    assert len(list(soak.curve(10, 5, 1.0, soak.shipped()))) == 3
    assert len(list(soak.curve(10**9, 10**9, 0.0, soak.shipped()))) == 1
    monkeypatch.setattr(soak, "GOAL", 1)
    assert soak.main(["--analyses", "1"]) == 1 and "the target is 1 MB" in capsys.readouterr().err
