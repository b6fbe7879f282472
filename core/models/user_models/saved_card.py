"""The card of a saved model that describes itself: its values come from files, so each is checked with its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from core.files import first_line
from core.messages import Message
from core.models.libraries.described import ASSUMED, describe
from core.models.libraries.image_processors import side
from core.models.user_models import user_card
from core.models.user_models.saved_files import CONFIG, PREPROCESSOR, PROCESSOR, Files, HubFiles
from core.types import InvalidInput, ModelCard

PREPARATION = ("size", "mean", "std", "resize", "interpolation")
"""Fields of a card that a file of preprocessing states."""
SIZES = range(8, 1025)
"""Sides of pictures that a card may state."""


def described_card(module: nn.Module, slug: str, prepared: Mapping[str, Any] | None, files: Files) -> ModelCard:
    """The card of a module by its configuration and the settings of its image processor, checked.

    Raises:
        InvalidInput: a value is invalid; the message names the file.
    """
    try:
        card = replace(fitted(describe(module, slug, prepared), module), slug="own/model")
        if isinstance(files, HubFiles) and files.unreached:
            card = noted(card, unreached(files))
        settings = {key: one for key, one in card.to_json().items() if key in PREPARATION}
        user_card.checked(settings, source(files, prepared is not None))
        return replace(user_card.check(card, source(files)), slug=slug)
    except InvalidInput:
        raise
    except Exception as error:  # values of any type
        raise InvalidInput(
            "A value in {files} of {model} is invalid: {reason}. Copy these files again.",
            files=[CONFIG] if prepared is None else [CONFIG, settings_file(files)],
            model=files.title,
            reason=first_line(error),
        ) from error


def source(files: Files, prepared: bool = False) -> Message:
    """The file of a model's configuration, or of its preprocessing, as it is called in messages."""
    return Message("{name} of {model}", name=settings_file(files) if prepared else CONFIG, model=files.title)


def settings_file(files: Files) -> str:
    """The file that states a model's preprocessing."""
    found = files.get((PREPROCESSOR, PROCESSOR))
    return found[0] if found else PREPROCESSOR


def unreached(files: HubFiles) -> Message:
    """That a file of a model's preprocessing could not be downloaded."""
    return Message(
        "The file {name} of {model} is not on this machine and cannot be downloaded.",
        name=files.unreached,
        model=files.title,
    )


def noted(card: ModelCard, note: Message) -> ModelCard:
    """The card with one more sentence about what was assumed."""
    return replace(card, facts={**card.facts, ASSUMED: [*card.facts[ASSUMED], note]})


def fitted(card: ModelCard, module: nn.Module) -> ModelCard:
    """The card with the size in a model's ``config``, where the model does not accept that of its preprocessing."""
    config = getattr(module, "config", None)
    own = side(getattr(getattr(config, "vision_config", config), "image_size", None))
    if own in (None, card.size) or accepts(module, card.size) or not (own and accepts(module, own)):
        return card
    note = Message(
        "The preprocessing of the model states {stated} × {stated} pixels, which the model does not accept. The "
        "{size} × {size} pixels in its configuration are used.",
        stated=card.size,
        size=own,
    )
    resize = card.resize and own * card.resize // card.size
    return noted(replace(card, size=own, resize=resize), note)


def accepts(module: nn.Module, size: int) -> bool:
    """Whether a module runs on a picture of so many pixels."""
    try:
        with torch.inference_mode():
            if size in SIZES:
                module.eval()(torch.zeros(1, 3, size, size))
    except Exception:  # each model refuses in its own way
        return False
    return size in SIZES
