"""Intervals of measured values, and of differences between claims, with z = 3.

    share p of n pictures:   (p + z²/2n ± z √(p (1 − p)/n + z²/4n²)) / (1 + z²/n)         Wilson (1927)
    mean m with error s:     m ± z s
    difference of a and b:   lower end  a − b − √((a − low a)² + (high b − b)²)           Newcombe (1998)

The interval of a share is never empty, even if none or all of the pictures count: for 0 of 40 it ends at 18 %.
"""

from __future__ import annotations

import math

Ends = tuple[float, float]

MARGIN = 3.0
"""The z of every interval of a claim."""
SLACK = 1e-9


def share_ends(part: float, pictures: int) -> Ends:
    """Both ends of Wilson's interval of a share."""
    k = MARGIN**2 / pictures
    reach = math.sqrt(k * part * (1 - part) + k**2 / 4)
    return (part + k / 2 - reach) / (1 + k), (part + k / 2 + reach) / (1 + k)


def ends(value: float, error: float, pictures: int, *, share: bool) -> Ends:
    """Both ends of the interval of a measured value.

    For a share with a larger error than that of its pictures, such as one over seeds, it is the wider interval.
    """
    low, high = value - MARGIN * error, value + MARGIN * error
    if not share or pictures < 1:
        return low, high
    own = share_ends(value, pictures)
    if error <= math.sqrt(value * (1 - value) / pictures) + SLACK:
        return own
    return min(low, own[0]), max(high, own[1])


def least_difference(larger: float, larger_ends: Ends, smaller: float, smaller_ends: Ends) -> float:
    """The lower end of the interval of a difference."""
    return larger - smaller - math.hypot(larger - larger_ends[0], smaller_ends[1] - smaller)
