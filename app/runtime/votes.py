"""The votes of classes on this machine: who may show and clear them, and what marks one browser's votes."""

from __future__ import annotations

import hmac
import os
from pathlib import Path

from app.runtime.users import browser, secret
from core.data import home
from core.lessons import Question, Votes

FILE, SECRET = "FOVEA_VOTES", "votes.secret"
LETTERS, MARK = 12, 16
"""Of a teacher's key, and of a voter's mark."""


def votes() -> Votes:
    """The votes: in the file that FOVEA_VOTES names, else in ``votes.jsonl`` in Fovea's folder of the user's cache."""
    named = os.environ.get(FILE)
    return Votes(Path(named).expanduser() if named else home() / "votes.jsonl")


def teacher_key(code: str) -> str:
    """The key of a class that its teacher alone has: made of the class's code and a secret of this machine."""
    return hmac.new(secret(votes().path.with_name(SECRET)), code.encode(), "sha256").hexdigest()[:LETTERS]


def is_teacher(code: str, key: str) -> bool:
    """Whether that is the teacher's key of the class."""
    return hmac.compare_digest(teacher_key(code).encode(), key.encode("utf-8", "replace"))


def voter_mark(question: Question, session: str) -> str:
    """What marks the votes of one browser on a question, also after a reload: another mark for each question.

    It is made with this machine's secret of the random token that Streamlit gives each browser as a cookie, against
    forged requests; of the ``session`` where a browser keeps no cookie. Nothing of the token can be computed from it.
    """
    named = "/".join((browser() or session, question.code, question.lesson, question.step))
    return hmac.new(secret(votes().path.with_name(SECRET)), named.encode(), "sha256").hexdigest()[:MARK]
