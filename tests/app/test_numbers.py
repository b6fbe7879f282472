"""Numbers as people read them."""

from __future__ import annotations

import math

import pytest

from app.words import apart, chance, decimal, megabytes, percent, short, span, whole


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        (percent(0.9176), "91.8\u00a0%"),
        (percent(1, 0), "100\u00a0%"),
        (percent(math.nan), "–"),
        (chance(0.914), "91\u00a0%"),
        (chance(0.004), "<\u00a01\u00a0%"),
        (chance(1.0), "100\u00a0%"),
        (decimal(-0.042), "−0.04"),
        (decimal(-0.001), "0.00"),
        (decimal(math.inf), "–"),
        (whole(12345), "12,345"),
        (whole(999.6), "1,000"),
        (short(954), "954"),
        (short(9_312), "9.3k"),
        (short(31_400), "31k"),
        (span(0.12, 0.4), "12 – 40"),
        (megabytes(1_234_567), "1.2"),
        (megabytes(45_000_000, 0), "45"),
        (apart(0.99952, 1), ("0.9995", "1")),
    ],
)
def test_a_number_as_people_read_it(told: object, shown: object) -> None:
    assert told == shown
