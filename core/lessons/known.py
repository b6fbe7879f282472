"""What a lesson's state and claims may name: the models, samples, methods and ways of changing attention there are."""

from __future__ import annotations

from collections.abc import Callable

from core.attribution import METHODS
from core.checking import listed
from core.data import open_sample
from core.evaluation.erasure import FILLS, WHICH
from core.lessons.altered import ALTERATIONS
from core.lessons.measured import WAYS
from core.messages import Message
from core.models import zoo
from core.tasks import ROLES
from core.types import InvalidInput

MOST_PICTURES = 2000


def one_of(names: tuple[str, ...]) -> Callable[[str], Message | None]:
    """A check whether a value is one of these names."""

    def check(value: str) -> Message | None:
        if value in names:
            return None
        return Message("There is no '{value}'. Possible are: {names}.", value=value, names=list(names))

    return check


def model(value: str) -> Message | None:
    """Whether the zoo has a model with its weights, so that a lesson works without a network."""
    stored = [card.slug for card in zoo.stored()]
    if value in stored:
        return None
    return Message("There is no model '{value}' here. Possible are: {names}.", value=value, names=listed(stored))


def sample(value: str) -> Message | None:
    """Whether there is such a picture."""
    try:
        open_sample(value)
    except InvalidInput as error:
        return error.message
    return None


def whole_number(low: int, high: int) -> Callable[[str], Message | None]:
    """A check whether a value is a whole number in a range."""

    def check(value: str) -> Message | None:
        if value.isdecimal() and low <= int(value) <= high:
            return None
        return Message("'{value}' must be a whole number from {low} to {high}.", value=value, low=low, high=high)

    return check


CHECKS: dict[str, Callable[[str], Message | None]] = {
    "model": model,
    "sample": sample,
    "method": one_of(tuple(one.slug for one in METHODS)),
    "way": one_of(WAYS),
    "role": one_of((*ROLES, "object", "tag", "background")),
    "pictures": whole_number(2, MOST_PICTURES),
    "stages": whole_number(1, 99),
    "count": whole_number(1, 99),
    "block": whole_number(1, 512),
    "alter": one_of(tuple(ALTERATIONS)),
    "by": one_of(("cue", "mirror")),
    "on": one_of(("validation", "independent")),
    "over": one_of(("pictures", "seeds")),
    "which": one_of(WHICH),
    "fill": one_of(tuple(FILLS)),
    "erase_fill": one_of(tuple(FILLS)),
    "test": one_of(("intervene", "erase", "check")),
}
"""A check for each name whose values are known; the values of the others depend on the model."""


def unknown(name: str, value: str) -> Message | None:
    """What is wrong with a value, in a sentence; None where nothing is, or nothing is known of the name."""
    check = CHECKS.get(name)
    return check(value) if check else None
