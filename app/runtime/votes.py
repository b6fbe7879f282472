"""The votes of classes on this machine: the teacher's key to show and clear them, and the mark of a voter."""

from __future__ import annotations

import hmac
import os
from pathlib import Path

from app.runtime.users import browser, secret
from core.data import home
from core.lessons import Question, Votes

FILE, SECRET = "FOVEA_VOTES", "votes.secret"
LETTERS, MARK = 12, 16
"""The length of a teacher's key and of a voter's mark."""


def votes() -> Votes:
    """The votes: in the file that FOVEA_VOTES names, else in ``votes.jsonl`` in Fovea's folder of the user's cache."""
    named = os.environ.get(FILE)
    return Votes(Path(named).expanduser() if named else home() / "votes.jsonl")


def teacher_key(code: str) -> str:
    """The key of a class, which only its teacher has: a hash of the class code with a secret of this machine."""
    return hmac.new(secret(votes().path.with_name(SECRET)), code.encode(), "sha256").hexdigest()[:LETTERS]


def is_teacher(code: str, key: str) -> bool:
    """Whether ``key`` is the teacher's key of the class."""
    return hmac.compare_digest(teacher_key(code).encode(), key.encode("utf-8", "replace"))


def voter_mark(question: Question, session: str) -> str:
    """The mark of a browser's votes on one question: the same after a reload, and different for each question.

    It is a hash, with a secret of this machine, of the random token in the browser's cookie, or of the ``session`` if
    the browser keeps no cookie. The token cannot be computed from it.
    """
    named = "/".join((browser() or session, question.code, question.lesson, question.step))
    return hmac.new(secret(votes().path.with_name(SECRET)), named.encode(), "sha256").hexdigest()[:MARK]
