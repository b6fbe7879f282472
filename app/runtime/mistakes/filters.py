"""The filter and the order of the pictures of a run."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

TAGS = ("wrong-label", "shortcut", "ambiguous")
"""The predefined tags; users can add their own."""


class Answers(StrEnum):
    """Which answers are shown. A picture without a true class is neither right nor wrong."""

    ALL = "all"
    WRONG = "wrong"
    RIGHT = "right"


class Sort(StrEnum):
    """The order of the pictures."""

    CONFIDENT = "confident"  # the wrong ones first, the most confident on top; then the right ones, the least confident
    LOSS = "loss"  # the largest first
    DISAGREEMENT = "disagreement"  # of attention and gradient, the largest first
    LISTED = "listed"  # the order of the data


@dataclass(frozen=True)
class Group:
    """Pictures that were chosen together, by their numbers in the collection: a group of similar maps, or a lasso."""

    title: str
    numbers: tuple[int, ...]


@dataclass(frozen=True)
class Filter:
    """Which pictures of a run are shown, and in which order; all of them to begin with.

    ``true`` and ``predicted`` are classes, "" for any; ``confidence`` and ``agreement`` are ranges, both ends included.
    A picture whose agreement is not known is shown as long as the range is whole.
    """

    true: str = ""
    predicted: str = ""
    answers: Answers = Answers.ALL
    confidence: tuple[float, float] = (0.0, 1.0)
    agreement: tuple[float, float] = (-1.0, 1.0)
    tag: str = ""
    group: Group | None = None
    lasso: Group | None = None
    sort: Sort = Sort.CONFIDENT

    @property
    def narrow(self) -> bool:
        """Whether it excludes anything."""
        return self != Filter(sort=self.sort)
