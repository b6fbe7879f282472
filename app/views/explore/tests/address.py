"""The part of the link for a test: which one is open, what is changed and how, and what is erased."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from app import state
from app.views.explore.keys import ExploreKey
from app.views.explore.tests import changes
from app.words import word
from core import Reading
from core.evaluation import FILLS
from core.legacy import current

TESTS = ("intervene", "erase", "order", "check")
EVERY, NONE = "every", "none"
"""In the link: all of the attention; and none of its parts."""
HERE = (changes.OTHER, changes.PAINTED)
"""Changes that a link cannot contain: painted attention, and the attention of another picture."""
ORDERS = ("positions", "blocks-32", "blocks-16")
"""What can become of the order of patches: no position encoding, or blocks of so many pixels shuffled."""
SEEDS = range(10_000)
POINTERS = ("attention", "attribution")
"""The map that selects what is erased, by default that of the left pane."""
SHARES, FIRST = range(5, 81, 5), 20
"""Shares of the picture that can be erased, in percent, and the default."""


def settle_address(reading: Reading) -> dict[str, str]:
    """The part of the link for the test: whatever differs from the defaults.

    A requested value that is not available falls back to that, with a notice.
    """
    test = _one_of(ExploreKey.TEST, TESTS, TESTS[0])
    stated = {} if test == TESTS[0] else {ExploreKey.TEST.value: test}
    if (order := _one_of(ExploreKey.ORDER, ORDERS, ORDERS[0])) != ORDERS[0]:
        stated[ExploreKey.ORDER.value] = order
    return stated | (_change(reading) if reading.maps else {}) | _erasing()


def _erasing() -> dict[str, str]:
    """What is erased, and how."""
    fills = tuple(FILLS)
    stated = {
        ExploreKey.ERASE_MAP: (_one_of(ExploreKey.ERASE_MAP, POINTERS, POINTERS[0]), POINTERS[0]),
        ExploreKey.ERASE_SHARE: (_whole(ExploreKey.ERASE_SHARE, SHARES, FIRST), FIRST),
        ExploreKey.ERASE_FILL: (_one_of(ExploreKey.ERASE_FILL, fills, fills[0]), fills[0]),
        ExploreKey.SEED: (_whole(ExploreKey.SEED, SEEDS, 0), 0),
    }
    return {key.value: str(value) for key, (value, first) in stated.items() if value != first}


def _change(reading: Reading) -> dict[str, str]:
    """What is changed and how, if a link can contain it."""
    maps = {one.tap: one for one in reading.maps}
    if state.get(ExploreKey.CHANGED) == EVERY:
        state.put(ExploreKey.CHANGED, changes.EVERY)
    first = changes.initial_tap(reading)
    tap = _one_of(ExploreKey.CHANGED, [*maps, *([changes.EVERY] if len(maps) > 1 else [])], first)
    chosen = [maps[tap]] if tap else list(reading.maps)
    way = _one_of(ExploreKey.WAY, changes.ways(chosen), changes.UNIFORM)
    seed, parts = _whole(ExploreKey.SHUFFLE, SEEDS, 0), _parts(changes.part_of(chosen[0])[1] if tap else 1)
    if way in HERE:
        return {}
    stated = {} if tap == first else {ExploreKey.CHANGED.value: tap or EVERY}
    if way != changes.UNIFORM:
        stated[ExploreKey.WAY.value] = way
    if way == changes.SHUFFLED and seed:
        stated[ExploreKey.SHUFFLE.value] = str(seed)
    if way not in (changes.UNIFORM, changes.OFF, changes.SHUFFLED) and parts != [0]:
        stated[ExploreKey.PARTS_OFF.value] = ",".join(str(number + 1) for number in parts) or NONE
    return stated


def _one_of(key: StrEnum, offered: Sequence[str], first: str) -> str:
    """What is chosen under a key, if it is offered; else the first."""
    requested, value = state.take_requested(key), state.get(key)
    if value in offered:
        return value
    if isinstance(value, str) and current(value) in offered:  # an address may be older than this version
        state.put(key, current(value))
        return current(value)
    if value is not None and value == requested:
        _report_unavailable(key, value)
    state.put(key, first)
    return first


def _whole(key: StrEnum, allowed: range, first: int) -> int:
    """A whole number under a key, such as a seed: a text where the address has just given it."""
    value = state.get(key, first)
    if isinstance(value, str):
        text, value = value, _number(value)
        if value not in allowed:
            _report_unavailable(key, text)
            value = first
        state.put(key, value)
    return value


def _parts(count: int) -> list[int]:
    """The parts that are off, of so many, counted from 0: from 1 in the text that the address has just given."""
    parts = state.get(ExploreKey.PARTS_OFF, [0])
    if isinstance(parts, str):
        text, parts = parts, [] if parts == NONE else sorted({_number(one) - 1 for one in parts.split(",")})
        if not set(parts) <= set(range(count)):
            _report_unavailable(ExploreKey.PARTS_OFF, text)
            parts = [0]
        state.put(ExploreKey.PARTS_OFF, parts)
    return sorted(parts)


def _number(text: str) -> int:
    """A whole number from its digits; -1 where they are none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else -1


def _report_unavailable(key: StrEnum, requested: str) -> None:
    state.notice(word("address.unknown", name=key.value, value=requested))
