"""The votes of classes on this machine, and who may show and clear them."""

from __future__ import annotations

import hmac
import os
import secrets
from functools import cache
from pathlib import Path

from core.data import home
from core.lessons import Votes

FILE, SECRET = "FOVEA_VOTES", "votes.secret"
LETTERS = 12
"""Of a teacher's key."""


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
