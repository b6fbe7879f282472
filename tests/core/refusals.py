"""The sentence of a refusal: what a wrong call must raise, and how it must read."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.types import InvalidInput


def refusal(call: Callable[..., object], *arguments: object, **options: object) -> str:
    """The sentence of a refused call: one line that ends with a full stop."""
    with pytest.raises(InvalidInput, match=r"^[^\n]+\.$") as caught:
        call(*arguments, **options)
    return str(caught.value)


def short_refusal(call: Callable[..., object], *arguments: object, **options: object) -> str:
    """The same for a call that is refused in one sentence, or two at most."""
    sentence = refusal(call, *arguments, **options)
    assert sentence.count(". ") < 2, sentence
    return sentence
