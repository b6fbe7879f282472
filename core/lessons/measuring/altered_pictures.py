"""Measures of how a prediction changes with an altered picture, or without position encoding.

slope         Σ |∂F/∂pixel| · step        what the gradient predicts for a step of each pixel in its best direction
slope-error   |F(x + step) − F(x) − slope| / slope        how far the prediction is from the actual change
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.attention.self_attention import SelfAttention
from core.classifier import Classifier, read
from core.data.datasets import open_dataset
from core.evaluation.cases import Case
from core.evaluation.erasure import erase
from core.evaluation.sources import map_source
from core.images import open_image
from core.lessons.measuring.shared import Measured, Settings, count_of, mean, model_of, pictures_of, share
from core.models.copying import duplicate
from core.models.networks.short_sighted import Positions
from core.models.networks.transformer import Transformer
from core.scenes import OBJECTS, seeds
from core.scenes.shortcuts import HOMES, INDEPENDENT, SHORTCUTS, compose
from core.types import InvalidInput, Picture

GRAY = 1 / 255
"""One gray level of a pixel whose values lie in 0 to 1."""


def shuffle_blocks(pixels: np.ndarray, block: int, seed: int) -> np.ndarray:
    """The pixels (side, side, 3) with their square blocks in a random order; ``block`` must divide the side."""
    count = pixels.shape[0] // block
    if count * block != pixels.shape[0]:
        raise InvalidInput(
            "Blocks of {block} pixels do not divide {side} pixels. Choose a block whose side divides {side}.",
            block=block,
            side=pixels.shape[0],
        )
    blocks = pixels.reshape(count, block, count, block, 3).swapaxes(1, 2).reshape(-1, block, block, 3)
    blocks = blocks[np.random.default_rng(seed).permutation(len(blocks))]
    return np.ascontiguousarray(blocks.reshape(count, count, block, block, 3).swapaxes(1, 2).reshape(pixels.shape))


def without_positions(classifier: Classifier) -> Classifier:
    """A copy of the model in which every learned number for a position, or for an offset, is zero.

    Raises:
        InvalidInput: the model has none.
    """
    copy, found = classifier.twin(classifier.run(lambda: duplicate(classifier.module))), list[Tensor]()
    for part in copy.module.modules():
        if isinstance(part, Transformer):
            found.append(part.place)
        elif isinstance(part, Positions):
            found.append(part.code)
        elif isinstance(part, SelfAttention):
            found.append(part.bias)
    if not found:
        raise InvalidInput(
            "{model} has no position encoding. Choose a model with self-attention, or a transformer.",
            model=classifier.card.slug,
        )
    with torch.no_grad():
        for one in found:
            one.zero_()
    return copy


def _shuffle(pixels: np.ndarray, settings: Settings, seed: int) -> np.ndarray:
    return shuffle_blocks(pixels, int(settings.get("block", 32)), seed)


def _keep(pixels: np.ndarray, settings: Settings, seed: int) -> np.ndarray:
    return pixels


WITHOUT_POSITIONS, INDEPENDENT_PICTURES = "without-positions", "independent"
ALTERATIONS: dict[str, Callable[[np.ndarray, Settings, int], np.ndarray]] = {
    "shuffled-blocks": _shuffle,
    WITHOUT_POSITIONS: _keep,
    INDEPENDENT_PICTURES: _keep,
}
"""What can be altered: the picture, the position encoding, or the class that the shortcut shows."""


def altered_accuracy(settings: Settings) -> Measured:
    """The accuracy on altered validation pictures, or of an altered model.

    "independent": pictures in which the shortcut is independent of the class.
    """
    classifier, alter = model_of(settings), str(settings["alter"])
    data = open_dataset(classifier.card.family)
    split = data.independent if alter == INDEPENDENT_PICTURES else data.validation
    if split is None:
        raise InvalidInput(
            "The pictures of {family} have no shortcut. Choose a model of scenes-tag or scenes-place.",
            family=classifier.card.family,
        )
    wanted = without_positions(classifier) if alter == WITHOUT_POSITIONS else classifier
    hits = []
    for number in range(min(count_of(settings), len(split))):
        pixels = ALTERATIONS[alter](wanted.square(open_image(split.read(number))), settings, number)
        hits.append(read(wanted, open_image(pixels)).predicted == split.labels[number])
    return share(hits)


def follows_shortcut(settings: Settings) -> Measured:
    """Of the pictures whose tag or background contradicts the object, the share in which its class is predicted."""
    classifier = model_of(settings)
    family, hits = classifier.card.family, list[bool]()
    shortcut = SHORTCUTS.get(family)
    data = open_dataset(family).independent
    if shortcut is None or data is None:
        raise InvalidInput(
            "The pictures of {family} have no shortcut. Choose a model of scenes-tag or scenes-place.", family=family
        )
    homes = {HOMES[name]: number for number, name in enumerate(OBJECTS)}
    for number, seed in enumerate(seeds("val", len(data))):
        label, shown = compose(seed, shortcut, INDEPENDENT)
        given = shown["tag"] if shortcut == "tag" else homes[shown["background"]]
        if given != label:
            hits.append(read(classifier, open_image(data.read(number))).predicted == given)
        if len(hits) == count_of(settings):
            break
    return share(hits)


def map_of(classifier: Classifier, case: Case, name: str) -> np.ndarray:
    """The map of a source on a picture; "object" is the mask of the object itself."""
    if name == "object":
        return case.masks[""].astype(np.float32)
    return map_source(classifier, name)(classifier, case.picture, case.target, None)


def erased(classifier: Classifier, case: Case, settings: Settings, seed: int) -> Picture:
    """A picture without the ``share`` of it that a ``map`` highlights most, or least."""
    chosen: dict[str, Any] = {"which": settings.get("which", "most"), "fill": settings.get("fill", "gray")}
    map_ = map_of(classifier, case, str(settings["map"]))
    return erase(classifier, case.picture, map_, float(settings.get("share", 0.2)), **chosen, seed=seed)


def erase_rate(settings: Settings) -> Measured:
    """The share of correctly classified pictures whose prediction changes when a share of the picture is erased."""
    classifier = model_of(settings)
    return share(
        [
            read(classifier, erased(classifier, case, settings, number)).predicted != case.target
            for number, case in enumerate(pictures_of(classifier, settings))
        ]
    )


def directional_derivatives(classifier: Classifier, picture: Picture, target: int, step: float) -> tuple[float, float]:
    """The predicted and the actual change of a class's score with a step of each pixel in its best direction.

    ``step`` is in gray levels.
    """

    def measure_change() -> tuple[float, float]:
        x = classifier.prepare(picture).detach().requires_grad_()
        before = classifier.score(x, target)[0]
        (gradient,) = torch.autograd.grad(before, x)
        moved = step * GRAY * gradient.sign() / classifier.moments[1]
        with torch.no_grad():
            return float((gradient * moved).sum()), float(classifier.score(x + moved, target)[0] - before)

    return classifier.run(measure_change)


def slope_error(settings: Settings) -> Measured:
    """The mean distance of the actual change from the one that the gradient predicts, as a share of the latter."""
    classifier, values = model_of(settings), []
    for case in pictures_of(classifier, settings):
        promised, happened = directional_derivatives(classifier, case.picture, case.target, float(settings["step"]))
        values.append(abs(happened - promised) / promised)
    return mean(values)


def mirrored(picture: Picture, classifier: Classifier) -> Picture:
    """The model's square of a picture, mirrored."""
    return open_image(np.ascontiguousarray(classifier.square(picture)[:, ::-1]))
