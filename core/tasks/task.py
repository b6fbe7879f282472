"""The definition of a task: its question, its answers, and how the picture of a seed is composed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.messages import translatable
from core.tasks.layout import Layout


@dataclass(frozen=True)
class Task:
    """A question about drawn pictures whose answer depends on a cue in the picture.

    ``slug`` is also its family of models. ``compose(seed, answer)`` gives the picture of a seed, and with an answer the
    same picture whose cue leads there. ``cue`` is what the cue is called. ``chance`` is the accuracy of a
    random choice among the objects that it can point to. ``first`` is the number of the picture that is shown first.
    There are ``training`` pictures to train on; ``essential`` is the share of those that show only what the answer
    depends on. ``level(seed)`` is how difficult a picture is, from 1, where some are easier than others.
    """

    slug: str
    title: str
    question: str
    cue: str
    classes: tuple[str, ...]
    chance: float
    compose: Callable[[int, str | None], Layout]
    first: int = 0
    essential: float = 0.0
    level: Callable[[int], int] | None = None
    training: int = 12_000

    def __post_init__(self) -> None:
        """Title, question and the cue's name can be translated."""
        translatable(self, "title", "question", "cue")
