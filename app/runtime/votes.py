"""The votes of classes on this machine."""

from __future__ import annotations

import os
from pathlib import Path

from core.data import home
from core.lessons import Votes

FILE = "FOVEA_VOTES"


def votes() -> Votes:
    """The votes: in the file that FOVEA_VOTES names, else in ``votes.jsonl`` in Fovea's folder of the user's cache."""
    named = os.environ.get(FILE)
    return Votes(Path(named).expanduser() if named else home() / "votes.jsonl")
