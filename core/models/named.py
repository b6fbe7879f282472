"""Models by the names that other libraries have for them: one table of the prefixes of their slugs.

imagenet/efficientnet-lite0     weights that come with the requirements
timm/<architecture>.<tag>       timm
hf:<owner>/<name>               classifiers of the Hugging Face hub
clip:<model>/<tag>?classes=...  open_clip, with texts as classes
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import torch
from torch import nn

from core.models.adopting.guard import Admitted, admit
from core.models.libraries import clip_models, imagenet_model, timm_models
from core.models.libraries.described import with_mechanism
from core.models.user_models import hub_models
from core.types import InvalidInput, ModelCard, Progress


class Source(Protocol):
    """Where models come from by name."""

    def cards(self) -> tuple[ModelCard, ...]:
        """The cards to list in the zoo, without the network and without a library that takes seconds to import."""

    def make_card(self, name: str) -> ModelCard:
        """The card of a model by the rest of its slug; InvalidInput where there is none."""

    def present(self, card: ModelCard) -> bool:
        """Whether its weights are on this machine, without the network."""

    def build(self, card: ModelCard, progress: Progress | None = None) -> tuple[ModelCard, nn.Module]:
        """The final card, and the module with its weights, downloaded if they are not here.

        ``progress(done, total)`` counts bytes.
        """


SOURCES: Mapping[str, Source] = {
    "imagenet/": imagenet_model,
    "timm/": timm_models,
    "hf:": hub_models,
    "clip:": clip_models,
}


def source_of(slug: str) -> tuple[Source, str] | None:
    """The source of a slug and the rest of the slug; None for any other model."""
    return next(((source, slug.removeprefix(one)) for one, source in SOURCES.items() if slug.startswith(one)), None)


def is_named(slug: str) -> bool:
    """Whether a slug is that of a model by another library's name."""
    return source_of(slug) is not None


def cards() -> tuple[ModelCard, ...]:
    """The cards that are listed in the zoo."""
    return tuple(card for source in SOURCES.values() for card in source.cards())


def find_card(slug: str) -> ModelCard:
    """The card of a model; InvalidInput where there is no such model, with the nearest names."""
    source, name = _source(slug)
    return source.make_card(name)


def present(card: ModelCard) -> bool:
    """Whether the weights of a card are on this machine, without the network."""
    return _source(card.slug)[0].present(card)


def build(card: ModelCard, progress: Progress | None = None) -> tuple[ModelCard, nn.Module]:
    """The final card of a model, and the module with its weights, as its library makes it.

    Raises:
        InvalidInput: its library is not installed, or the weights cannot be downloaded, are damaged or do not match.
    """
    with torch.device("cpu"):
        return _source(card.slug)[0].build(card, progress)


def fetch(card: ModelCard, device: torch.device, progress: Progress | None = None) -> tuple[ModelCard, Admitted]:
    """The same, tested on a device by ``guard.admit``; the card has the mechanism that was found."""
    card, module = build(card, progress)
    found = admit(module, card, device)
    return with_mechanism(card, found.module), found


def _source(slug: str) -> tuple[Source, str]:
    found = source_of(slug)
    if found is None:
        raise InvalidInput("There is no model '{slug}'. Names look like timm/vit_tiny_patch16_224.", slug=slug)
    return found
