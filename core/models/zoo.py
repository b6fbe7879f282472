"""The model zoo: every model that can be loaded, by its slug.

Shipped and trained ones are files, ``<family>/<mechanism>.json`` and ``.safetensors``; then come torchvision's, those
of other libraries by their names (``named``), and the user's own.
"""

from __future__ import annotations

import errno
import json
import os
import re
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import nn

from core.attention import MECHANISMS
from core.families import FAMILIES
from core.files import open_regular, put, reason, to_json
from core.models import named
from core.models.architecture import assemble, build, freeze
from core.models.files.integrity import check_bytes, checksum
from core.models.libraries import timm_models, torchvision_models
from core.models.naming import SURE, nearest
from core.models.user_models import own
from core.models.user_models.user_card import CHECKS
from core.types import InvalidInput, ModelCard, Progress

__all__ = ["assemble", "build", "checksum", "freeze"]

PRETRAINED = Path(__file__).resolve().parents[2] / "pretrained"
SHORT_SIGHTED_WIDTHS = (16, 32, 64, 64)


def zoo_folder() -> Path:
    """The folder of the shipped models; the variable FOVEA_PRETRAINED names another one."""
    return Path(os.environ.get("FOVEA_PRETRAINED", PRETRAINED))


def read_card(path: Path) -> ModelCard:
    """The card in a JSON file; InvalidInput where it is no card."""
    name = f"{path.parent.name}/{path.name}"
    try:
        with open_regular(path) as file:
            data = json.loads(file.read())
        if not isinstance(data, dict):
            raise InvalidInput("{name} is not a model card: it is not a JSON object. Copy it again.", name=name)
        for key, (fits, how) in CHECKS.items():
            if key in data and not fits(data[key]) and key != "weights":
                raise InvalidInput(
                    "{name} is not a model card: '{key}' must be {meaning}. Copy it again.",
                    name=name,
                    key=key,
                    meaning=how,
                )
        return ModelCard.from_json(data, name)
    except OSError as error:
        raise InvalidInput("{name} cannot be read. Check its permissions.", name=name) from error
    except InvalidInput:
        raise
    except (TypeError, ValueError, RecursionError) as error:  # no JSON, no text, or not what a card holds
        raise InvalidInput(
            "{name} is not a model card: {reason}. Copy it again.", name=name, reason=str(error).rstrip(".")
        ) from error


def cards() -> tuple[ModelCard, ...]:
    """Every model of the zoo: those stored as files, torchvision's, other libraries', and the user's own.

    Cards with a problem are skipped and listed by ``problems``. Nothing is downloaded.
    """
    return (*stored(), *torchvision_models.cards(), *named.cards(), *own.cards())


def problems() -> tuple[str, ...]:
    """A sentence for each card that is no model: to be shown next to the zoo."""
    return (*(str(one) for one in _read_cards().values() if isinstance(one, InvalidInput)), *own.problems())


def stored() -> tuple[ModelCard, ...]:
    """The models shipped or trained here: family by family, and in each in the order of the mechanisms."""
    found = [one for one in _read_cards().values() if isinstance(one, ModelCard)]
    families = {one.slug: place for place, one in enumerate(FAMILIES)}
    order = {one.slug: place for place, one in enumerate(MECHANISMS)}

    def place(card: ModelCard) -> tuple[int, str, int, str]:
        return families.get(card.family, len(families)), card.family, order.get(card.mechanism, len(order)), card.slug

    return tuple(sorted(found, key=place))


def _find_card(path: Path) -> ModelCard:
    """The card in a file, read again only after the file has changed; nobody changes a card in place."""
    try:
        state = path.stat()
    except OSError:
        return read_card(path)  # which states why
    return _read_once(path, state.st_ino, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=1000)
def _read_once(path: Path, *state: int) -> ModelCard:
    return read_card(path)


def _read_cards() -> dict[str, ModelCard | InvalidInput]:
    """Every card of the zoo that has weights next to it, by its path, or what is wrong with it."""
    found: dict[str, ModelCard | InvalidInput] = {}
    for path in sorted(zoo_folder().glob("*/*.json")):
        if path.with_suffix(".safetensors").exists():
            try:
                found[f"{path.parent.name}/{path.stem}"] = _find_card(path)
            except InvalidInput as error:
                found[f"{path.parent.name}/{path.stem}"] = error
    return found


