"""A server that is open to everybody: its owner switches off what trusts its users, with FOVEA_PUBLIC=1."""

from __future__ import annotations

import os

VARIABLE = "FOVEA_PUBLIC"


def is_public() -> bool:
    """Whether paths, users' own models and the removal of runs are switched off."""
    return os.environ.get(VARIABLE, "") not in ("", "0")
