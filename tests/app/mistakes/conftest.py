"""What the tests of the app share: folders of runs, and an own store of results."""

from __future__ import annotations

from pathlib import Path

import pytest

import core
from app import runtime
from app.runtime import kept_runs
from app.runtime.store import Store

MODEL, OTHER, COUNT = "scenes-tag/cbam", "scenes-tag/plain", 64


@pytest.fixture(scope="session")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two runs over the same scenes, of two models."""
    folder = tmp_path_factory.mktemp("runs")
    for slug in (MODEL, OTHER):
        core.scan(core.load(slug, "cpu"), "scenes-tag", folder / slug.replace("/", "-"), pictures=COUNT)
    return folder


@pytest.fixture
def own_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """Results of this test alone."""
    own = Store(runtime.results.LIMIT)
    monkeypatch.setattr(runtime.results, "store", lambda: own)


@pytest.fixture
def home(scanned: Path, own_store: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The app keeps its runs where two are already."""
    monkeypatch.setenv(kept_runs.FOLDER, str(scanned))
    return scanned


@pytest.fixture
def empty(tmp_path: Path, own_store: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The app keeps its runs in this test's folder, where there is none yet."""
    monkeypatch.setenv(kept_runs.FOLDER, str(tmp_path / "runs"))
    return tmp_path
