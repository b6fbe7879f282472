"""What it costs to show all attention of a foreign ViT: timm's ViT-S/16 with random weights, part of ``make bench``.

    python -m tests.benchmarks.foreign [--rounds N]

Forward passes in turns, on one thread, as ratios over the rounds: read by Fovea against the module itself without and
with its fused kernel, and the adopted model that nobody listens to against the module itself.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from copy import deepcopy

import timm
import torch
from torch import nn

import core
from core.attention.tap import listen
from tests.benchmarks.bench import ratio, take_turns

MODEL = "vit_small_patch16_224"
BARS = {"read / not fused": 1.15, "read / fused": 1.6, "idle / fused": 1.02}


def fused(module: nn.Module, value: bool) -> nn.Module:
    """A copy of a module of timm whose attention uses torch's fused kernel, or does not."""
    module = deepcopy(module)
    for part in module.modules():
        if hasattr(part, "fused_attn"):
            part.fused_attn = value
    return module


def jobs() -> dict[str, Callable[[], object]]:
    """The forward passes that are compared, each of one picture."""
    torch.manual_seed(0)
    module = timm.create_model(MODEL).eval().requires_grad_(False)
    found = core.adopt(module, device="cpu")
    slow, fast = fused(module, False), fused(module, True)
    x = torch.randn(1, 3, found.card.size, found.card.size)

    def forward(one: nn.Module) -> Callable[[], object]:
        @torch.no_grad()
        def job() -> object:
            return one(x)

        return job

    @torch.no_grad()
    def read() -> object:
        with listen() as records:
            found.module(x)
        return records

    return {"read": read, "idle": forward(found.module), "not fused": forward(slow), "fused": forward(fast)}


def main() -> int:
    """Print the three ratios with their bars; 1 where one is missed."""
    options = argparse.ArgumentParser(prog="python -m tests.benchmarks.foreign", description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=40)
    chosen = options.parse_args()
    torch.set_num_threads(1)
    made = jobs()
    take_turns(made, 5)  # warm
    times = take_turns(made, chosen.rounds)
    found = {name: ratio(times, *name.split(" / ")) for name in BARS}
    print(f"timm's {MODEL}, one picture, one thread, {chosen.rounds} rounds")
    for name, value in found.items():
        print(f"{name:18}{value:6.2f}   bar {BARS[name]:.2f}")
    return int(any(value > BARS[name] for name, value in found.items()))


if __name__ == "__main__":
    sys.exit(main())
