"""A classifier: a module with its card on a device, and the one forward pass that reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from core import device as devices
from core.attention.tap import Record, Tap, listen, taps
from core.images import square
from core.models import shelf
from core.types import AttentionMap, InvalidInput, ModelCard, Picture, Reading, frozen

T = TypeVar("T")
Target = str | int | None


@dataclass(frozen=True, eq=False)
class Classifier:
    """A frozen ``module`` with its ``card`` on its ``device``. Several threads may share one."""

    card: ModelCard
    module: nn.Module
    device: torch.device

    @cached_property
    def taps(self) -> dict[str, Tap]:
        """The attention of the model by public name, in order: ``stage4.attention``."""
        return taps(self.module)

    @cached_property
    def stages(self) -> dict[str, nn.Module]:
        """The modules whose output is a grid (b, c, h, w), by name, first to last: what Grad-CAM may be asked of."""
        return {name: child for name, child in self.module.named_children() if name.startswith("stage")}

    @cached_property
    def moments(self) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of RGB in 0..1, (3, 1, 1) each."""
        return tuple(
            torch.tensor(values, device=self.device).view(3, 1, 1) for values in (self.card.mean, self.card.std)
        )

    @property
    def fill(self) -> tuple[int, int, int]:
        """The colour that stands for "absent": normalised zero, as RGB 0..255."""
        return tuple(round(255 * value) for value in self.card.mean)

    def prepare(self, picture: Picture) -> Tensor:
        """The model's square of a picture, normalised: (1, 3, size, size) on the device."""
        pixels = torch.from_numpy(square(picture, self.card.size, self.fill).copy()).to(self.device)
        mean, std = self.moments
        return ((pixels.permute(2, 0, 1).float() / 255 - mean) / std)[None]

    def score(self, x: Tensor, target: int) -> Tensor:
        """The target's logit of each picture: (b, 3, size, size) -> (b,)."""
        return self.module(x)[:, target]

    def target(self, wanted: Target, logits: np.ndarray | Tensor) -> int:
        """The index of a class name or index; None is the class with the largest of ``logits`` (k,).

        Raises:
            InvalidInput: the model has no such class.
        """
        if wanted is None:
            return int(logits.argmax())
        names = [name.lower() for name in self.card.classes]
        if isinstance(wanted, str) and wanted.lower() in names:
            return names.index(wanted.lower())
        if isinstance(wanted, int | np.integer) and 0 <= wanted < len(names):
            return int(wanted)
        listed = ", ".join(self.card.classes[:10]) + (" ..." if len(names) > 10 else "")
        raise InvalidInput(f"{self.card.slug} knows no class {wanted!r}; it knows {listed}.")

    def run(self, job: Callable[[], T], owner: object = None) -> T:
        """Run a job on the worker that owns this device."""
        return devices.run(job, self.device, owner)


def load(slug: str, device: str = "auto") -> Classifier:
    """A classifier from the shelf, such as ``imagenette/cbam``, on a device (``auto``, ``cpu``, ``cuda:0``, ``mps``).

    Raises:
        InvalidInput: no such model or device, or a broken file.
    """
    card, where = shelf.find_card(slug), devices.choose(device)
    return Classifier(card, shelf.fetch(card).to(where), where)


@contextmanager
def outputs(modules: dict[str, nn.Module]) -> Iterator[dict[str, Tensor]]:
    """Keep what the named modules give out while they run; inside a worker's job only, where no other can run them."""
    kept: dict[str, Tensor] = {}
    handles = [
        module.register_forward_hook(lambda _, __, y, name=name: kept.__setitem__(name, y))
        for name, module in modules.items()
    ]
    try:
        yield kept
    finally:
        for handle in handles:
            handle.remove()


def to_map(name: str, record: Record) -> AttentionMap:
    """The first picture's map of a record."""
    weights = frozen(record.weights[0].detach().float().cpu().numpy())
    return AttentionMap(name, record.tap.kind, weights, record.grid)


def to_reading(classifier: Classifier, logits: Tensor, records: dict[Tap, Record], last: Tensor) -> Reading:
    """The frozen reading of the first picture of one forward pass; ``last`` (b, c, h, w) is the last stage's output."""
    maps = tuple(to_map(name, records[tap]) for name, tap in classifier.taps.items() if tap in records)
    scores = logits[0].detach().float()
    energy = last[0].detach().float().square().mean(0)
    return Reading(
        frozen(scores.softmax(0).cpu().numpy()), frozen(scores.cpu().numpy()), maps, frozen(energy.cpu().numpy())
    )


def read(classifier: Classifier, picture: Picture) -> Reading:
    """One forward pass: probabilities (k,) and every attention map of the model."""
    if not isinstance(picture, Picture):
        raise InvalidInput("read takes a Picture; make one with open_image(path, bytes or array).")

    def job() -> Reading:
        last = dict([list(classifier.stages.items())[-1]])
        with torch.no_grad(), listen() as records, outputs(last) as kept:
            logits = classifier.module(classifier.prepare(picture))
        return to_reading(classifier, logits, records, next(iter(kept.values())))

    return classifier.run(job)
