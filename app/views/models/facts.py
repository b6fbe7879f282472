"""The facts of a card, as far as they are valid, since anybody may have written the card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from core import ModelCard


def is_number(value: Any) -> bool:
    """A number that can be drawn."""
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def fact_number(card: ModelCard, name: str) -> float | None:
    """The number of that name, or None."""
    value = card.facts.get(name)
    return value if is_number(value) else None


def independent(card: ModelCard) -> float | None:
    """The accuracy where the learned shortcut is independent of the class, or None."""
    found = card.facts.get("independent")
    share = found.get("accuracy") if isinstance(found, dict) else None
    return share if is_number(share) else None


def fact_text(card: ModelCard, name: str) -> str:
    """The text of that name, or nothing."""
    value = card.facts.get(name)
    return value if isinstance(value, str) else ""


def history(card: ModelCard) -> Sequence[Mapping[str, Any]]:
    """The epochs of the training, each with its loss and its accuracy; none if the card does not state them."""
    lines = card.facts.get("history")
    needed = ("epoch", "loss", "accuracy")
    well = isinstance(lines, list) and all(
        isinstance(line, dict) and all(is_number(line.get(name)) for name in needed) for line in lines
    )
    return lines if well else ()


def confusion(card: ModelCard) -> Sequence[Sequence[int]] | None:
    """k lists of k counts, rows true, columns predicted, or None."""
    rows, k = card.facts.get("confusion"), len(card.classes)

    def counts(row: Any) -> bool:
        return isinstance(row, list) and len(row) == k and all(isinstance(one, int) and one >= 0 for one in row)

    return rows if isinstance(rows, list) and len(rows) == k and all(map(counts, rows)) else None


def seeds(card: ModelCard) -> tuple[Sequence[float], float, float] | None:
    """The accuracies of trainings that differ in their seed only, their mean and standard deviation, or None."""
    found = card.facts.get("seeds")
    if not isinstance(found, dict) or not isinstance(found.get("accuracies"), list):
        return None
    numbers = (*found["accuracies"], found.get("mean"), found.get("std"))
    return (found["accuracies"], found["mean"], found["std"]) if all(map(is_number, numbers)) else None
