"""The shelf: every model that can be loaded, by its slug.

Shipped and trained ones are files, ``<family>/<mechanism>.json`` and ``.safetensors``; then come torchvision's, and the
user's own.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from core.attention import MECHANISMS
from core.files import to_json
from core.models import own, torchvision_models
from core.models.architecture import assemble, build, freeze
from core.types import InvalidInput, ModelCard, Progress

__all__ = ["assemble", "build", "freeze"]

PRETRAINED = Path(__file__).resolve().parents[2] / "pretrained"
FAMILIES = ("scenes", "imagenette", "scenes-tag", "scenes-place")
WIDTHS = dict.fromkeys(("scenes", "scenes-tag", "scenes-place"), (16, 32, 64, 128))
DEFAULT_WIDTHS = (32, 64, 128, 256)


def shelf() -> Path:
    """The folder of the shipped models; the variable FOVEA_PRETRAINED names another one."""
    return Path(os.environ.get("FOVEA_PRETRAINED", PRETRAINED))


def read_card(path: Path) -> ModelCard:
    """The card in a JSON file; InvalidInput where it is no card."""
    try:
        return ModelCard.from_json(json.loads(path.read_text(encoding="utf-8")))
    except (TypeError, ValueError) as error:  # no JSON, no text, or not what a card holds
        name = f"{path.parent.name}/{path.name}"
        raise InvalidInput(f"{name} is not a model card: {str(error).rstrip('.')}.") from error


def cards() -> tuple[ModelCard, ...]:
    """Every model of the shelf: those that lie here as files, torchvision's, and the user's own.

    A card of the user's that has a problem is passed over; ``own.problems()`` tells it. Nothing is fetched.
    """
    return (*stored(), *torchvision_models.cards(), *own.cards())


def stored() -> tuple[ModelCard, ...]:
    """The models shipped or trained here: family by family, and in each in the order of the mechanisms."""
    found = [read_card(path) for path in shelf().glob("*/*.json") if path.with_suffix(".safetensors").exists()]
    families = {slug: place for place, slug in enumerate(FAMILIES)}
    order = {one.slug: place for place, one in enumerate(MECHANISMS)}

    def place(card: ModelCard) -> tuple:
        return families.get(card.family, len(families)), card.family, order.get(card.mechanism, len(order)), card.slug

    return tuple(sorted(found, key=place))


def find_card(slug: str) -> ModelCard:
    """The card of that slug, of any classification model of torchvision, or of the user's own ``file:<path>``.

    Raises:
        InvalidInput: there is none, with the slugs there are.
    """
    if not isinstance(slug, str):
        raise InvalidInput(f"A model is known by its slug, such as scenes/cbam, not by {slug!r}.")
    family, _, name = slug.partition("/")
    if family == torchvision_models.FAMILY:
        return torchvision_models.make_card(name)
    if is_own(slug):
        return own.find_card(slug)
    for card in stored():
        if card.slug == slug:
            return card
    raise InvalidInput(f"There is no model {slug!r} on the shelf; choose one of: {', '.join(c.slug for c in cards())}.")


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
    path.write_text(to_json(card.to_json(), indent=1) + "\n", encoding="utf-8")
    return path


def present(card: ModelCard) -> bool:
    """Whether a card's weights lie on this machine; else ``fetch`` gets them from the network."""
    if card.family == torchvision_models.FAMILY:
        return torchvision_models.present(card)
    return is_own(card.slug) or weights_file(card).is_file()


def is_own(slug: str) -> bool:
    """Whether a slug is that of a user's own model."""
    return slug.startswith((own.FILE, f"{own.FAMILY}/"))


def fetch(card: ModelCard, progress: Progress | None = None) -> nn.Module:
    """The card's model with its stored weights, in float32, frozen, in eval mode, on the CPU.

    Weights of torchvision that are not here are fetched; ``progress(done, total)`` then counts bytes.

    Raises:
        InvalidInput: the file is missing and cannot be fetched, is broken, or does not fit the architecture.
    """
    if card.family == torchvision_models.FAMILY:
        return assemble(card, torchvision_models.fetch(card, progress))
    if is_own(card.slug):
        return own.fetch(card).module
    path = weights_file(card)
    try:
        weights = load_file(path)
    except (OSError, SafetensorError) as error:
        reason = f"The weights of {card.slug} cannot be read from {path} ({error})"
        raise InvalidInput(f"{reason}; copy the file again, or train the model anew.") from error
    return assemble(card, weights)
