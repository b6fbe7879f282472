"""Decide which architecture a bare state dict has: the one that its file states, one that is recognized, or a question.

Several architectures may have tensors of the same names and shapes and compute something else. Where the file states
none of them, torchvision's is taken, which is the most common, and the others are named. Without one, it is requested.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from core.messages import Message
from core.models.files.weights import Weights
from core.models.libraries import timm_models, torchvision_models
from core.models.naming import nearest, nearest_to_file
from core.models.user_models import hub_models, recognition, user_card
from core.models.user_models.recognition import Match
from core.models.user_models.saved_files import CONFIG, WEIGHTS, Files
from core.models.user_models.stated_architecture import empty, fits, stated_names, stated_texts
from core.types import InvalidInput, ModelCard

ARCHITECTURE = "architecture"
COMMON = ("torchvision/resnet18", "torchvision/resnet50", "timm/vit_tiny_patch16_224", "timm/resnet18")
USUAL = 224
SHOWN = 8
"""The most names in a sentence."""


@dataclass(frozen=True)
class Missing:
    """What the files of a model do not state.

    ``field`` is "architecture", "classes", "size" or "normalization" (``mean`` and ``std``), an argument of
    ``open_files``; ``sentence`` states what is assumed, ``assumed``. Where that is None, the model cannot be opened
    without a choice. ``choices`` are the likely values.
    """

    field: str
    sentence: Message
    assumed: Any = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Decision:
    """The ``architecture`` of weights, None if the user must choose it; what is ``missing``, and ``notes`` on the rest.

    ``classes`` is the number of classes, if the architecture was recognized.
    """

    architecture: str | None
    missing: tuple[Missing, ...] = ()
    notes: tuple[Message, ...] = ()
    classes: int | None = None


def decide(weights: Weights, files: Files) -> Decision:
    """The architecture of weights for which the caller states none."""
    match = recognition.candidates(weights)
    stated = stated_names(weights)
    for key, name in stated:
        if fits(name, weights, match.names):
            note = Message(
                "The file of the weights states the architecture {name} ({key}), which is used.", name=name, key=key
            )
            return Decision(name, (), (note,), match.classes)
    side = recognition.side_of(weights)
    match = of_side(of_positions(match, weights, side), side)
    taken = preferred(match, side)
    wrong = tuple(
        Message(
            "The file of the weights states the architecture {name} ({key}), which its tensors do not match.",
            name=name,
            key=key,
        )
        for key, name in stated[:1]
    )
    if taken is None:
        return Decision(None, (question(match, files, weights),))
    return Decision(taken, (Missing(ARCHITECTURE, recognized(taken, match), taken, match.names),), wrong, match.classes)


def classes_of(weights: Weights, architecture: str) -> int:
    """The number of classes of weights whose architecture the caller states."""
    match = recognition.candidates(weights)
    return match.classes if match.classes and architecture in match.names else recognition.outputs_of(weights)


def of_positions(match: Match, weights: Weights, side: int | None) -> Match:
    """The architectures with as many position embeddings as the weights have for pictures of a side."""
    if len(match.groups) < 2:
        return match
    own = positions(weights)
    fitting = tuple(group for group in match.groups if positions(empty(group[0], weights, side)) == own)
    return Match(fitting or match.groups, match.classes)


def positions(tensors: Mapping[str, Tensor]) -> list[tuple[int, ...]]:
    """The shapes of the position embeddings among tensors."""
    return sorted(tuple(one.shape) for key, one in tensors.items() if key.endswith(recognition.POSITIONS))


def of_side(match: Match, side: int | None) -> Match:
    """The architectures without those that compute the same as another one, but are usual for pictures of another side.

    ``side`` is that of the weights' position embeddings, None without these.
    """
    groups = [(group, [name for name in group if usual(name)[0] == side]) for group in match.groups if side]
    return Match(tuple(tuple(own or group) for group, own in groups), match.classes) if side else match


def preferred(match: Match, side: int | None) -> str | None:
    """The architecture to assume: torchvision's, or the only one; None if several fit and none is to be preferred.

    Of several that compute the same, it is the first if they are prepared for in the same way.
    """
    ours = [name for name in match.names if name.startswith(f"{torchvision_models.FAMILY}/")]
    if ours:
        return ours[0]
    if len(match.groups) != 1:
        return None
    first, *rest = match.groups[0]
    return first if all(usual(first)[bool(side) :] == usual(name)[bool(side) :] for name in rest) else None


def recognized(name: str, match: Match) -> Message:
    """That an architecture was recognized, with those that fit as well and compute something else."""
    others = [one for group in match.groups if name not in group for one in group]
    if not others:
        return Message("The architecture {name} is recognized by the names and shapes of the weights.", name=name)
    return Message(
        "The architecture {name} is recognized by the names and shapes of the weights. These weights also fit {others} "
        "of {library}, which would give other predictions. Choose one of them under Architecture if that is what was "
        "trained.",
        name=name,
        others=few([one.partition("/")[2] for one in others]),
        library=sorted({one.partition("/")[0] for one in others}),
    )


def few(names: Sequence[str]) -> list[str | Message]:
    """The first names, and how many more there are."""
    more = len(names) - SHOWN
    return [*names[:SHOWN], *([Message("and {count} more", count=more)] if more > 0 else [])]


def question(match: Match, files: Files, weights: Weights) -> Missing:
    """The question of the architecture, with the candidates if there are some, or else the nearest names."""
    title, found = files.title, files.weights()
    if match.names:
        sentence = Message(
            "The weights of {model} match several architectures: {names}. Choose the one that was trained.",
            model=title,
            names=few(match.names),
        )
        return Missing(ARCHITECTURE, sentence, None, match.names)
    near = similar(weights, found[0] if found else "")
    every = tuple(dict.fromkeys((*near, *COMMON, *recognition.names())))
    if near:
        sentence = Message(
            "The architecture of {model} is not recognized. The most similar names are {names}. Choose the right one, "
            "or name another.",
            model=title,
            names=list(near),
        )
    elif found is not None and found[0] in WEIGHTS:
        sentence = Message(
            "{config} is missing, which transformers and timm save in the same folder as {name}. Add it, or name the "
            "architecture, such as {names} or hf:OWNER/NAME.",
            config=CONFIG,
            name=found[0],
            names=COMMON[:2],
        )
    else:
        sentence = Message(
            "The architecture of {model} is not recognized. Name it, such as {names}.", model=title, names=COMMON[:3]
        )
    return Missing(ARCHITECTURE, sentence, None, every)


def usual(architecture: str) -> tuple[int, tuple[float, float, float], tuple[float, float, float]]:
    """Size, mean and deviation that the library's own weights of an architecture have.

    Raises:
        InvalidInput: there is no such architecture.
    """
    family, _, name = architecture.partition("/")
    if family == torchvision_models.FAMILY:
        card = torchvision_models.make_card(name)
        return card.size, card.mean, card.std
    if architecture.startswith(user_card.HUB):
        return hub_models.usual(architecture.removeprefix(user_card.HUB))
    if family != timm_models.FAMILY:
        near = nearest(architecture, recognition.names())
        raise InvalidInput(
            "There is no architecture '{name}'. Name one such as {names}.", name=architecture, names=near or COMMON
        )
    timm_models.check_architecture(name)
    settings = timm_models.find_settings(name)
    if settings is None:
        return USUAL, ModelCard.mean, ModelCard.std
    return settings.input_size[-1], tuple(settings.mean), tuple(settings.std)


def similar(weights: Weights, file: str) -> tuple[str, ...]:
    """The most similar names to what the checkpoint states, or else to the name of its file."""
    known = recognition.names()
    for _, text in stated_texts(weights):
        near = nearest(text.rpartition("/")[2].partition(".")[0], known)
        if near:
            return tuple(near)
    return tuple(nearest_to_file(file, known))
