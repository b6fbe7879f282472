"""Public servers: FOVEA_PUBLIC=1 switches off functions that are safe only for trusted users."""

from __future__ import annotations

import os

VARIABLE = "FOVEA_PUBLIC"


def is_public() -> bool:
    """Whether paths, users' own models and the removal of runs are switched off."""
    return os.environ.get(VARIABLE, "") not in ("", "0")