def find_card(slug: str) -> ModelCard:
    """The card of that slug: of the zoo, any model of torchvision or another library, or the user's ``file:<path>``.

    Raises:
        InvalidInput: there is none, with the most similar names.
    """
    if not isinstance(slug, str):
        raise InvalidInput("Name a model by its slug, such as scenes/cbam, not by {slug}.", slug=slug)
    family, _, name = slug.partition("/")
    if family == torchvision_models.FAMILY:
        return torchvision_models.make_card(name)
    if is_own(slug):
        return own.find_card(slug)
    if named.is_named(slug):
        return named.find_card(slug)
    found = _read_cards()
    for card in found.values():
        if isinstance(card, ModelCard) and card.slug == slug:
            return card
    if isinstance(problem := found.get(slug), InvalidInput):
        raise problem
    raise InvalidInput(
        "There is no model '{slug}'. The most similar are: {models}. All are listed by: python -m core models.",
        slug=slug,
        models=_similar(slug),
    )


def _similar(slug: str) -> list[str]:
    """The most similar names of models to one that there is none of; and of timm."""
    name = re.split("[/:]", slug)[-1]
    try:
        known = timm_models.names()
        missing = [name] if name.partition(".")[0] in known else nearest(name.partition(".")[0], known, 2, SURE)
    except InvalidInput:  # timm is not installed
        missing = []
    missing = [f"{timm_models.FAMILY}/{one}" for one in missing]
    return [*missing, *get_close_matches(slug, [card.slug for card in cards()], 3, 0)]


def weights_file(card: ModelCard) -> Path:
    """Where a card's weights lie."""
    return zoo_folder() / f"{card.slug}.safetensors"


def store(module: nn.Module, card: ModelCard) -> Path:
    """Write a model's weights as float16; whole numbers stay whole. ``store_card`` writes the card."""
    path = weights_file(card)
    path.parent.mkdir(parents=True, exist_ok=True)
    halves = {
        name: (tensor.half() if tensor.is_floating_point() else tensor).detach().cpu().contiguous()
        for name, tensor in module.state_dict().items()
    }
    put(path, save(halves))
    return path


def store_card(card: ModelCard) -> Path:
    """Write a card next to its weights."""
    path = weights_file(card).with_suffix(".json")
    put(path, (to_json(card.to_json(), indent=1) + "\n").encode())
    return path


def present(card: ModelCard) -> bool:
    """Whether a card's weights lie on this machine; else ``fetch`` gets them from the network."""
    if card.family == torchvision_models.FAMILY:
        return torchvision_models.present(card)
    if named.is_named(card.slug):
        return named.present(card)
    return is_own(card.slug) or weights_file(card).is_file()


def is_own(slug: str) -> bool:
    """Whether a slug is that of a user's own model."""
    return slug.startswith((own.FILE, f"{own.FAMILY}/"))


def fetch(card: ModelCard, progress: Progress | None = None) -> nn.Module:
    """The card's model with its stored weights, in float32, frozen, in eval mode, on the CPU.

    Weights of torchvision that are not here are downloaded; ``progress(done, total)`` then counts bytes.

    Raises:
        InvalidInput: the file is missing and cannot be downloaded, is broken, is not the one that the card was written
            for, or does not match the architecture.
    """
    if card.family == torchvision_models.FAMILY:
        return assemble(card, torchvision_models.fetch(card, progress))
    if named.is_named(card.slug):
        return freeze(named.build(card, progress)[1])
    if is_own(card.slug):
        return own.fetch(card).module
    path = weights_file(card)
    try:
        if not path.is_file():
            raise FileNotFoundError(errno.ENOENT, "no such file")
        data = path.read_bytes()
        check_bytes(card, data, path.name)
        weights = load(data)
    except (OSError, SafetensorError) as error:
        raise InvalidInput(
            "The weights of {model} cannot be read from {path}: {reason}. Copy the file again, or train the model "
            "again.",
            model=card.slug,
            path=path,
            reason=reason(error),
        ) from error
    return assemble(card, weights)
