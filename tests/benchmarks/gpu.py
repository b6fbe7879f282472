"""Every shipped model and one transformer for photographs on a GPU, compared with the CPU: ``make gpu PYTHON=python3``.

    python3 -m tests.benchmarks.gpu [--device cuda] [--seconds 420] [--models N] [--json]

It runs with the interpreter that it is given and installs nothing. It needs torch, torchvision, numpy and captum; other
packages of Fovea are used if they are there. Maps are compared with the CPU's, in shares of their largest value. Where
there is no GPU, it says so.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from itertools import islice
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core import Classifier

NEEDED = ("torch", "torchvision", "numpy", "captum")
GOAL = 1e-4
"""The largest difference of a map on the GPU from the CPU's, as a share of its peak."""
ROUNDS = 5
"""Rounds of each measurement."""
VIT = "vit_b_16"


def versions() -> dict[str, str]:
    """The versions of the packages that are needed; "" for one that is missing."""
    found = {}
    for name in NEEDED:
        try:
            found[name] = getattr(importlib.import_module(name), "__version__", "") or version(name)
        except ImportError:
            found[name] = ""
    return found


def find_gpu() -> str:
    """The GPU that torch can use, "cuda" or "mps"; "" where there is none."""
    import torch

    return "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else ""


def difference(found: Any, expected: Any) -> float:
    """The largest difference of two arrays, as a share of the expected one's largest value."""
    import numpy as np

    found, expected = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    peak = np.abs(expected).max(initial=0.0)
    largest = np.abs(found - expected).max(initial=0.0)
    return float(largest / peak if peak > 0 else largest)


def seconds(job: Callable[[], object], device: str, rounds: int) -> float:
    """The median time of a job on a device, after one round that is not counted."""
    import torch

    def timed() -> float:
        start = time.perf_counter()
        job()
        if device.startswith("cuda"):
            torch.cuda.synchronize()
        return time.perf_counter() - start

    return median([timed() for _ in range(rounds + 1)][1:])


def models() -> Iterator[tuple[str, Callable[[str], Classifier]]]:
    """Each shipped model by its slug, and a ViT-B/16 with random weights: what opens it on a device."""
    import core
    from core.types import FOVEA, SHORT_SIGHTED

    for card in core.cards():
        if card.architecture not in (FOVEA, SHORT_SIGHTED):
            continue
        yield card.slug, lambda device, slug=card.slug: core.load(slug, device)
    yield f"torchvision/{VIT}", open_vit


def open_vit(device: str) -> Classifier:
    """A ViT-B/16 of torchvision with weights that are drawn the same way on each device."""
    import torch
    import torchvision

    import core

    torch.manual_seed(0)
    module = torchvision.models.get_model(VIT, weights=None, num_classes=10)
    torch.nn.init.normal_(module.heads.head.weight, std=0.05)  # fresh, it is zero
    card = core.ModelCard(f"made/{VIT}", VIT, "transformer", tuple("abcdefghij"), size=224)
    return core.adopt(module.eval().to(device), card)


def results_of(model: Classifier, picture: Any) -> dict[str, Any]:
    """What a page shows of a picture: attention, attributions, and the probabilities after an intervention."""
    import core

    found = core.panel(model, picture, 0)
    results = {"probabilities": found.reading.probabilities}
    results |= {f"attention {one.tap}": one.weights for one in found.reading.maps}
    results |= {name: one.values for name, one in found.attributions.items()}
    if found.reading.maps:
        tap = found.reading.maps[-1].tap
        results["intervention"] = core.intervene(model, picture, {tap: core.UNIFORM}).probabilities
    return results


