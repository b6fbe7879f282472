"""Model randomization test: re-initialize the weights stage by stage from the top, and see whether the map changes.

A map that stays the same when all weights are random does not show what the model has learned. Adebayo et al., "Sanity
checks for saliency maps", NeurIPS 2018: cascading randomization, measured by Spearman's rank correlation of the
absolute values. Here, every tensor is drawn from the normal distribution with its mean and standard deviation, so that
activations keep their scale; the statistics of BatchNorm are kept; and maps are pooled to at most ``FINEST`` cells per
side before ranking, so that a shift by one pixel hardly counts. A tensor with zero deviation, such as a single number,
is drawn with its absolute value as the deviation, or with 1 if it is zero. The rank correlation of a constant map is
undefined.
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
from core.classifier import Classifier, Target, read, takes_classifier
from core.evaluation.grids import is_constant, pool
from core.evaluation.sources import map_source
from core.evaluation.views import views
from core.models.copying import duplicate
from core.types import InvalidInput, Picture, Progress, frozen

FINEST = 16
INSENSITIVE = 0.5
"""A map with at least this rank correlation after re-initializing all weights is insensitive to the weights."""
TOP = "top"


@dataclass(frozen=True, eq=False)
class Randomization:
    """The rank correlation of a map with that of the trained model while ``stages`` are re-initialized from the top.

    ``likeness[i]`` is with the first ``i + 1`` stages re-initialized, the last one with all of them; None if one of the
    two maps is constant. ``maps`` are the maps (h, w), that of the trained model first.
    """

    source: str
    target: int
    stages: tuple[str, ...]
    likeness: tuple[float | None, ...]
    maps: tuple[np.ndarray, ...]
    seed: int

    @property
    def is_sensitive(self) -> bool | None:
        """Whether the map depends on the weights; None if the last map cannot be compared with the first."""
        return None if self.likeness[-1] is None else self.likeness[-1] < INSENSITIVE


@takes_classifier
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
    """Compare the maps of a method, or of ``attention/`` and a tap, while the weights are re-initialized in stages.

    ``target`` is a class name or index, None the class that the trained model predicts. ``parameters`` are the method's
    own. ``progress(done, total)`` counts maps, and is also called within them, so that a Stop takes effect soon.

    Raises:
        InvalidInput: no such source, class or parameter, or a source that the model does not support.
        Stopped: ``progress`` raised it.
    """
    index = classifier.target(target, read(classifier, picture).logits)
    made, stages = map_source(classifier, name, **parameters), tuple(weight_groups(classifier))
    maps: list[np.ndarray] = []
    if not stages:
        raise InvalidInput("{model} has no weights to re-initialize. Choose another model.", model=classifier.card.slug)

    def report(*_: int) -> None:
        if progress:
            progress(len(maps), len(stages) + 1)

    for _, one in chain((("", classifier),), cascade(classifier, seed)):
        maps.append(frozen(made(one, picture, index, report)))
        report()
    likeness = tuple(map_correlation(maps[0], one) for one in maps[1:])
    return Randomization(name, index, stages, likeness, tuple(maps), seed)


def map_correlation(a: np.ndarray, b: np.ndarray, signed: bool = False) -> float | None:
    """Spearman's rank correlation of two maps of one shape, pooled; None if one is constant.

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
    """Yield the classifier with one more stage re-initialized each time, from the top, and the name of that stage.

    It is one copy that changes during the iteration; the given classifier stays unchanged.
    """
    copy = classifier.twin(classifier.run(lambda: duplicate(classifier.module)))
    share_pace(copy, classifier)
    generator = torch.Generator().manual_seed(seed)
    for name, modules in weight_groups(copy).items():
        copy.run(partial(redraw, modules, generator))
        yield name, copy


def reinitialize(classifier: Classifier, seed: int = 0) -> Classifier:
    """A copy of the classifier with all weights re-initialized."""
    return list(cascade(classifier, seed))[-1][1]


def weight_groups(classifier: Classifier) -> dict[str, list[nn.Module]]:
    """The modules with weights, by the stage that they belong to or lead to, from the top down.

    ``TOP`` are those after the last stage, or all modules of a model without stages.
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
    """Draw every weight of the modules from the normal distribution with the mean and deviation of its tensor.

    For a tensor of one repeated value, the deviation is its absolute value, or 1 if it is zero.
    """
    for module in modules:
        for weight in module.parameters(recurse=False):
            drawn = torch.randn(weight.shape, generator=generator, dtype=torch.float32).to(weight)
            low, high = weight.aminmax()
            spread = weight.std(correction=0) if low < high else low.abs() if low else torch.ones_like(low)
            with torch.no_grad():
                weight.copy_(weight.mean() + spread * drawn)
