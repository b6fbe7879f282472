"""Randomization: re-draw the weights stage by stage from the top, and see whether the map changes.

A map that stays when the model has reinitialized everything does not show what the model has learned. Adebayo et al.,
"Sanity checks for saliency maps", NeurIPS 2018: cascading randomization, watched by Spearman's rank correlation of the
absolute values. Ours re-draws every tensor from the normal distribution with its own mean and spread, so that signals
keep their scale, leaves BatchNorm's statistics, and pools maps to at most ``FINEST`` cells a side before they are
ranked, so that a shift by a pixel is no change. A tensor without a spread, such as a single number, is drawn with its
own size for one, and with 1 where it is zero. A map that is the same everywhere, as a blank one is, has no ranks: it is
neither like another map nor unlike it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
import torch
from torch import nn

from core.attribution.batches import share_pace
from core.classifier import Classifier, Target, read
from core.evaluation.grids import is_constant, pool
from core.evaluation.sources import map_source
from core.evaluation.views import views
from core.models.copying import duplicate
from core.types import InvalidInput, Picture, Progress, frozen

FINEST = 16
INSENSITIVE = 0.5
"""A map that is this much alike, or more, with every weight re-drawn, is insensitive to the weights."""
TOP = "top"


@dataclass(frozen=True, eq=False)
class Randomization:
    """How alike a map stays to that of the trained model, −1 to 1, while ``stages`` are re-drawn from the top.

    ``likeness[i]`` is with the first ``i + 1`` of the stages re-drawn; the last is with all of them. It is None where
    one of both maps is the same everywhere. ``maps`` are the maps (h, w) themselves, the trained model's first.
    """

    source: str
    target: int
    stages: tuple[str, ...]
    likeness: tuple[float | None, ...]
    maps: tuple[np.ndarray, ...]
    seed: int

    @property
    def is_sensitive(self) -> bool | None:
        """Whether the map depends on the weights; None where the last map cannot be compared with the first."""
        return None if self.likeness[-1] is None else self.likeness[-1] < INSENSITIVE


def randomize(
    classifier: Classifier,
    picture: Picture,
    name: str,
    target: Target = None,
    *,
    seed: int = 0,
    progress: Progress | None = None,
    **parameters: Any,
) -> Randomization:
    """How the map of a method, or of ``attention/`` and the name of a tap, changes while the weights are re-drawn.

    ``target`` is a class name or index, None the class that the trained model predicts. ``parameters`` are the method's
    own. ``progress(done, total)`` counts maps, and is called within them too, so that a Stop need not wait.

    Raises:
        InvalidInput: no such source, class or parameter, or a source that does not fit the model.
        Stopped: ``progress`` raised it.
    """
    index = classifier.target(target, read(classifier, picture).logits)
    made, stages = map_source(classifier, name, **parameters), tuple(weight_groups(classifier))
    maps: list[np.ndarray] = []
    if not stages:
        raise InvalidInput("{model} has no weights to re-initialize. Choose another model.", model=classifier.card.slug)

    def tell(*_: int) -> None:
        if progress:
            progress(len(maps), len(stages) + 1)

    for _, one in chain((("", classifier),), cascade(classifier, seed)):
        maps.append(frozen(made(one, picture, index, tell)))
        tell()
    likeness = tuple(map_correlation(maps[0], one) for one in maps[1:])
    return Randomization(name, index, stages, likeness, tuple(maps), seed)


def map_correlation(a: np.ndarray, b: np.ndarray, signed: bool = False) -> float | None:
    """Spearman's rank correlation of two maps of one shape, pooled; None where one is the same everywhere.

    Of their absolute values, unless they are ``signed``.
    """
    grid = (min(a.shape[0], FINEST), min(a.shape[1], FINEST))
    maps = [np.asarray(one if signed else np.abs(one), np.float64) for one in (a, b)]
    pooled = [pool(one, grid) for one in maps]
    if any(map(is_constant, [*maps, *pooled])):
        return None
    first, second = map(ranks, pooled)
    return float((first * second).sum().clip(-1, 1))


def ranks(array: np.ndarray) -> np.ndarray:
    """The ranks of the cells, average ones for ties, with mean 0 and length 1."""
    return views(array)[0]


def cascade(classifier: Classifier, seed: int = 0) -> Iterator[tuple[str, Classifier]]:
    """The classifier with its stages re-drawn from the top, one more each time, and the name of that stage.

    It is one copy that changes while it is iterated; the classifier that was given stays as it is.
    """
    copy = classifier.twin(classifier.run(lambda: duplicate(classifier.module)))
    share_pace(copy, classifier)
    generator = torch.Generator().manual_seed(seed)
    for name, modules in weight_groups(copy).items():
        copy.run(partial(redraw, modules, generator))
        yield name, copy


def reinitialize(classifier: Classifier, seed: int = 0) -> Classifier:
    """A copy of the classifier with every weight re-drawn."""
    return list(cascade(classifier, seed))[-1][1]


def weight_groups(classifier: Classifier) -> dict[str, list[nn.Module]]:
    """The modules with weights of their own, by the stage that they lie in or lead to, from the top down.

    ``TOP`` is what comes behind the last stage, and all of a model that has none.
    """
    stages = [*classifier.stages, TOP]
    found: dict[str, list[nn.Module]] = {name: [] for name in reversed(stages)}
    following = 0
    for name, module in classifier.module.named_modules():
        if not list(module.parameters(recurse=False)):
            continue
        within = [stage for stage in classifier.stages if f"{name}.".startswith(f"{stage}.")]
        if within:
            following = stages.index(max(within, key=len)) + 1
        found[max(within, key=len) if within else stages[following]].append(module)
    return {name: modules for name, modules in found.items() if modules}


def redraw(modules: list[nn.Module], generator: torch.Generator) -> None:
    """Re-draw every weight that the modules have of their own: normal, with the mean and the spread of its tensor.

    Where all of a tensor is one value, that is its mean, and its size the spread; or 1 where it is zero.
    """
    for module in modules:
        for weight in module.parameters(recurse=False):
            drawn = torch.randn(weight.shape, generator=generator, dtype=torch.float32).to(weight)
            low, high = weight.aminmax()
            spread = weight.std(correction=0) if low < high else low.abs() if low else torch.ones_like(low)
            with torch.no_grad():
                weight.copy_(weight.mean() + spread * drawn)
