"""Ablation: switch off every tap, head, channel and glimpse, one at a time, and measure the effect on the prediction.

    loss of a part = F(x) − F(x with the part switched off)          F the target's score

"Off" is defined in ``intervention``. The parts are tested in batches: in each copy of the picture, another part is
switched off. In models with thousands of channels, neighboring channels are switched off together to keep the list
short.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core import checking
from core.attention.tap import Record, Steer, Tap, listen, steer
from core.attribution.batches import pace
from core.classifier import Classifier, Target, takes_classifier
from core.evaluation.intervention import OFF, Off
from core.types import Picture, Progress

MOST = 600
"""The largest number of parts to test; more would take too long and make the list unreadable."""

WHOLE_TAP = "tap"


@dataclass(frozen=True)
class Ablation:
    """The effect on one class's score when a part of the attention is switched off.

    ``part`` is "tap" for a whole tap, else "head", "channel" or "glimpse", with their ``numbers``. ``loss`` is the fall
    of the ``target``'s score; ``probability`` is its probability afterward, ``predicted`` the most likely class
    afterward, and ``changed`` whether that differs from before.
    """

    tap: str
    part: str
    numbers: tuple[int, ...]
    target: int
    loss: float
    probability: float
    predicted: int
    changed: bool


@takes_classifier
def ablate(
    classifier: Classifier, picture: Picture, target: Target = None, *, progress: Progress | None = None
) -> tuple[Ablation, ...]:
    """Switch off every part of the model's attention; the largest loss first. Empty for a model without attention.

    ``target`` is a class name or index, None the predicted class. ``progress(done, total)`` counts parts.

    Raises:
        InvalidInput: no such class.
        Stopped: ``progress`` raised it.
    """
    checking.picture(picture, "ablate")

    def switch_off_each() -> tuple[Ablation, ...]:
        x, size = classifier.prepare(picture), pace(classifier).size
        with torch.no_grad(), listen() as records:
            before = classifier.answer(x)[0]
        index, answer = classifier.target(target, before), int(before.argmax())
        wanted = list(attention_parts({name: records[tap] for name, tap in classifier.taps.items() if tap in records}))
        found: list[Ablation] = []
        for first in range(0, len(wanted), size):
            some = wanted[first : first + size]
            batch = x.expand(len(some), -1, -1, -1).contiguous(memory_format=torch.channels_last)
            with torch.no_grad(), steer(classifier.module, in_rows(some)):
                logits = classifier.answer(batch)
            losses = (before[index] - logits[:, index]).tolist()
            left, predicted = classifier.probabilities(logits)[:, index].tolist(), logits.argmax(1).tolist()
            for (name, change), loss, probability, other in zip(some, losses, left, predicted, strict=True):
                part, numbers = (change.part, change.numbers) if isinstance(change, Off) else (WHOLE_TAP, ())
                found.append(Ablation(name, part, numbers, index, loss, probability, other, other != answer))
            if progress:
                progress(len(found), len(wanted))
        return tuple(sorted(found, key=lambda one: -one.loss))

    return classifier.run(switch_off_each)


def attention_parts(records: dict[str, Record]) -> Iterator[tuple[str, Steer]]:
    """Yield each tap by name with steers that switch it off: as a whole, and each part if it has several."""
    found: dict[str, tuple[str, int]] = {}
    for name, record in records.items():
        kind = record.tap.kind
        found[name] = kind.part, record.weights.shape[kind.part_axis + 1] if kind.part else 1
    channels, width = [count for part, count in found.values() if part == "channel"], 1
    while sum(-(-count // width) for count in channels) > MOST and width < max(channels):
        width *= 2
    for name, (part, count) in found.items():
        yield name, OFF
        together = width if part == "channel" else 1
        for first in range(0, count if count > 1 else 0, together):
            yield name, Off(part, tuple(range(first, min(first + together, count))))


def in_rows(changes: Sequence[tuple[str, Steer]]) -> dict[str, Steer]:
    """Return steers for a batch that apply the n-th change only to the n-th picture."""
    rows: dict[str, dict[int, Steer]] = {}
    for row, (name, change) in enumerate(changes):
        rows.setdefault(name, {})[row] = change
    return {name: one_by_one(own) for name, own in rows.items()}


def one_by_one(changes: dict[int, Steer]) -> Steer:
    """Return a steer that applies to each picture of a batch the change for its row."""

    def change(tap: Tap, weights: Tensor) -> Tensor:
        steered = weights.clone()
        for row, one in changes.items():
            steered[row : row + 1] = one(tap, weights[row : row + 1])
        return steered

    return change
