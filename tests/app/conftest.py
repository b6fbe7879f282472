"""Fixtures of the app's tests: no search for components, and the app on a catalog of small models."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from streamlit.components.v2.component_manager import BidiComponentManager

from app import runtime
from app.runtime import ahead
from app.runtime.store import Store
from tests.app.catalogs import use_catalog


@pytest.fixture(autouse=True)
def no_search_for_components(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip the search of all installed packages for components, which each new page would repeat."""
    monkeypatch.setattr(BidiComponentManager, "discover_and_register_components", lambda self, **options: None)


@pytest.fixture(scope="session", autouse=True)
def nothing_ahead() -> Iterator[None]:
    """Nothing is computed ahead for the pages of these tests: it would be computed within other tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ahead, "QUIET", 1e6)
        yield


@pytest.fixture
def results() -> Store:
    """An empty store of results; a module may share one among its tests."""
    return Store(runtime.results.LIMIT)


@pytest.fixture
def small_catalog(folder: Path, results: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the app on the models in ``folder``, a fixture of the module: no photographs, downloads or benchmarks."""
    use_catalog(folder, tmp_path, monkeypatch, results)
    monkeypatch.setenv("FOVEA_BENCHMARK", str(tmp_path / "own" / "benchmark.json"))
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
