"""Numbers in words: digits, signs and units."""

from __future__ import annotations

import math
import re

import pytest

from app.words import apart, chance, decimal, megabytes, percent, percent_format, short, span, use, whole
from tests.source_files import ROOT


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
def test_a_number_has_its_digits(told: object, shown: object) -> None:
    assert told == shown


def test_a_percentage_is_written_as_the_language_writes_it() -> None:
    try:
        use("zh-CN")
        assert (percent(0.918), percent(1, 0), chance(0.004)) == ("91.8%", "100%", "<\u00a01%")
        assert percent_format() % 20 == "20%" and percent_format(1) % 91.8 == "91.8%"
    finally:
        use(None)
    assert percent_format() % 20 == "20 %" and percent_format(1) % 91.8 == "91.8 %"


def test_no_percentage_is_written_for_one_language_only() -> None:
    files = [*(ROOT / "app").rglob("*.py"), *(ROOT / "app").rglob("*.js")]
    files = [one for one in files if "words" not in one.parts]
    sign = re.compile(r"""(?<!mark\()["'] %["']|[\d}fdg] %%?["'<`]""")
    found = {one.name: sign.findall(one.read_text(encoding="utf-8")) for one in files}
    assert len(files) > 100 and not {name: signs for name, signs in found.items() if signs}
