"""Numbers for people: a fraction in percent, and a decimal number with a true minus sign."""

from __future__ import annotations

import math

UNKNOWN = "–"
"""The sign for an unknown number."""


def percent(fraction: float, digits: int = 1, sign: str = " %") -> str:
    """A fraction in percent, followed by the ``sign`` of the language: 0.918 -> "91.8 %"; a dash if it is not known.

    As in ``decimal``, the minus sign is a true one, and a rounded zero has none.
    """
    return UNKNOWN if not math.isfinite(fraction) else f"{decimal(100 * fraction, digits)}{sign}"


def decimal(value: float, digits: int = 2) -> str:
    """A decimal number with a true minus sign, which a rounded zero does not have: -0.042 -> "−0.04".

    A dash stands for one that is not known.
    """
    return UNKNOWN if not math.isfinite(value) else f"{round(float(value), digits) + 0.0:.{digits}f}".replace("-", "−")
