"""Reads GIFT as Moodle does: questions between blank lines, and characters after a backslash without a meaning."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

PIECE = re.compile(r"\\(.)")
PRIVATE = "~=#{}:\\"
"""The characters that a backslash makes plain, each kept as one of the private use area until the end."""


def hide(text: str) -> str:
    return PIECE.sub(lambda match: chr(0xE000 + PRIVATE.index(match[1])), text)


def show(text: str) -> str:
    return "".join(PRIVATE[ord(one) - 0xE000] if 0xE000 <= ord(one) < 0xE000 + len(PRIVATE) else one for one in text)


@dataclass
class Answer:
    """An answer: whether it is right, its text, and its feedback."""

    right: bool
    text: str
    feedback: str


@dataclass
class Question:
    """A question with its title, text, kind, answers, and the feedback for all of them."""

    title: str
    text: str
    kind: str
    answers: list[Answer] = field(default_factory=list)
    general: str = ""


def read_gift(text: str) -> list[Question]:
    """The questions of a file, in order."""
    parts = [one for one in re.split(r"\n\s*\n", hide(text)) if one.strip() and not one.startswith("$CATEGORY:")]
    return [read_question(one.strip()) for one in parts]


def read_question(text: str) -> Question:
    found = re.fullmatch(r"::(.*?)::\[html\](.*?)\{(.*)\}", text, re.DOTALL)
    assert found, text[:200]
    title, stem, body = found.groups()
    assert "{" not in stem + body and "}" not in stem + body
    body, _, general = body.partition("####")
    numeric = body.startswith("#")
    answers = []
    for sign, rest in re.findall(r"([=~])([^=~]*)", body[1:] if numeric else body):
        shown, _, feedback = rest.strip().partition("#")
        assert "#" not in feedback
        answers.append(Answer(sign == "=", show(shown.strip()), show(feedback.strip())))
    matching = bool(answers) and all(" -> " in one.text for one in answers)
    kind = "number" if numeric else "matching" if matching else "choice" if answers else "essay"
    return Question(show(title), show(stem), kind, answers, show(general.strip()))
