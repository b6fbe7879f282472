"""Models of the Hugging Face hub by name, ``hf:<owner>/<name>``: classifiers of transformers, and of timm."""

from __future__ import annotations

import torch
from torch import nn

from core.models import hub
from core.models.saved import open_saved, read_config
from core.models.saved_files import WEIGHTS, HubFiles
from core.types import ModelCard, Progress

PREFIX = "hf:"


def cards() -> tuple[ModelCard, ...]:
    """None: the hub has too many to list."""
    return ()


def make_card(name: str) -> ModelCard:
    """A first card of a model: its configuration is downloaded, and its weights state the rest.

    Raises:
        InvalidInput: there is no such model, or it is not one to open.
    """
    config = read_config(HubFiles(name))
    labels = config.get("id2label")
    names = tuple(dict.fromkeys(map(str, labels.values()))) if isinstance(labels, dict) else ()
    return ModelCard(
        slug=PREFIX + name,
        title=name.rpartition("/")[2],
        mechanism="plain",
        classes=names or ("class 0", "class 1"),
        architecture="module",
        facts={"repository": name},
    )


def present(card: ModelCard) -> bool:
    """Whether the weights of a card are on this machine."""
    return any(hub.find(card.facts["repository"], file) for file in WEIGHTS)


def build(card: ModelCard, progress: Progress | None = None) -> tuple[ModelCard, nn.Module]:
    """The model with its weights, and its card."""
    with torch.device("cpu"):
        found, module = open_saved(HubFiles(card.facts["repository"], progress), card.slug)
    found.facts.update(card.facts)
    return found, module
