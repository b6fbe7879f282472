"""What a scan costs compared with a floor, and how much memory it takes: ``python -m tests.benchmarks.scan``.

The floor: one thread decodes and resizes photographs while another runs bare forward passes over them, at the scan's
size of a batch. Floor and scans take turns on the same pictures in one process, and ratios are medians of the rounds'
own. The curve: the largest memory that a scan of so many scenes and its table take, each in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import Queue
from tempfile import TemporaryDirectory

import numpy as np
import torch
from PIL import Image

import core
from core.data.datasets import find_folder
from core.data.listed import list_folder
from core.scanning.inference import batch_size
from tests.benchmarks.bench import ratio, table, take_turns

BARS = {"with agreement": 1.35, "without": 1.25}
"""What a scan may take, as a multiple of the floor."""


def decode(path: Path, side: int) -> np.ndarray:
    """The middle square of a photograph."""
    with Image.open(path) as image:
        image = image.convert("RGB")
        short, (width, height) = min(image.size), image.size
        left, top = (width - short) // 2, (height - short) // 2
        box = (left, top, left + short, top + short)
        return np.asarray(image.resize((side, side), Image.Resampling.BILINEAR, box=box))


def floor(classifier: core.Classifier, paths: Sequence[Path]) -> None:
    """Decode and resize in one thread, run bare forward passes in the classifier's own."""
    size, side = batch_size(classifier), classifier.card.size
    read: Queue[np.ndarray | None] = Queue(4)

    def decode_all() -> None:
        for first in range(0, len(paths), size):
            read.put(np.stack([decode(path, side) for path in paths[first : first + size]]))
        read.put(None)

    def forward_all() -> None:
        with torch.inference_mode():
            while (squares := read.get()) is not None:
                classifier.module(classifier.normalize(squares)).argmax(1)

    reader = threading.Thread(target=decode_all)
    reader.start()
    classifier.run(forward_all)
    reader.join()


def compare(slug: str, pictures: int, rounds: int) -> dict[str, float]:
    """The ratios of both scans to the floor, over so many of Imagenette's validation pictures."""
    classifier, root = core.load(slug, "cpu"), find_folder() / "val"
    found = list_folder(root)
    chosen = [found.paths[i] for i in np.linspace(0, len(found) - 1, min(pictures, len(found))).astype(int)]
    with TemporaryDirectory() as folder:
        listed = Path(folder) / "pictures.csv"
        listed.write_text("".join(f"{root / path},{path.split('/')[0]}\n" for path in chosen))

        def scan(agreement: bool) -> Callable[[], object]:
            return lambda: core.scan(classifier, listed, agreement=agreement)

        jobs = {"floor": lambda: floor(classifier, [root / path for path in chosen])}
        jobs |= {"with agreement": scan(True), "without": scan(False)}
        floor(classifier, [root / path for path in chosen[:64]])  # warm
        times = take_turns(jobs, rounds)
    return {name: ratio(times, name, "floor") for name in BARS}


def grow(slug: str, counts: Sequence[int]) -> list[dict[str, object]]:
    """The largest memory in MB of a scan of so many scenes with its table."""
    rows = []
    for count in counts:
        words = [sys.executable, "-m", "tests.benchmarks.scan", "--one", str(count), "--model", slug]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        rows.append(json.loads(done.stdout))
    return rows


def one(slug: str, count: int) -> dict[str, object]:
    """One point of the curve, measured in this process."""
    with TemporaryDirectory() as folder:
        found = core.scan(core.load(slug, "cpu"), "scenes", folder, pictures=count)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << (20 if sys.platform == "darwin" else 10))
    return {"scenes": count, "rows": len(found), "MB": round(peak)}


def main() -> int:
    """Measure and print."""
    options = argparse.ArgumentParser(prog="python -m tests.benchmarks.scan", description=__doc__.splitlines()[0])
    options.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options.add_argument("--model", help="imagenette/cbam for the ratios, scenes/cbam for the curve")
    options.add_argument("--pictures", type=int, default=2925, help="photographs of a round (all)")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--curve", type=int, nargs="*", help="numbers of scenes, such as 1000 10000 100000")
    options.add_argument("--one", type=int, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.one:
        print(json.dumps(one(chosen.model, chosen.one)))
        return 0
    if chosen.curve:
        rows = grow(chosen.model or "scenes/cbam", chosen.curve)
        lines = [{name: f"{value:,}" for name, value in row.items()} for row in rows]
        print(json.dumps(rows, indent=1) if chosen.json else table(lines))
        return 0
    if find_folder() is None:
        print("No photographs: FOVEA_DATA names no folder with imagenette2-160. No scan is timed.", file=sys.stderr)
        return 0
    torch.set_num_threads(1)
    found = compare(chosen.model or "imagenette/cbam", chosen.pictures, chosen.rounds)
    rows = [{"scan / floor": name, "ratio": value, "at most": BARS[name]} for name, value in found.items()]
    print(json.dumps(rows, indent=1) if chosen.json else table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
