"""The kind of a model's outputs, and their probabilities.

    logits          p = softmax(z) over the classes
    sigmoid         p = 1 / (1 + exp(−z)) of each output separately; they need not add up to one
    probabilities   p = z, shown unchanged

The card states the kind (``output``), and the model is tested: if the card states logits, which is the default, and the
outputs are probabilities, they are treated as probabilities. A score, which every map explains, is the model's output:
a logit, or a probability. Log-probabilities are logits, too, because the softmax of log p is p.

A model with one output separates two outcomes. With two class names the output is that of the second one, like the
labels 0 and 1; with one name, ``tumor``, it is that of this class, and the other outcome is called ``not tumor``.
The scores of the two are z and −z, or p and 1 − p.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from core.messages import Message
from core.types import LOGITS, PROBABILITIES, SIGMOID, InvalidInput, ModelCard

NOT = "not "
YES, NO = ("1", "true", "yes", "positive", "pos"), ("0", "false", "no", "negative", "neg")
TRIES = 6
"""Pictures on which outputs must look like probabilities to be treated as such."""
CLOSE = 1e-3
"""The largest distance from one of the sum of a picture's probabilities."""
LEAST = float(torch.finfo(torch.float32).tiny)
"""Replaces a probability of zero in a logarithm: the smallest normal number in single precision."""
ENDS = ("Sigmoid", "Softmax", "Hardsigmoid")
THROUGH = (
    *("View", "UnsafeView", "Reshape", "Alias", "Squeeze", "Unsqueeze", "Select", "Slice", "Split", "Cat", "Stack"),
    *("Clone", "ToCopy", "Mean", "Sum", "Add", "Sub", "Rsub", "Div", "Clamp", "Permute", "Transpose", "T"),
)
"""Steps of a graph after which an output is still a probability, or a mean of probabilities."""


def outcomes(classes: Sequence[str]) -> tuple[str, ...]:
    """The names of a model's outcomes: its classes, or a single class and its absence."""
    return (*classes, NOT + classes[0]) if len(classes) == 1 else tuple(classes)


def absent_class(classes: Sequence[str]) -> bool:
    """Whether the second of two outcomes is the absence of the first."""
    return len(classes) == 2 and classes[1] == NOT + classes[0]


def outputs_of(classes: Sequence[str]) -> int:
    """The number of outputs of a head for these classes: one if the second is the absence of the first."""
    return 1 if absent_class(classes) else len(classes)


def aliases(card: ModelCard) -> dict[str, int]:
    """Other labels for the two outcomes of one output, in lower case: 0 and 1, no and yes."""
    if len(card.classes) != 2:
        return {}
    own = int(not absent_class(card.classes))  # the index of the class of the output
    found = dict.fromkeys(YES, own) | dict.fromkeys(NO, 1 - own)
    if absent_class(card.classes):
        found |= {f"{word} {card.classes[0].casefold()}": 1 for word in ("not", "no", "non", "without")}
    return found


def fits(count: int, classes: Sequence[str]) -> bool:
    """Whether ``count`` outputs can be those of the classes."""
    return count == len(classes) or (count == 1 and len(classes) == 2)


def arrange(y: Tensor, card: ModelCard) -> Tensor:
    """The score of each class (..., k) from a model's outputs (..., k), or from its only one (..., 1) or (b,)."""
    y = y[:, None] if y.ndim == 1 else y
    if y.shape[-1] != 1 or len(card.classes) != 2:
        return y
    other = 1 - y if card.output == PROBABILITIES else -y
    return torch.cat((y, other) if absent_class(card.classes) else (other, y), -1)


def probabilities(scores: Tensor, card: ModelCard) -> Tensor:
    """The probabilities (..., k) of scores (..., k)."""
    kind = meaning(scores, card)
    return scores if kind == PROBABILITIES else scores.sigmoid() if kind == SIGMOID else scores.softmax(-1)


def log_probabilities(scores: Tensor, card: ModelCard) -> Tensor:
    """Their logarithms, also exact for very small probabilities."""
    kind = meaning(scores, card)
    if kind == PROBABILITIES:
        return scores.clamp(min=LEAST).log()
    return nn.functional.logsigmoid(scores) if kind == SIGMOID else scores.log_softmax(-1)


def meaning(scores: Tensor, card: ModelCard) -> str:
    """The kind of the scores; for a single output there is no softmax."""
    return card.output if card.output in (SIGMOID, PROBABILITIES) else SIGMOID if scores.shape[-1] == 1 else LOGITS


def answered(scores: Tensor, card: ModelCard) -> Tensor:
    """Which pictures have valid scores, (b,) bool: finite, and probabilities if the card states it."""
    fine = scores.isfinite()
    if card.output == PROBABILITIES:
        fine &= (scores >= -CLOSE) & (scores <= 1 + CLOSE)
    return fine.flatten(1).all(1)


def unanswered(scores: Tensor, card: ModelCard, picture: str) -> InvalidInput:
    """The error for a picture without valid scores; ``picture`` is its name in the sentence."""
    if scores.isfinite().all():
        return InvalidInput(
            "The outputs of {model} are treated as probabilities, but those for {picture} are not. Let the model "
            "return logits.",
            model=card.slug,
            picture=picture,
        )
    return InvalidInput(
        "The output of {model} for {picture} is not finite (NaN or infinity). Check its weights, and its size, "
        "mean and std.",
        model=card.slug,
        picture=picture,
    )


