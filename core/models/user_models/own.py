"""A user's own models: weights with a small JSON card, from a file, from the folder FOVEA_MODELS, or uploaded.

The card is described in ``user_card``. The weights are safetensors or a state dict. No code in either is ever run.
"""

from __future__ import annotations

import os
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import torch
from torch import nn

from core.files import open_regular, reason
from core.models.adopting.guard import Admitted, admit
from core.models.answers import outputs_of
from core.models.architecture import construct
from core.models.files.integrity import check_bytes
from core.models.files.weights import Weights, fit, read_weights, remark
from core.models.libraries import timm_models, torchvision_models
from core.models.libraries.described import with_mechanism
from core.models.limits import RENORMALIZED
from core.models.user_models import hub_models
from core.models.user_models.config_values import check_size
from core.models.user_models.user_card import HUB, MAX_BYTES, is_found, parse_card
from core.types import InvalidInput, ModelCard

FAMILY = "own"
FILE = "file:"
FOLDER = "FOVEA_MODELS"
MAX_WEIGHTS = 1 << 30
"""Bytes of an uploaded file of weights."""
WEIGHT_SUFFIXES = (".safetensors", ".pt", ".pth", ".bin", ".ckpt", ".pth.tar", ".tar")
LEAST_BYTES = 2
"""The least bytes of a parameter in a file."""
LARGEST_HEAD = 1000 * 4100
"""Parameters of a head for ImageNet's classes, which a model of other classes may lack."""
CPU = torch.device("cpu")


def open_model(
    card: bytes, weights: bytes, name: str = "The card", device: torch.device = CPU
) -> tuple[ModelCard, Admitted]:
    """A model from the bytes of its card and of its weights, tested on a device by ``guard.admit``.

    Its slug is ``own/`` and twelve digits of the sha256 of both; ``name`` is the name of the card's file in messages.

    Raises:
        InvalidInput: either is too large, cannot be read or is refused, or the weights do not match.
    """
    if len(weights) > MAX_WEIGHTS:
        raise InvalidInput(
            "The weights are larger than {megabytes} MB. Put the files into the folder that {variable} names instead.",
            megabytes=MAX_WEIGHTS >> 20,
            variable=FOLDER,
        )
    digest = sha256(card + weights).hexdigest()
    found, _ = parse_card(card, f"{FAMILY}/{digest[:12]}", name)
    check_bytes(found, weights, "the file of the weights")
    found.facts["checksum"] = digest
    tensors = read_weights(weights, "The file of the weights")
    check_count(found, len(weights))
    ready = admitted(found, tensors, device)
    return with_found(found, ready.module), ready


def fetch(card: ModelCard, device: torch.device = CPU) -> Admitted:
    """The model of a card from ``find_card``, tested on a device by ``guard.admit``.

    Raises:
        InvalidInput: the weights cannot be read or are refused, or do not match.
    """
    path = Path(card.facts["file"])
    tensors = read_weights(path, path.name)
    check_bytes(card, path, path.name)
    check_count(card, path.stat().st_size)
    return admitted(card, tensors, device)


def cards() -> tuple[ModelCard, ...]:
    """The cards of the folder FOVEA_MODELS, as ``own/<stem>``; those with a problem are skipped."""
    return tuple(one for one in _read_cards().values() if isinstance(one, ModelCard))


def problems() -> tuple[str, ...]:
    """A sentence for each card of the folder with a problem, to be shown with the zoo."""
    return tuple(str(one) for one in _read_cards().values() if isinstance(one, InvalidInput))


def find_card(slug: str) -> ModelCard:
    """The card of ``own/<stem>``, from the folder, or of ``file:<path>``; ``facts["file"]`` is the path of its weights.

    Raises:
        InvalidInput: it does not exist, or has a problem.
    """
    if slug.startswith(FILE):
        return read_card(Path(slug.removeprefix(FILE)).expanduser(), slug)
    found = _read_cards().get(slug)
    if found is None:
        raise InvalidInput(
            "There is no model '{slug}' in the folder that {variable} names. Put its model card there.",
            slug=slug,
            variable=FOLDER,
        )
    if isinstance(found, InvalidInput):
        raise found
    return found


