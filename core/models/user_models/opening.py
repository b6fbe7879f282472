"""Open the files of a model without a card: a folder saved by its library, a checkpoint, or a bare state dict.

What the files do not state is assumed, and each assumption is a sentence in the classifier's notes. ``missing`` lists
the same for a form: which field, what is assumed, and what there is to choose from. The address of a file can state it:

    file:last.ckpt?architecture=timm/vit_tiny_patch16_224&classes=cat|dog&size=224
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, unquote_plus

from torch import nn

from core.messages import Message
from core.models.files.weights import Weights
from core.models.libraries.described import ASSUMED, NUMBERED, imagenet, numbered
from core.models.user_models import own, user_card
from core.models.user_models.deciding import ARCHITECTURE, Decision, Missing, classes_of, decide, usual
from core.models.user_models.hyper_parameters import find_classes, find_normalization, find_resizing, find_size
from core.models.user_models.recognition import side_of
from core.models.user_models.replaced_head import usual_head
from core.models.user_models.saved import open_saved
from core.models.user_models.saved_files import CONFIG, Files, FolderFiles, in_folder, read_all, uploaded
from core.types import InvalidInput, ModelCard

CLASSES, SIZE, NORMALIZATION = "classes", "size", "normalization"
ADDRESSED = (ARCHITECTURE, CLASSES, SIZE)
"""What the address of a file can state."""
EXAMPLE = "file:last.ckpt?architecture=timm/resnet18&classes=cat|dog&size=224"


class Undecided(InvalidInput):
    """The files do not state what a model cannot be opened without."""

    def __init__(self, missing: tuple[Missing, ...], slug: str) -> None:
        sentence = how_to_state(next(one for one in missing if one.assumed is None), slug)
        super().__init__(sentence.template, **sentence.values)
        self.missing = missing


def how_to_state(one: Missing, slug: str) -> Message:
    """The question of what is missing, and where to state it: in the address of a model, or in a call for its bytes."""
    if not slug.startswith(own.FILE):
        call = f"core.open_files(files, {one.field}='{one.choices[0]}')"
        return Message("{question} In Python: {call}.", question=one.sentence, call=call)
    return Message(
        "{question} Add it to the address: {address}.",
        question=one.sentence,
        address=f"{slug}{'&' if '?' in slug else '?'}{one.field}={one.choices[0]}",
    )


@dataclass(frozen=True, eq=False)
class Opened:
    """A model from its files: the card, the module or the weights to fill its architecture with, and what is missing.

    ``module`` is None for a bare state dict, which ``own.admitted`` fills into the architecture of the card.
    """

    card: ModelCard
    module: nn.Module | None
    weights: Weights
    missing: tuple[Missing, ...]


@dataclass(frozen=True)
class Choices:
    """What the caller states about a model in place of its files."""

    architecture: str | None = None
    classes: Sequence[str] | None = None
    size: int | None = None
    mean: Sequence[float] | None = None
    std: Sequence[float] | None = None

    def fields(self) -> dict[str, Any]:
        """The fields of a card that are stated, architecture apart."""
        lists = {"classes": self.classes, "mean": self.mean, "std": self.std}
        stated: dict[str, Any] = {key: tuple(one) for key, one in lists.items() if one is not None}
        return stated | ({"size": self.size} if self.size is not None else {})

    def states(self, field: str) -> bool:
        """Whether a field of ``Missing`` is stated."""
        return getattr(self, "mean" if field == NORMALIZATION else field) is not None


def open_upload(files: Mapping[str, bytes], choices: Choices) -> Opened:
    """A model from uploaded files by name; its slug is ``own/`` and twelve digits of their sha256.

    Raises:
        InvalidInput: they are too large, cannot be read or are refused, or do not match.
    """
    if not isinstance(files, Mapping) or not files or not all(isinstance(one, bytes) for one in files.values()):
        raise InvalidInput("open_files takes a dict from file names to the bytes of the files.")
    if sum(map(len, files.values())) > own.MAX_WEIGHTS:
        raise InvalidInput(
            "The files are larger than {megabytes} MB. Give the path of their folder instead: file:PATH.",
            megabytes=own.MAX_WEIGHTS >> 20,
        )
    digest = sha256()
    for name, data in sorted(files.items()):
        digest.update(name.encode(errors="replace") + sha256(data).digest())
    return opened(uploaded(files, Message("the upload")), f"{own.FAMILY}/{digest.hexdigest()[:12]}", choices)


def find_missing(files: Mapping[str, bytes], choices: Choices) -> tuple[Missing, ...]:
    """What uploaded files do not state; InvalidInput as ``open_upload``."""
    try:
        return open_upload(files, choices).missing
    except Undecided as error:
        return error.missing


def address(slug: str) -> tuple[Path, Choices]:
    """The path in ``file:PATH?FIELD=VALUE&...``, and what the address states.

    Raises:
        InvalidInput: a field is unknown, or named twice, or a size is no number.
    """
    text = slug.removeprefix(own.FILE)
    marks = [at for at, letter in enumerate(text) if letter == "?"]
    if not marks or Path(text).expanduser().exists():
        return Path(text).expanduser(), Choices()
    end = next((at for at in marks if Path(text[:at]).expanduser().exists()), marks[0])
    pairs = [part.partition("=")[::2] for part in text[end + 1 :].split("&")]
    stated: dict[str, Any] = {key: [unquote_plus(one) for one in value.split("|")] for key, value in pairs}
    size = stated.get(SIZE, ["1"])
    wrong = len(stated) < len(pairs) or set(stated) - set(ADDRESSED) or [""] in stated.values()
    if wrong or not all(len(one) == 1 for key, one in stated.items() if key != CLASSES) or not size[0].isdecimal():
        raise InvalidInput(
            "'{query}' cannot be read. Write it like this: {example}.", query=text[end + 1 :], example=EXAMPLE
        )
    architecture = stated.get(ARCHITECTURE, [None])[0]
    return Path(text[:end]).expanduser(), Choices(
        architecture, stated.get(CLASSES), int(size[0]) if SIZE in stated else None
    )


def with_classes(slug: str, classes: Sequence[str]) -> str:
    """The address of a file with the names of its classes."""
    stated = "|".join(quote_plus(one, safe=" ,.") for one in classes)
    return f"{slug}{'?' if address(slug)[1] == Choices() else '&'}{CLASSES}={stated}"


def is_uncarded(slug: str) -> bool:
    """Whether a slug is the path of a folder, or of a file that is no card."""
    if not slug.startswith(own.FILE):
        return False
    path = address(slug)[0]
    return path.is_dir() or path.suffix.lower() != ".json"


def open_path(slug: str) -> Opened:
    """A model from a folder or a file of weights, ``file:<path>``; InvalidInput as ``open_upload``."""
    path, choices = address(slug)
    if not path.exists():
        raise InvalidInput("There is no file or folder {path}. Check the path.", path=path)
    files = in_folder(path) if path.is_dir() else FolderFiles(path.name, {path.name: path})
    return opened(files, slug, choices)


def opened(files: Files, slug: str, choices: Choices) -> Opened:
    """A model from its files."""
    if files.get((CONFIG,)) is not None and choices.architecture is None:
        card, module = open_saved(files, slug)
        weights: Weights = {}
        given = gaps(card)
    else:
        weights, _, digest = read_all(files)
        weights, renamed = usual_head(weights, choices.architecture)
        card, given = bare_card(weights, slug, choices, files)
        card.facts[ASSUMED] = [*card.facts.get(ASSUMED, ()), *renamed]
        card.facts["checksum"], module = digest, None
        if card.title:  # the architecture is known
            card, choices = completed(card, weights, choices)
    stated = tuple(one for one in given if not choices.states(one.field))
    if any(one.assumed is None for one in stated):
        raise Undecided(stated, slug)
    kept = [one for one in card.facts.get(ASSUMED, ()) if one not in {gap.sentence for gap in given}]
    facts = card.facts | {ASSUMED: [*kept, *(one.sentence for one in stated)]}
    return Opened(settled(replace(card, facts=facts), choices, slug), module, weights, stated)


def completed(card: ModelCard, weights: Weights, choices: Choices) -> tuple[ModelCard, Choices]:
    """The choices with what the hyperparameters of a checkpoint state, and the card with a note on it."""
    classes = None if choices.classes else find_classes(weights, len(card.classes))
    size = None if choices.size or side_of(weights) else find_size(weights)
    scaling = None if choices.mean or choices.std else find_normalization(weights)
    if classes is not None:
        choices = replace(choices, classes=classes[1])
    if size is not None:
        choices = replace(choices, size=size[1])
    if scaling is not None:
        choices = replace(choices, mean=scaling[0][1], std=scaling[1][1])
    names, fields = find_resizing(weights, choices.size or card.size)
    names = [one[0] for one in (classes, size, *(scaling or ())) if one is not None] + names
    if not names:
        return card, choices
    card = replace(card, **fields)
    note = Message(
        "The file of the weights states {names} in its hyperparameters, which are used.",
        names=names,
    )
    return replace(card, facts=card.facts | {ASSUMED: [*card.facts.get(ASSUMED, ()), note]}), choices


def settled(card: ModelCard, choices: Choices, slug: str) -> ModelCard:
    """The card with what the caller states, checked."""
    fields = choices.fields()
    count = len(fields.get("classes", card.classes))
    if count != len(card.classes) and not (count == 2 and len(card.classes) == 1):
        raise InvalidInput(
            "The model has {outputs} outputs, but {named} classes are named. Name each class once, in order.",
            outputs=len(card.classes),
            named=count,
        )
    user_card.checked(dict(fields), Message("What is stated about the model"))
    if "size" in fields and (card.resize or 0) < int(fields["size"] or 0):
        fields["resize"] = None
    return replace(user_card.check(replace(card, slug="own/model", **fields)), slug=slug)


def gaps(card: ModelCard) -> tuple[Missing, ...]:
    """What a configuration does not state, by the card that was made of it."""
    found = []
    assumed = card.facts.get(ASSUMED, ())
    if NUMBERED in assumed or all(name.startswith("LABEL_") for name in card.classes):
        found.append(Missing(CLASSES, NUMBERED, card.classes))
    given = next((one for one in assumed if one.startswith("The preprocessing is not stored")), None)
    if given is not None:
        found.append(Missing(NORMALIZATION, given, (card.mean, card.std)))
    return tuple(found)


def bare_card(weights: Weights, slug: str, choices: Choices, files: Files) -> tuple[ModelCard, tuple[Missing, ...]]:
    """The card of a bare state dict and what is assumed; the architecture is recognized if it is not stated."""
    found = Decision(choices.architecture) if choices.architecture is not None else decide(weights, files)
    architecture, given = found.architecture, [*found.missing]
    if architecture is None:
        return _unknown(slug), found.missing
    count = found.classes or classes_of(weights, architecture)
    classes = imagenet(count) if count == 1000 else None
    if classes is None:
        classes = numbered(count)
        given.append(Missing(CLASSES, NUMBERED, classes))
    else:
        given.append(Missing(CLASSES, Message("The class names are assumed to be those of ImageNet."), classes))
    size, mean, std = usual(architecture)
    side = side_of(weights)
    if side is None:
        sentence = Message("The input size is assumed to be {size} pixels.", size=size)
        given.append(Missing(SIZE, sentence, size))
    elif choices.size not in (None, side):
        raise InvalidInput(
            "The position embeddings of {model} are for {size} pixels. Leave out the size.",
            model=files.title,
            size=side,
        )
    sentence = Message(
        "The files do not state mean and std. Those of {name} are assumed ({mean}; {std}).",
        name=architecture,
        mean=", ".join(f"{one:g}" for one in mean),
        std=", ".join(f"{one:g}" for one in std),
    )
    given.append(Missing(NORMALIZATION, sentence, (mean, std)))
    title = architecture.rpartition("/")[2]
    card = ModelCard(
        slug,
        title,
        "plain",
        classes,
        size=side or size,
        mean=mean,
        std=std,
        architecture=architecture,
        facts={ASSUMED: [*found.notes]},
    )
    return card, tuple(given)


def _unknown(slug: str) -> ModelCard:
    return ModelCard(slug, "", "plain", ("class 0",))