CHANGED = Message("this picture or a changed copy of it")


def require(scores: Tensor, card: ModelCard, picture: str = CHANGED) -> Tensor:
    """The same scores, if they are valid for every picture.

    Raises:
        InvalidInput: they are not valid for one of them.
    """
    if not bool(answered(scores.detach(), card).all()):
        raise unanswered(scores.detach(), card, picture)
    return scores


def probes(like: Tensor) -> Iterator[Tensor]:
    """``TRIES`` different pictures (1, 3, h, w): alternating smooth and fine noise, of growing contrast."""
    draw = torch.Generator().manual_seed(0)
    for place in range(TRIES):
        side = 8 if place % 2 == 0 else like.shape[-1]
        noise = torch.randn(1, 3, side, side, generator=draw, dtype=torch.float32) * (1 + place / 3)
        whole = nn.functional.interpolate(noise, like.shape[-2:], mode="bilinear")
        yield whole.to(like)


def detect_output(card: ModelCard, module: nn.Module, like: Tensor) -> ModelCard:
    """The card with the kind of the outputs, detected on pictures of the shape of ``like`` (1, 3, h, w).

    Outputs are probabilities if none is below zero and those of each picture add up to one, or if all are from 0 to 1
    and the last step is a sigmoid. Otherwise a single output is a logit. With a single class, the other outcome gets
    its name.

    Raises:
        InvalidInput: an ordinary picture has no finite output, the card states probabilities but the outputs are not, a
            single output is always 1, or outputs may be logits or probabilities.
    """
    card, found = replace(card, classes=outcomes(card.classes)), []
    with torch.no_grad():
        for picture in probes(like):
            y = module(picture).detach().float().reshape(1, -1)
            if not bool(y.isfinite().all()):
                raise unanswered(y, card, Message("an ordinary picture"))
            found.append(y)
            if len(found) > 1 and not bool(((y >= 0) & (y <= 1)).all()):
                break
    y = torch.cat(found)
    kind = detect(y, made_by(module, like) if len(found) == TRIES else set())
    return replace(card, output=agreed(card, kind, y))


def agreed(card: ModelCard, kind: str | None, y: Tensor) -> str:
    """The kind of the outputs y (b, k), by the card and the detected ``kind``; InvalidInput as ``detect_output``."""
    if card.output == PROBABILITIES and bool(((y < -CLOSE) | (y > 1 + CLOSE)).any()):
        raise InvalidInput(
            "The card of {model} states that its outputs are probabilities, but one of them is {value:.3g}. Set "
            "output: {output} in the card.",
            model=card.slug,
            value=float(y.flatten()[y.abs().argmax()]),
            output=SIGMOID if y.shape[1] == 1 else LOGITS,
        )
    if card.output != PROBABILITIES and kind == PROBABILITIES:  # "sigmoid" then means the model's own last step
        return PROBABILITIES
    if card.output == LOGITS and kind is None and y.shape[1] > 1:
        raise InvalidInput(
            "The outputs of {model} lie between 0 and 1, and it is not clear what they are. Set output: "
            "{probabilities} in its card if they are probabilities, or output: {sigmoid} if each is an "
            "independent logit.",
            model=card.slug,
            probabilities=PROBABILITIES,
            sigmoid=SIGMOID,
        )
    if card.output == LOGITS and kind is None:
        raise InvalidInput(
            "The only output of {model} lies between 0 and 1. Set output: {probabilities} in its card if it is a "
            "probability, or output: {sigmoid} if it is a logit.",
            model=card.slug,
            probabilities=PROBABILITIES,
            sigmoid=SIGMOID,
        )
    return SIGMOID if y.shape[1] == 1 and card.output == LOGITS else card.output


def detect(y: Tensor, steps: set[str]) -> str | None:
    """The kind of outputs y (b, k) of several pictures, made by the last ``steps``; None if it is not clear."""
    if y.shape[1] == 1 and "Softmax" in steps and bool((y == 1).all()):
        raise InvalidInput(
            "The model's only output is always 1, because of a softmax over one output. Remove the softmax."
        )
    if len(y) < TRIES or bool((y < 0).any()):
        return LOGITS
    if y.shape[1] > 1 and bool(((y.sum(1) - 1).abs() <= CLOSE).all()):
        return PROBABILITIES
    if bool((y > 1).any()):
        return LOGITS
    if steps and steps <= set(ENDS):
        return PROBABILITIES
    return None if not steps and (y.shape[1] == 1 or bool(((y > 0) & (y < 1)).any())) else LOGITS


def made_by(module: nn.Module, like: Tensor) -> set[str]:
    """The last steps that the outputs depend on, by their names in torch; empty without a gradient."""
    try:
        with torch.enable_grad():
            y = module(next(probes(like)).requires_grad_().clone())  # a module may change it in place
    except Exception:  # foreign modules without gradients may raise anything
        return set()
    found, waiting = set(), [y.grad_fn]
    while waiting:
        node = waiting.pop()
        name = "" if node is None else node.name().partition("Backward")[0]
        if name in THROUGH:
            waiting += [one for one, _ in node.next_functions if one is not None]
        elif name:
            found.add(name)
    return found
