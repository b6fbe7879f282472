"""Why a model does not accept the pictures of its card: their number of channels, or what it reports itself."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import torch
from torch import nn

from core.files import first_line
from core.messages import Message
from core.types import InvalidInput, ModelCard

COLORS = 3

NOT_PIXELS = {
    "imagegpt": Message(
        "for each pixel of a small picture, it takes the index of the nearest of a few hundred colors, so no gradient "
        "and no attribution to the pixels can be computed"
    ),
    "shieldgemma2": Message("it takes a question in words with each picture"),
}
"""Classifiers of transformers that do not take pixels alone, and what they take."""


def check_input(architecture: str, kind: str) -> None:
    """Refuse a classifier of transformers that does not take pixels alone; ``kind`` is the name of its class."""
    if architecture in NOT_PIXELS:
        raise InvalidInput(
            "{kind} is not supported: {why}. Choose another classifier, such as {example}.",
            kind=kind,
            why=NOT_PIXELS[architecture],
            example="ViTForImageClassification",
        )


def refusal(module: nn.Module, run: Callable[[], object], card: ModelCard, failure: Exception) -> InvalidInput:
    """The error of a module that fails on color pictures of the card's size; ``run`` gives it some."""
    wanted = channels(module, run)
    if wanted is not None:
        return not_color(card.slug, wanted)
    return InvalidInput(
        "The model does not accept pictures of {size} × {size} pixels: {reason}. Give the size that it was trained "
        "with.",
        size=card.size,
        reason=first_line(failure),
    )


def not_color(slug: str, channels: int) -> InvalidInput:
    """The error of a model for pictures that have not three ``channels``."""
    if channels == 1:
        return InvalidInput(
            "The model {slug} takes pictures with one channel. Choose a model for color pictures.", slug=slug
        )
    return InvalidInput(
        "The model {slug} takes pictures with {count} channels. Choose a model for color pictures.",
        slug=slug,
        count=channels,
    )


def channels(module: nn.Module, run: Callable[[], object]) -> int | None:
    """How many channels the first convolution takes, if it is given a color picture and takes another number."""
    found: list[int] = []

    def note_channels(part: nn.Conv2d, given: tuple[torch.Tensor, ...]) -> None:
        if not found and given:
            found.append(part.in_channels if given[0].shape[-3] == COLORS != part.in_channels else 0)

    handles = [one.register_forward_pre_hook(note_channels) for one in module.modules() if isinstance(one, nn.Conv2d)]
    with torch.no_grad(), suppress(Exception):  # it fails again
        run()
    for handle in handles:
        handle.remove()
    return found[0] if found and found[0] else None