def compare(
    open_model: Callable[[str], Classifier], device: str, picture: Any, pictures: int, rounds: int
) -> dict[str, float]:
    """The largest difference of a model's results on a device from the CPU's, and the times and memory there."""
    import numpy as np
    import torch

    from core.scanning.inference import batch_size, infer

    on_cpu, there = open_model("cpu"), open_model(device)
    expected, found = results_of(on_cpu, picture), results_of(there, picture)
    row = {"difference": max(difference(found[name], one) for name, one in expected.items())}
    x = there.run(lambda: there.prepare(picture)).detach()
    pixels = x.clone().requires_grad_(True)

    def forward_backward() -> None:
        torch.autograd.grad(there.scores(pixels)[0, 0], pixels)

    panel = seconds(lambda: make_panel(there, picture), device, rounds)
    row["panel / pass"] = panel / seconds(lambda: there.run(forward_backward), device, rounds)
    size, batch = there.card.size, min(pictures, batch_size(there))
    squares = np.random.default_rng(0).integers(0, 255, (batch, size, size, 3), dtype=np.uint8)
    labels, batches = np.full(batch, -1), max(1, pictures // batch)

    def forward() -> None:
        with torch.no_grad():
            there.module(there.normalize(squares)).argmax(1).cpu()

    scan = seconds(lambda: [there.run(lambda: infer(there, squares, labels)) for _ in range(batches)], device, rounds)
    bare = seconds(lambda: [there.run(forward) for _ in range(batches)], device, rounds)
    row |= {"pictures / s": batches * batch / scan, "scan / forward": scan / bare}
    row["MB"] = torch.cuda.max_memory_allocated() / 1e6 if device.startswith("cuda") else 0.0
    return row


def make_panel(model: Classifier, picture: Any) -> object:
    """The panel alone."""
    import core

    return core.panel(model, picture, 0)


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The rows under their names, in columns."""
    names = list(rows[0])
    lines = [names] + [[one if isinstance(one, str) else f"{one:.3g}" for one in row.values()] for row in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(names))]
    return "\n".join("  ".join(one.rjust(width) for one, width in zip(line, widths, strict=True)) for line in lines)


def measure(device: str, count: int | None, limit: float, pictures: int, rounds: int) -> list[dict[str, Any]]:
    """A row for each model, as many as there is time for."""
    import numpy as np

    import core

    end, rows = time.monotonic() + limit, []
    picture = core.open_image(np.random.default_rng(0).integers(0, 255, (256, 256, 3), dtype=np.uint8))
    for slug, open_model in islice(models(), count):
        if rows and time.monotonic() > end:
            print(f"No time is left: {slug} and later models were not measured.", file=sys.stderr)
            break
        rows.append({"model": slug, **compare(open_model, device, picture, pictures, rounds)})
    return rows


def main(words: Sequence[str] | None = None) -> int:
    """Measure and print; 1 if a package is missing or a map differs by more than ``GOAL``."""
    options = argparse.ArgumentParser(prog="python -m tests.benchmarks.gpu", description=__doc__.splitlines()[0])
    options.add_argument("--device", help="the device to measure (the GPU that is found)")
    options.add_argument("--seconds", type=float, default=420, help="no other model begins after these (420)")
    options.add_argument("--models", type=int, help="this many models only, from the first")
    options.add_argument("--pictures", type=int, default=512, help="pictures of a scan (512)")
    options.add_argument("--rounds", type=int, default=ROUNDS, help=f"rounds of each measurement ({ROUNDS})")
    options.add_argument("--json", action="store_true", help="print JSON instead of a table")
    chosen = options.parse_args(words)
    there = versions()
    print(", ".join(f"{name} {one or 'is missing'}" for name, one in there.items()), file=sys.stderr)
    if not all(there.values()):
        print("Nothing is measured. Use an interpreter with all of these: make gpu PYTHON=python3", file=sys.stderr)
        return 1
    device = chosen.device or find_gpu()
    if not device:
        print("There is no GPU that torch can use. Nothing is measured.")
        return 0
    from tests.benchmarks.missing_packages import replace_missing

    replace_missing()
    rows = measure(device, chosen.models, chosen.seconds, chosen.pictures, chosen.rounds)
    print(json.dumps(rows, indent=1) if chosen.json else table(rows))
    worst = max(row["difference"] for row in rows)
    print(f"{len(rows)} models on {device}: maps differ by at most {worst:.1e} of their peak (target {GOAL:.0e}).")
    return int(worst > GOAL)


if __name__ == "__main__":
    sys.exit(main())
