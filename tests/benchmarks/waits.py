"""How long the longest waits of the app take: a zip of 400 overlays, and the sanity checks of a map.

    python -m tests.benchmarks.waits [--models scenes/cbam imagenette/self-attention] [--pictures 400]

Each line has the seconds that pass, and those of processor time, which other programs on the machine do not change.
The checks run as on Explore, with the default parameters of each method. Photographs are those in FOVEA_DATA; without
them, models of photographs are measured on drawn scenes.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import core
from core.data import find_folder
from core.reporting import to_zip

MODELS = ("scenes/cbam", "imagenette/self-attention")
METHODS = ("grad-cam", "integrated-gradients")
PICTURES = 400
GOALS = {"zip": 15.0, "checks": 8.0}
"""The most seconds for the ``PICTURES`` of a zip and for the checks of a map."""


def measure(work: Callable[[], Any]) -> tuple[float, float]:
    """The seconds that some work takes, and its processor time."""
    start, before = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - start, time.process_time() - before


def waits(slug: str, pictures: int, folder: Path) -> list[tuple[str, float, float, float]]:
    """A line for each wait of a model: what it is, seconds, processor seconds, and the goal."""
    model = core.load(slug, "cpu")
    core.scan(model, data_of(slug, pictures, folder / "photographs"), folder / "run", pictures=pictures)
    found = core.open_run(folder / "run")
    numbers = found.table()["number"].tolist()[:pictures]
    kept = next(name for name in ("attention", "cam") if found.keeps(name))
    goal = GOALS["zip"] * len(numbers) / PICTURES
    lines = [(f"{slug}: zip of {len(numbers)} overlays", *measure(lambda: to_zip(found, numbers, (kept,))), goal)]
    picture = found.picture(numbers[0])
    for method in METHODS:
        map_ = core.attribute(model, picture, method)
        seconds = measure(lambda map_=map_: core.check(model, picture, map_))
        lines.append((f"{slug}: checks of {method}", *seconds, GOALS["checks"]))
    return lines


def data_of(slug: str, pictures: int, folder: Path) -> str:
    """So many photographs in a folder, for a model of photographs and if they are on this machine; else scenes."""
    place = find_folder() if slug.startswith("imagenette/") else None
    if place is None:
        return "scenes"
    every = sorted((place / "val").glob("*/*"))
    for path in every[:: max(1, len(every) // pictures)][:pictures]:
        (folder / path.parent.name).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder / path.parent.name)
    return str(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--models", nargs="+", default=MODELS)
    parser.add_argument("--pictures", type=int, default=PICTURES)
    options = parser.parse_args()
    print(f"{'':60}{'seconds':>10}{'processor':>10}{'at most':>10}")
    for slug in options.models:
        with tempfile.TemporaryDirectory() as folder:
            for what, seconds, processor, goal in waits(slug, options.pictures, Path(folder)):
                print(f"{what:60}{seconds:10.2f}{processor:10.2f}{goal:10.2f}", flush=True)


if __name__ == "__main__":
    main()
