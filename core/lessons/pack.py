"""The parts of a lesson: steps that set the view, questions, measured claims, and texts by language.

A lesson is a folder of data, without code: ``lesson.toml`` has the structure, and one Markdown file for each language
has the texts, linked by the names of steps and options, so that a translation cannot change an answer.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.messages import Message

FORMAT = 1
SKELETON = "lesson.toml"
LABELS = Path(__file__).with_name("labels.toml")
"""The fixed texts of printed and exported lessons."""
LANGUAGES = tuple(tomllib.loads(LABELS.read_text("utf-8")))
"""The languages of lessons; each has a table of labels."""
VIEWS = ("explore", "mistakes", "trust", "models")
MISCONCEPTIONS = (
    "a-drop-proves-it",
    "a-mistake-is-random",
    "attention-always-helps",
    "attention-is-fixed",
    "attention-is-useless",
    "bright-is-reason",
    "brightest-glimpse-decides",
    "color-is-an-amount",
    "crisp-map-is-right",
    "gate-of-a-half",
    "gate-shows-a-place",
    "gradient-is-contribution",
    "high-gate-is-important",
    "looks-like-a-person",
    "maps-draw-one-thing",
    "mean-of-heads-is-the-attention",
    "more-attention-is-better",
    "name-is-function",
    "one-picture-proves-it",
    "positions-always-matter",
    "right-answer-right-reason",
    "rollout-explains-the-class",
    "rows-are-columns",
    "shortcut-shows-in-the-map",
    "transformer-knows-the-order",
    "zero-gradient-is-unused",
)
"""Common misconceptions about attention and explanations that a lesson can correct."""
HIDDEN = ("attention", "attribution", "prediction", "agreement", "tests", "measure")
"""What a step may hide until the learner has answered."""
STATE = (
    "model",
    "sample",
    "map",
    "method",
    "target",
    "contrast",
    "framing",
    "test",
    "changed",
    "way",
    "shuffle",
    "parts_off",
    "erase_map",
    "erase_share",
    "erase_fill",
    "seed",
    "order",
    "section",
    "view",
)
"""What a step may set: the fields of a link to Explore, the section of Trust, and the view of Models."""
CHOICE, POINT, NUMBER, RANK, TEXT = "choice", "point", "number", "rank", "text"
KINDS = (CHOICE, POINT, NUMBER, RANK, TEXT)
ABOUT, SAY, QUESTION, AFTER, NOTE = "about", "say", "ask", "after", "note"
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
BOUND = re.compile(r"(<=|>=|==)\s*(\S.*)")
BLOCKS = (ABOUT, SAY, QUESTION, AFTER, NOTE)
"""The blocks of words that a step may have: what the lesson is about (in its first step), its text, its question,
what follows the answer, and a teacher's note."""


@dataclass(frozen=True)
class Problem:
    """An error in a lesson: the file, the line (from 1; 0 for the whole file), and what to do."""

    file: str
    line: int
    sentence: Message

    @property
    def message(self) -> Message:
        """The message after the file and the line."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return Message("{place}: {sentence}", place=place, sentence=self.sentence)

    def __str__(self) -> str:
        return str(self.message)


@dataclass(frozen=True)
class Bound:
    """A bound for a measured value: ``sign`` is "<=", ">=" or "==", and ``value`` a number, or a text for "=="."""

    sign: str
    value: float | str

    @classmethod
    def parse(cls, text: object) -> Bound | None:
        """The bound in a text such as "<= 0.1" or "== car"; None where there is none."""
        found = BOUND.fullmatch(text.strip()) if isinstance(text, str) else None
        if found is None:
            return None
        try:
            return cls(found[1], float(found[2]))
        except ValueError:
            return cls("==", found[2]) if found[1] == "==" else None

    def holds(self, measured: float | str) -> bool:
        """Whether a measured value is within the bound."""
        if self.sign == "==" or isinstance(measured, str) or isinstance(self.value, str):
            return measured == self.value
        return measured <= self.value if self.sign == "<=" else measured >= self.value


@dataclass(frozen=True)
class Claim:
    """A fact that a lesson states: a named ``measure`` with its ``settings``, and the bound of its value.

    ``name`` is also the placeholder for the measured value in the words. ``above`` names the claims whose values are
    smaller.
    """

    name: str
    measure: str
    settings: Mapping[str, str | int | float]
    bound: Bound
    above: tuple[str, ...] = ()


@dataclass(frozen=True)
class Exercise:
    """A question about a hidden result.

    ``options`` are the names of a choice or of a ranking, ``answer`` is the correct option or order. A point is correct
    if it lies in the ``share`` of the map ``against`` with the largest values. A number lies from ``low`` to ``high``
    in a ``unit``. A measured answer is that of a ``claim``. The ``final`` question assesses the learner.
    """

    kind: str
    options: tuple[str, ...] = ()
    answer: tuple[str, ...] = ()
    claim: str = ""
    against: str = ""
    share: float = 0.1
    low: float = 0.0
    high: float = 100.0
    unit: str = ""
    final: bool = False


@dataclass(frozen=True)
class Step:
    """One step: what it sets (``state``, by fields of the link), what it hides, its question, and what it then reveals.

    ``do`` is what the learner has to set on the page: by field, a pattern of the value, such as ``scenes/*``.
    """

    name: str
    seconds: int
    view: str = "explore"
    state: Mapping[str, str] = field(default_factory=dict)
    hide: tuple[str, ...] = ()
    exercise: Exercise | None = None
    do: Mapping[str, str] = field(default_factory=dict)
    reveal: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Option:
    """The words of an option: its ``text``, and the ``reason`` why it is correct or wrong."""

    text: str
    reason: str


@dataclass(frozen=True)
class Words:
    """The texts of a lesson in one language: Markdown by step and block, and the options by step and name."""

    title: str
    blocks: Mapping[tuple[str, str], str] = field(default_factory=dict)
    options: Mapping[tuple[str, str], Option] = field(default_factory=dict)

    def block(self, step: str, name: str) -> str:
        """The text of a block; empty if the step has none."""
        return self.blocks.get((step, name), "")


@dataclass(frozen=True)
class Lesson:
    """A lesson that was read and checked; a ``tour`` shows the page and assesses nothing."""

    name: str
    folder: Path
    order: int
    minutes: int
    breaks: tuple[str, ...]
    author: str
    license: str
    steps: tuple[Step, ...]
    claims: tuple[Claim, ...]
    words: Mapping[str, Words]
    tour: bool = False

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of its texts."""
        return tuple(self.words)

    def speak(self, language: str) -> Words:
        """The texts in a language, or in the first one."""
        return self.words.get(language) or next(iter(self.words.values()))

    def place(self, step: str) -> int:
        """The number of a step, from 0; 0 for a step that does not exist."""
        return next((number for number, one in enumerate(self.steps) if one.name == step), 0)

    def minutes_left(self, step: str) -> int:
        """The remaining minutes at the start of a step, at least one; all minutes of the lesson in the first."""
        seconds = [one.seconds for one in self.steps]
        return max(1, math.ceil(self.minutes * sum(seconds[self.place(step) :]) / sum(seconds)))
