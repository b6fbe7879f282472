"""Check arguments before they are used; error messages name the remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from inspect import signature
from itertools import islice
from typing import Any, ParamSpec, TypeVar

import numpy as np

from core.messages import Message
from core.types import InvalidInput, Picture

P = ParamSpec("P")
T = TypeVar("T")

LOAD_ONE = Message("Load one with core.load(name), or take a module with core.adopt(module).")
LONGEST = 60
NAMED = 10


def picture(given: Any, function: str) -> Picture:
    """Return the argument of the named function if it is a picture.

    Raises:
        InvalidInput: it is not a picture.
    """
    if not isinstance(given, Picture):
        raise InvalidInput(
            "{function} takes a Picture. Create one with open_image(path, bytes or array).", function=function
        )
    return given


def takes(kind: type, remedy: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Decorate a function whose first argument must be of a type; the ``remedy`` is how to create one.

    For any other type, the function raises InvalidInput.
    """

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        first, name = next(iter(signature(function).parameters)), function.__name__

        @wraps(function)
        def checked(*arguments: P.args, **named: P.kwargs) -> T:
            given: Any = arguments[0] if arguments else named.get(first)
            if not isinstance(given, kind):
                raise InvalidInput(
                    "{function} takes a {kind}, not {given}. {remedy}",
                    function=name,
                    kind=kind.__name__,
                    given=brief(given),
                    remedy=remedy,
                )
            return function(*arguments, **named)

        return checked

    return decorate


def brief(given: Any) -> str:
    """Return a value as text for a sentence: one line, shortened."""
    text = " ".join(repr(given).split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def listed(names: Iterable[str]) -> list[str]:
    """Return the first ten names for a sentence, with an ellipsis if there are more."""
    first = [*islice(names, NAMED + 1)]
    return [*first[:NAMED], "..."] if len(first) > NAMED else first


def whole(given: Any, low: int, high: int | None, name: str) -> int:
    """Return an integer from ``low`` to ``high`` (None: no upper bound); numpy integers are accepted, bool is not.

    Raises:
        InvalidInput: it is anything else; ``name`` is the name of the value in the message.
    """
    is_whole = isinstance(given, int | np.integer) and not isinstance(given, bool)
    if not is_whole or given < low or (high is not None and given > high):
        if high is None:
            raise InvalidInput(
                "{name} must be a whole number of at least {low}, not {given}.", name=name, low=low, given=brief(given)
            )
        raise InvalidInput(
            "{name} must be a whole number from {low} to {high}, not {given}.",
            name=name,
            low=low,
            high=high,
            given=brief(given),
        )
    return int(given)