def read_card(path: Path, slug: str) -> ModelCard:
    """The card in a file, with its weights in the same folder: the file that it names, or one with its own name.

    Raises:
        InvalidInput: the card cannot be read, or there are no weights in its folder.
    """
    try:
        with open_regular(path) as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InvalidInput(
            "{path} cannot be read: {reason}. Check the file and its permissions.", path=path, reason=reason(error)
        ) from error
    card, named = parse_card(data, slug, path.name)
    places = [path.with_name(named)] if named else [path.with_suffix(suffix) for suffix in WEIGHT_SUFFIXES]
    there = next((place for place in places if place.is_file()), None)
    if there is None:
        raise InvalidInput(
            "{name} has no weights next to it. Put {weights} into the same folder.",
            name=path.name,
            weights=places[0].name,
        )
    card.facts["file"] = str(there)
    return card


def check_count(card: ModelCard, size: int) -> None:
    """Refuse a file of ``size`` bytes that is far too small for its architecture, before memory is allocated."""
    family, _, name = card.architecture.partition("/")
    if family == timm_models.FAMILY:
        with torch.device("meta"):
            check_size(timm_models.construct(name, outputs_of(card.classes), card.size), size, card.slug)
    if family != torchvision_models.FAMILY:
        return  # our widths are limited, and what configures an architecture of the hub is checked when it is built
    count = torchvision_models.weights_of(name).meta["num_params"]
    if size < LEAST_BYTES * (count - LARGEST_HEAD):
        raise InvalidInput(
            "{megabytes:.1f} MB of weights is too little for the {millions:.0f} million parameters of {name}. Name "
            "the architecture of these weights in the card.",
            megabytes=size / 1e6,
            millions=count / 1e6,
            name=name,
        )


def admitted(card: ModelCard, weights: Weights, device: torch.device) -> Admitted:
    """The card's architecture with these weights, tested on a device; InvalidInput if they do not match."""
    if card.architecture.startswith(f"{torchvision_models.FAMILY}/"):
        weights = torchvision_models.renamed(weights)
    module = _filled(card, weights)
    renormalized = RENORMALIZED if torchvision_models.renormalizes(card) else None
    given = [remark(module, weights, card.slug), renormalized]
    found = admit(module, card, device)
    return replace(found, notes=(*found.notes, *filter(None, given)))


def _filled(card: ModelCard, weights: Weights) -> nn.Module:
    """The card's architecture with these weights; for two outcomes, a head may have one output."""
    try:
        return _with_classes(card, card.classes, weights)
    except InvalidInput as error:
        if len(card.classes) != 2:
            raise
        try:
            return _with_classes(card, card.classes[:1], weights)
        except InvalidInput:
            raise error from None  # its sentence describes the head on the card


def _with_classes(card: ModelCard, classes: tuple[str, ...], weights: Weights) -> nn.Module:
    if card.architecture.startswith(HUB):
        return hub_models.with_weights(card.architecture.removeprefix(HUB), classes, weights, card.slug)
    return fit(construct(replace(card, classes=classes)), weights, card.slug)


def with_found(card: ModelCard, module: nn.Module) -> ModelCard:
    """The card with the mechanism that was found in its module, if the architecture does not state it."""
    return with_mechanism(card, module) if is_found(card.architecture) else card


def _read_cards() -> dict[str, ModelCard | InvalidInput]:
    """Every card of the folder by its slug, or its problem."""
    found: dict[str, ModelCard | InvalidInput] = {}
    folder = os.environ.get(FOLDER)
    for path in sorted(Path(folder).glob("*.json")) if folder else ():
        slug = f"{FAMILY}/{path.stem}"
        try:
            found[slug] = read_card(path, slug)
        except InvalidInput as error:
            found[slug] = error
    return found
