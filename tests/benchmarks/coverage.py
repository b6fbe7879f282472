"""What Fovea finds in other libraries' classifiers: attention, stages, and whether the logits stay unchanged.

    python -m tests.benchmarks.coverage [MODEL ...] [--again]

For the smallest model of each of timm's families, for transformers' families of classifiers, and for the image towers
of open_clip and transformers' CLIP, all with random weights: each line compares the adopted model with the untouched
module. ``calls`` counts the softmaxes and gates that the module runs, independently of the package, ``taps`` those that
Fovea shows. Lines are stored in ``coverage.json`` as soon as they are measured; missing and named ones are measured.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from transformers.models.siglip2.image_processing_siglip2 import convert_image_to_patches

import core
from core.attention.rollout import obstacle
from core.images import open_image
from core.models.libraries.described import CHANNELS, FLIPPED, PATCH, describe
from core.types import InvalidInput, ModelCard
from tests.benchmarks.coverage_edits import Calls, answers, edit_difference, spread
from tests.benchmarks.coverage_models import families
from tests.conftest import redraw

FILE = Path(__file__).with_name("coverage.json")
GOAL = 1e-5
"""The largest difference of logits that counts as none, in parts of their spread."""
GATED = frozenset(
    "SEModule SqueezeExcite SqueezeExciteCl EcaModule CecaModule EffectiveSEModule ChannelAttn SpatialAttn "
    "GatherExcite GlobalContext LightChannelAttn LightSpatialAttn RegNetSELayer EseModule GhostModuleV2 GhostModuleV3 "
    "BilinearAttnTransform EfficientNetSqueezeExciteLayer PPLCNetSqueezeExcitationModule".split()
)
"""Names of the classes of gates, in timm and in transformers."""


@dataclass(frozen=True)
class Line:
    """One model: the numbers of attention calls, taps and stages, and three differences, None where there is none.

    A second tap of the same attention, after its heads are mixed, is not counted.

    ``logits``, in parts of their spread; ``rows``: how far a row of weights is from the sum 1; ``edit``: how far one
    head, or channel, switched off by its tap is from the same edit by hand, in parts of the logits' spread.
    ``rollout``: whether it is offered; ``unrolled``: why not, for a model with several layers of attention over
    patches. ``notes`` state what is not shown, and why; ``refused`` why nothing is.
    """

    model: str
    calls: int = 0
    taps: int = 0
    stages: int = 0
    logits: float | None = None
    rows: float | None = None
    edit: float | None = None
    rollout: bool = False
    unrolled: str = ""
    notes: tuple[str, ...] = ()
    refused: str = ""


def drawn(build: Callable[[], nn.Module]) -> nn.Module:
    """A model with random weights, small enough that float32 gives its logits as float64 does.

    In some architectures random weights of the usual size multiply each rounding error a millionfold.
    """
    for scale in (1.0, 0.7, 0.5, 0.3):
        torch.manual_seed(0)
        module = redraw(build().eval(), 0)
        with torch.no_grad():
            for weight in module.parameters():
                weight.mul_(scale if weight.ndim > 1 else 1.0)
            noise = torch.rand(1, 3, *sides(module), generator=torch.Generator().manual_seed(3))
            try:
                exact = answers(deepcopy(module).double(), taken(module, noise.double()))
            except (RuntimeError, TypeError):  # it makes tensors of float32 on the way
                return module
            found = answers(module, taken(module, noise))
        if float((found - exact).abs().max()) <= 0.1 * GOAL * spread(exact):
            break
    return module


def taken(module: nn.Module, x: Tensor) -> Tensor | dict[str, Tensor]:
    """Pictures (b, 3, h, w) as the module itself takes them: blue first, or cut into patches as by its processor."""
    try:
        facts = describe(module, "own/x").facts
    except InvalidInput:  # it needs a card
        return x
    if PATCH not in facts:
        return x.flip(1) if facts.get(CHANNELS) == FLIPPED else x
    patches = torch.stack([convert_image_to_patches(one, facts[PATCH]) for one in x])
    mask = torch.ones(patches.shape[:2], dtype=torch.int32)
    shapes = torch.tensor([[one // facts[PATCH] for one in x.shape[-2:]]]).expand(len(x), 2)
    return {"pixel_values": patches, "pixel_attention_mask": mask, "spatial_shapes": shapes}


def sides(module: nn.Module) -> tuple[int, int]:
    """Height and width of the pictures that a model states."""
    try:
        size = describe(module, "own/x").size
    except InvalidInput:
        size = 64
    return size, size


def measure(name: str, build: Callable[[], nn.Module], card: ModelCard | None = None) -> Line:
    """The line of a model with random weights."""
    try:
        module = drawn(build)
        found = core.adopt(deepcopy(module), card, "cpu")
    except InvalidInput as error:
        return Line(name, refused=str(error))
    picture = open_image((np.random.default_rng(1).uniform(size=(80, 64, 3))).astype(np.float32), name="noise")
    x = found.prepare(picture)  # in the layout in memory that the model reads: another one is rounded in another way
    try:
        with torch.no_grad():
            answers(module, taken(module, x))
    except RuntimeError:  # a view of another layout
        x = x.contiguous()
    own = taken(module, x)
    with torch.no_grad():
        with Calls() as mode:
            expected = answers(module, own)
        gates = sum(type(one).__name__ in GATED for one in module.modules())
        reading = core.read(found, picture)
        logits = float((torch.from_numpy(reading.logits) - expected[0]).abs().max()) / spread(expected)
        sums = [np.abs(one.weights.sum(-1) - 1).max() for one in reading.maps if found.taps[one.tap].softmax]
        edit = edit_difference(module, found, x, own)
    return Line(
        name,
        calls=mode.count + gates,
        taps=sum(not tap.kind.signed for tap in found.taps.values()),
        stages=len(found.stages),
        logits=logits,
        rows=float(max(sums)) if sums else None,
        edit=edit,
        rollout=not (why := obstacle(reading.maps)),
        unrolled=str(why) if why and sum(one.kind.compares for one in reading.maps) > 1 else "",
        notes=tuple(map(str, found.notes)),
    )


def kept() -> dict[str, Line]:
    """The lines that were measured before."""
    if not FILE.exists():
        return {}
    return {one["model"]: Line(**{**one, "notes": tuple(one["notes"])}) for one in json.loads(FILE.read_text())}


def keep(lines: dict[str, Line]) -> None:
    """Write the lines into the file."""
    FILE.write_text(json.dumps([asdict(lines[name]) for name in sorted(lines)], indent=1, ensure_ascii=False) + "\n")


def number(value: float | None) -> str:
    """A difference: 0 where there is none but that of rounding."""
    return "–" if value is None else f"{value:.0e}"


def reason(line: Line) -> str:
    """Why a model shows nothing, or not all."""
    if line.refused:
        return line.refused
    return " ".join(one for one in line.notes if "attention" in one) if line.taps < line.calls else ""


def table(lines: dict[str, Line]) -> Iterator[str]:
    """The table, with the counts first."""
    having = [one for one in lines.values() if one.calls or one.refused]
    shown = [one for one in having if one.taps]
    equal = [one for one in lines.values() if one.logits is not None and one.logits <= GOAL]
    yield f"{len(lines)} models with random weights. Logits equal to {GOAL:.0e} of their spread: {len(equal)}."
    share = len(shown) / max(1, len(having))
    yield f"Softmax attention or gates in {len(having)}; with taps: {len(shown)} ({share:.0%})."
    yield ""
    yield f"{'model':46}{'calls':>6}{'taps':>6}{'stages':>8}{'logits':>9}{'rows':>8}{'edit':>8}  rollout"
    for name in sorted(lines):
        one = lines[name]
        shown_as = "yes" if one.rollout else ""
        yield (
            f"{name:46}{one.calls:6}{one.taps:6}{one.stages:8}{number(one.logits):>9}{number(one.rows):>8}"
            f"{number(one.edit):>8}  {shown_as}"
        ).rstrip()
        for why in filter(None, (reason(one), one.unrolled)):
            yield f"    {why}"


def main() -> int:
    """Measure what is missing or named, keep it, and print the table."""
    options = argparse.ArgumentParser(prog="python -m tests.benchmarks.coverage", description=__doc__.splitlines()[0])
    options.add_argument("models", nargs="*", help="measure these again")
    options.add_argument("--again", action="store_true", help="measure all again")
    chosen = options.parse_args()
    warnings.filterwarnings("ignore")
    lines = {} if chosen.again else kept()
    every = families(lines)
    lines = {name: line for name, line in lines.items() if name in every}
    for name, (build, card) in every.items():
        if name in lines and name not in chosen.models:
            continue
        start = time.monotonic()
        lines[name] = measure(name, build, card)
        keep(lines)
        print(f"{name}: {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
    print("\n".join(table(lines)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
