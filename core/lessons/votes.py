"""The votes of a class in one local file: a line of JSON for each vote, without names, sessions or times.

A vote consists of the random code of the class, the question, the round (1 before the discussion, 2 after it) and a
bin: an option, a part of the range of a number, a ninth of the picture, or an order. Texts are counted, but not stored.
A voter is identified by a mark that differs for each question, so that votes on two questions cannot be linked. Each
voter votes once in each round.
"""

from __future__ import annotations

import json
import re
import secrets
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.files import put, reason, to_json
from core.lessons.pack import CHOICE, NUMBER, POINT, RANK, Exercise
from core.types import InvalidInput

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Letters and digits that are not easily confused."""
CODE = re.compile(rf"[{LETTERS}]{{6}}")
LARGEST = 1024 * 1024
"""The largest size of the file in bytes, about 8,000 votes; beyond it, the oldest half is dropped."""
LONGEST = 500
"""The largest length of a line in characters."""
BEGINNING = b'{"question": ["'
"""Of each line."""
ROUNDS = (1, 2)
NUMBER_BINS, POINT_BINS = 10, 3
Line = dict[str, Any]
_LOCK = threading.Lock()


def new_code() -> str:
    """A random code for a class."""
    return "".join(secrets.choice(LETTERS) for _ in range(6))


def bins(exercise: Exercise) -> tuple[str, ...]:
    """The bins of a question that are known in advance: none for an order or a text."""
    if exercise.kind == CHOICE:
        return exercise.options
    count = {NUMBER: NUMBER_BINS, POINT: POINT_BINS**2}.get(exercise.kind, 0)
    return tuple(map(str, range(count)))


def bin_of(exercise: Exercise, given: Sequence[str | float]) -> str:
    """The bin of an answer."""
    if exercise.kind in (CHOICE, RANK):
        return ",".join(map(str, given))
    if exercise.kind == NUMBER:
        part = (float(given[0]) - exercise.low) / (exercise.high - exercise.low)
        return str(min(int(part * NUMBER_BINS), NUMBER_BINS - 1))
    if exercise.kind == POINT:
        column, row = (min(max(int(float(one) * POINT_BINS), 0), POINT_BINS - 1) for one in given)
        return str(row * POINT_BINS + column)
    return ""


def given_of(exercise: Exercise, bin_: str) -> tuple[str, ...]:
    """The answer that a bin stands for; () if it stands for many."""
    return tuple(bin_.split(",")) if exercise.kind in (CHOICE, RANK) and bin_ else ()


@dataclass(frozen=True)
class Question:
    """A question of a lesson in a class."""

    code: str
    lesson: str
    step: str


@dataclass(frozen=True)
class Tally:
    """The present ``round`` of a question, and how many votes each bin has in each round."""

    round: int
    counts: dict[int, Counter[str]]

    def total(self, number: int) -> int:
        """The number of votes in a round."""
        return sum(self.counts[number].values())


class Votes:
    """The votes in a file, which may not exist yet. Only one process writes a ``path``.

    Raises, from each method:
        InvalidInput: it is not a file of votes, or cannot be read or written.
    """

    def __init__(self, path: Path):
        self.path = path

    def tally(self, question: Question) -> Tally:
        """The votes on a question."""
        return self.tallies(question.code).get(question) or Tally(ROUNDS[0], _no_votes())

    def tallies(self, code: str) -> dict[Question, Tally]:
        """The votes of a class, by question."""
        found: dict[Question, Tally] = {}
        for line in self._lines():
            question = Question(*line["question"])
            if question.code != code:
                continue
            so_far = found.get(question) or Tally(ROUNDS[0], _no_votes())
            if "bin" in line:
                so_far.counts[line["round"]][line["bin"]] += 1
                found[question] = so_far
            else:
                found[question] = Tally(line["round"], so_far.counts)
        return found

    def own(self, question: Question, voter: str) -> dict[int, str]:
        """The bins that a voter chose, by round."""
        named = _named(question)["question"]
        return {
            line["round"]: line["bin"]
            for line in self._lines()
            if voter and "bin" in line and line.get("voter") == voter and line["question"] == named
        }

    def vote(self, question: Question, bin_: str, voter: str = "") -> int:
        """Add a vote to the present round of a question; returns the round. A second vote in a round is ignored."""
        with _LOCK:
            number = self.tally(question).round
            if number not in self.own(question, voter):
                mark = {"voter": voter} if voter else {}
                self._append({**_named(question), "round": number, "bin": bin_, **mark})
        return number

    def begin_second(self, question: Question) -> None:
        """Begin the vote after the discussion."""
        with _LOCK:
            self._append({**_named(question), "round": ROUNDS[1]})

    def clear(self, question: Question) -> None:
        """Remove every vote of a class on a question, and begin the first round again."""
        with _LOCK:
            named = _named(question)["question"]
            self._write([line for line in self._lines() if line["question"] != named])

    def _lines(self) -> list[Line]:
        try:
            if not self.path.exists():
                return []
            if not self.path.is_file() or self.path.stat().st_size > 2 * LARGEST:
                raise ValueError
            lines = [json.loads(line) for line in _whole(self.path.read_bytes()).decode().splitlines()]
        except OSError as error:
            raise InvalidInput(
                "The votes in {path} cannot be read: {reason}. Check the file and its permissions.",
                path=self.path,
                reason=reason(error),
            ) from error
        except ValueError as error:
            raise _damaged(self.path) from error
        if not all(map(_fits, lines)):
            raise _damaged(self.path)
        return lines

    def _append(self, line: Line) -> None:
        text = to_json(line) + "\n"
        if len(text) > LONGEST or not CODE.fullmatch(line["question"][0]):
            raise InvalidInput("This vote cannot be stored. Open the link of your class again.")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as file:
                file.truncate(len(_whole(self.path.read_bytes())))
                file.write(text.encode())
            full = self.path.stat().st_size > LARGEST
        except OSError as error:
            raise _unwritten(self.path, error) from error
        if full:
            lines = self._lines()
            self._write(lines[len(lines) // 2 :])

    def _write(self, lines: list[Line]) -> None:
        try:
            put(self.path, "".join(to_json(line) + "\n" for line in lines).encode())
        except OSError as error:
            raise _unwritten(self.path, error) from error


def _whole(data: bytes) -> bytes:
    """The content of a file without an incomplete vote at its end, which a full disk or a killed server leaves."""
    end = data.rfind(b"\n") + 1
    half = data[end : end + len(BEGINNING)]
    return data[:end] if BEGINNING.startswith(half) else data


def _no_votes() -> dict[int, Counter[str]]:
    return {one: Counter[str]() for one in ROUNDS}


def _named(question: Question) -> Line:
    return {"question": [question.code, question.lesson, question.step]}


def _fits(line: object) -> bool:
    """Whether a line is a valid entry."""
    if not isinstance(line, dict) or line.get("round") not in ROUNDS:
        return False
    if not all(isinstance(line.get(key, ""), str) for key in ("bin", "voter")):
        return False
    named = line.get("question")
    return isinstance(named, list) and len(named) == 3 and all(isinstance(one, str) for one in named)


def _damaged(path: Path) -> InvalidInput:
    return InvalidInput("{path} is not a file of votes. Delete it, or move it away.", path=path)


def _unwritten(path: Path, error: OSError) -> InvalidInput:
    return InvalidInput(
        "The votes cannot be written to {path}: {reason}. Free some space, or check the permissions of the folder.",
        path=path,
        reason=reason(error),
    )
