"""The votes of classes on this machine: who may show and clear them, and what marks one browser's votes."""

from __future__ import annotations

import hmac
import os
import re
import secrets
from functools import cache
from pathlib import Path

import streamlit as st

from core.data import home
from core.lessons import Question, Votes

FILE, SECRET = "FOVEA_VOTES", "votes.secret"
LETTERS, MARK = 12, 16
"""Of a teacher's key, and of a voter's mark."""
COOKIE = "_streamlit_xsrf"
TOKEN = re.compile(r"2\|([0-9a-f]{8})\|((?:[0-9a-f]{2}){16,64})\|\d+")


def votes() -> Votes:
    """The votes: in the file that FOVEA_VOTES names, else in ``votes.jsonl`` in Fovea's folder of the user's cache."""
    named = os.environ.get(FILE)
    return Votes(Path(named).expanduser() if named else home() / "votes.jsonl")


def teacher_key(code: str) -> str:
    """The key of a class that its teacher alone has: made of the class's code and a secret of this machine."""
    return hmac.new(_secret(votes().path.with_name(SECRET)), code.encode(), "sha256").hexdigest()[:LETTERS]


def is_teacher(code: str, key: str) -> bool:
    """Whether that is the teacher's key of the class."""
    return hmac.compare_digest(teacher_key(code).encode(), key.encode("utf-8", "replace"))


def voter_mark(question: Question, session: str) -> str:
    """What marks the votes of one browser on a question, also after a reload: another mark for each question.

    It is made with this machine's secret of the random token that Streamlit gives each browser as a cookie, against
    forged requests; of the ``session`` where a browser keeps no cookie. Nothing of the token can be computed from it.
    """
    named = "/".join((_browser() or session, question.code, question.lesson, question.step))
    return hmac.new(_secret(votes().path.with_name(SECRET)), named.encode(), "sha256").hexdigest()[:MARK]


def _browser() -> str:
    """The token of the browser's cookie ("2|mask|token|time") without its mask, which each answer changes."""
    found = TOKEN.fullmatch(str(st.context.cookies.get(COOKIE, "")))
    if found is None:
        return ""
    mask, token = bytes.fromhex(found[1]), bytes.fromhex(found[2])
    return bytes(one ^ mask[place % len(mask)] for place, one in enumerate(token)).hex()


@cache
def _secret(path: Path) -> bytes:
    """The secret of this machine, made where there is none; one that cannot be stored lasts as long as the server."""
    made = secrets.token_bytes(32)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(made)
    except FileExistsError:
        return path.read_bytes() or made
    except OSError:
        return made
    return made
