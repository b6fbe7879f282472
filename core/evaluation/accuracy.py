"""How often a model is right, and how often it still is when its attention is taken from it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext

import torch

from core.attention.tap import Steer, shuffled, steer, switched_off, uniform
from core.classifier import Classifier
from core.data.datasets import Split
from core.images import open_image
from core.types import Progress

STEERS: Mapping[str, Steer | None] = {"": None, "uniform": uniform, "shuffled": shuffled(0), "off": switched_off}


def evaluate(
    classifier: Classifier, split: Split, *, progress: Progress | None = None, batch: int = 64
) -> dict[str, float]:
    """The fraction of right answers: ``accuracy``, and with every tap ``uniform``, ``shuffled`` and ``off``.

    The pictures go through the same preparation as in the app. A model without attention has ``accuracy`` only.
    """
    steers = STEERS if classifier.taps else {"": None}
    right = dict.fromkeys(steers, 0)

    def job(indices: range) -> None:
        x = torch.cat([classifier.prepare(open_image(split.read(i))) for i in indices])
        y = torch.from_numpy(split.labels[indices.start : indices.stop]).to(x.device)
        for name, function in steers.items():
            chosen = steer(classifier.module, dict.fromkeys(classifier.taps, function)) if function else nullcontext()
            with torch.inference_mode(), chosen:
                right[name] += int((classifier.module(x).argmax(1) == y).sum())

    for start in range(0, len(split), batch):
        indices = range(start, min(start + batch, len(split)))
        classifier.run(lambda indices=indices: job(indices))
        if progress:
            progress(indices.stop, len(split))
    return {name or "accuracy": count / len(split) for name, count in right.items()}
