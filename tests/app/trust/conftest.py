"""A model zoo of small models with a benchmark, for the tests of Trust."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

import core
from app import runtime
from app.runtime.store import Store
from app.runtime.trust import benchmark
from core import scenes
from core.device import worker
from core.models import zoo
from tests.app.trust.trust_page import FAMILIES, PICTURES, SOURCES


@pytest.fixture(scope="session")
def folder(tiny: Callable, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model zoo of tiny models: one of each family with the rows of one benchmark, and one without rows."""
    path = tmp_path_factory.mktemp("catalog")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FOVEA_PRETRAINED", str(path))
        for slug in (*(f"{family}/cbam" for family in FAMILIES), "scenes/spatial-gate"):
            one = tiny(slug.partition("/")[2])
            card = replace(one.card, slug=slug, classes=scenes.OBJECTS, facts={"checksum": f"of {slug}"})
            zoo.store(one.module, card)
            zoo.store_card(card)
        model = core.load("scenes/cbam", "cpu")
        own = core.benchmark(model, path / "benchmark.json", sources=SOURCES, pictures=PICTURES, seed=4)
        rows = list(own)
        for family in FAMILIES[1:]:
            rows += [replace(row, model=f"{family}/cbam", checksum=f"of {family}/cbam") for row in own]
        for family, shortcut, chance in (("scenes-tag", "tag", 0.01), ("scenes-place", "background", 0.93)):
            made = [row for row in rows if row.model == f"{family}/cbam" and row.measure in ("mass", "pointing")]
            made = [replace(row, measure=f"{shortcut}-{row.measure}", mean=1 - row.mean, low=0.1) for row in made]
            rows += [replace(row, chance=chance) for row in made]
        (path / "benchmark.json").write_text(json.dumps([asdict(row) for row in rows]))
    return path


@pytest.fixture(scope="session")
def results() -> Store:
    """One store of results for all tests of this catalog: the pictures of the side bar are drawn once."""
    return Store(runtime.results.LIMIT)


@pytest.fixture(autouse=True)
def idle_worker() -> Iterator[None]:
    """Wait after each test until the benchmark's worker is idle: a stopped benchmark still finishes its map."""
    yield
    worker(benchmark.ASIDE).run(lambda: None)


@pytest.fixture
def rows(folder: Path) -> list[dict]:
    """The shipped rows as they stand in the file."""
    return json.loads((folder / "benchmark.json").read_text())


@pytest.fixture
def no_benchmark(small_catalog: None, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same catalog, to which no benchmark was shipped."""
    for one in folder.iterdir():
        if one.is_dir():
            (tmp_path / one.name).symlink_to(one)
    monkeypatch.setenv("FOVEA_PRETRAINED", str(tmp_path))
