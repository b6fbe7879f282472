"""The derivation of one attention weight of a model for one picture."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from core import checking
from core.attention.derivation import Derivation, Place, derive_weight
from core.classifier import Classifier, takes_classifier
from core.messages import Message
from core.types import InvalidInput, Picture


@takes_classifier
def derive(
    classifier: Classifier, picture: Picture, tap: str, *, part: int | None = None, cell: tuple[int, int] | None = None
) -> Derivation:
    """Derive one weight of a tap for a picture, term by term, from the input of its module.

    ``part`` is the head, the channel or the glimpse, from 0, and ``cell`` the row and the column, from 0: of the query
    where tokens are compared (None: the class token, if there is one), else of the weight. The derived weight is then
    the largest of that query. It agrees with that of the reading up to rounding.

    Raises:
        InvalidInput: no such tap, part or cell, or a module that is none of Fovea's own mechanisms.
    """
    checking.picture(picture, "derive")
    if tap not in classifier.taps:
        raise InvalidInput(
            "{model} has no tap '{name}'. It has: {taps}.",
            model=classifier.card.slug,
            name=tap,
            taps=[*classifier.taps] or [Message("none")],
        )
    module = owner(classifier, tap)

    def job() -> Tensor:
        inputs: list[Tensor] = []
        handle = module.register_forward_pre_hook(lambda _, given: inputs.append(given[0].detach()))
        try:
            with torch.no_grad():
                classifier.scores(classifier.prepare(picture))
        finally:
            handle.remove()
        return inputs[0]

    return derive_weight(module, classifier.run(job), Place(part, cell))


def can_derive(classifier: Classifier, tap: str) -> bool:
    """Whether ``derive`` knows the module of that tap."""
    return derive_weight.dispatch(type(owner(classifier, tap))) is not derive_weight.dispatch(object)


def owner(classifier: Classifier, tap: str) -> nn.Module:
    """Return the module that uses the weights of a tap."""
    modules: dict[str, Any] = dict(classifier.module.named_modules())
    return modules[tap]
