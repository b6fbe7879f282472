"""The shelf: every model's card and weights, as files ``<family>/<mechanism>.json`` and ``.safetensors``."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from core.attention import MECHANISMS, mechanism
from core.models.backbone import STAGES, Backbone
from core.types import InvalidInput, ModelCard

PRETRAINED = Path(__file__).resolve().parents[2] / "pretrained"
FAMILIES = ("scenes", "imagenette")
WIDTHS = {"scenes": (16, 32, 64, 128)}
DEFAULT_WIDTHS = (32, 64, 128, 256)


def shelf() -> Path:
    """The folder of the shipped models; the variable FOVEA_PRETRAINED names another one."""
    return Path(os.environ.get("FOVEA_PRETRAINED", PRETRAINED))


def build(card: ModelCard) -> nn.Module:
    """The architecture that a card names, with fresh weights; InvalidInput where there is none like that."""
    if len(card.widths) != len(STAGES):
        raise InvalidInput(f"The card of {card.slug} must give {len(STAGES)} widths, not {len(card.widths)}.")
    return Backbone(mechanism(card.mechanism), len(card.classes), card.widths, card.size)


def read_card(path: Path) -> ModelCard:
    """The card in a JSON file; InvalidInput where it is no card."""
    try:
        return ModelCard.from_json(json.loads(path.read_text(encoding="utf-8")))
    except (TypeError, ValueError) as error:  # no JSON, no text, or not what a card holds
        name = f"{path.parent.name}/{path.name}"
        raise InvalidInput(f"{name} is not a model card: {str(error).rstrip('.')}.") from error


def cards() -> tuple[ModelCard, ...]:
    """Every model of the shelf: family by family, and in each in the order of the mechanisms."""
    found = [read_card(path) for path in shelf().glob("*/*.json") if path.with_suffix(".safetensors").exists()]
    families = {slug: place for place, slug in enumerate(FAMILIES)}
    order = {one.slug: place for place, one in enumerate(MECHANISMS)}

    def place(card: ModelCard) -> tuple:
        return families.get(card.family, len(families)), card.family, order.get(card.mechanism, len(order)), card.slug

    return tuple(sorted(found, key=place))


def find_card(slug: str) -> ModelCard:
    """The card of that slug; InvalidInput, with the slugs there are, where it is missing."""
    for card in cards():
        if card.slug == slug:
            return card
    known = ", ".join(card.slug for card in cards())
    raise InvalidInput(f"There is no model {slug!r} on the shelf; choose one of: {known or 'none yet'}.")


def weights_file(card: ModelCard) -> Path:
    """Where a card's weights lie."""
    return shelf() / f"{card.slug}.safetensors"


def checksum(path: Path) -> str:
    """The sha256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def store(module: nn.Module, card: ModelCard) -> Path:
    """Write a model's weights as float16; whole numbers stay whole. ``store_card`` writes the card."""
    path = weights_file(card)
    path.parent.mkdir(parents=True, exist_ok=True)
    halves = {
        name: (tensor.half() if tensor.is_floating_point() else tensor).detach().cpu().contiguous()
        for name, tensor in module.state_dict().items()
    }
    save_file(halves, path)
    return path


def store_card(card: ModelCard) -> Path:
    """Write a card beside its weights."""
    path = weights_file(card).with_suffix(".json")
    path.write_text(json.dumps(card.to_json(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def fetch(card: ModelCard) -> nn.Module:
    """The card's model with its stored weights, in float32, frozen, in eval mode, on the CPU.

    Raises:
        InvalidInput: the file is missing, broken, or does not fit the architecture.
    """
    path = weights_file(card)
    try:
        weights = load_file(path)
    except (OSError, SafetensorError) as error:
        reason = f"The weights of {card.slug} cannot be read from {path} ({error})"
        raise InvalidInput(f"{reason}; copy the file again, or train the model anew.") from error
    module = build(card)
    own = module.state_dict()
    wrong = sorted(name for name in own.keys() | weights.keys() if name not in own or name not in weights)
    wrong += [name for name in own.keys() & weights.keys() if own[name].shape != weights[name].shape]
    if wrong:
        raise InvalidInput(f"The weights of {card.slug} do not fit its architecture: {', '.join(wrong[:4])}.")
    module.load_state_dict({name: tensor.to(own[name].dtype) for name, tensor in weights.items()})
    return freeze(module)


def freeze(module: nn.Module) -> nn.Module:
    """Eval mode, no gradients for weights; gradients to the input and the taps stay possible."""
    return module.eval().requires_grad_(False).to(memory_format=torch.contiguous_format)
