"""Numbers in words: digits, signs and units."""

from __future__ import annotations

import ast
import math
import re
from collections import Counter
from collections.abc import Iterator

import pytest

from app.words import (
    apart,
    chance,
    decimal,
    decimal_field,
    decimal_format,
    megabytes,
    percent,
    percent_format,
    short,
    shortest,
    significant,
    significant_field,
    span,
    use,
    whole,
)
from tests.source_files import ROOT


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        (percent(0.9176), "91.8\u00a0%"),
        (percent(1, 0), "100\u00a0%"),
        (percent(-0.006), "−0.6\u00a0%"),
        (percent(-0.0001), "0.0\u00a0%"),
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
        (significant(0.012345), "0.0123"),
        (significant(12345.6, 4), "1.235e+04"),
        (shortest(5.0), "5"),
        (shortest(0.999999, 7), "0.999999"),
        (shortest(0), "0"),
        (shortest(1200), "1200"),
        (decimal_format(2), "%.2f"),
        (decimal_field("y", 1), "%{y:.1f}"),
        (significant_field("z"), "%{z:.3g}"),
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


# --- one place for the format of a number

ELSEWHERE = {
    "figures/intervention.py": (2, "a color in CSS"),
    "views/explore/cue_pair.py": (2, "a length in CSS"),
    "views/compare/matrix.py": (1, "a value in CSS"),
    "views/trust/task_truth.py": (1, "a share in CSS"),
    "views/mistakes/address.py": (1, "an address, which is the same in every language"),
    "widgets/lesson/exports.py": (1, "a table for a spreadsheet"),
    "widgets/lesson/voting.py": (1, "a length in CSS"),
    "views/mistakes/titles.py": (2, "a date"),
}
"""Where the app formats a number, or what is no number, outside of ``words/numbers.py``: how often, and why."""
SPEC = re.compile(r"%[.\d]*[dfg]|%?\{\w*:[,.\d]*[fgd%]\}")


def formats(text: str) -> Iterator[str]:
    """Each format of a number in a source: in an f-string, or in a template for Streamlit, Plotly or ``format``."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FormattedValue) and node.format_spec is not None:
            yield ast.unparse(node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and SPEC.search(node.value):
            yield node.value


def test_a_number_is_formatted_in_one_place() -> None:
    app = ROOT / "app"
    files = {str(path.relative_to(app)): path.read_text(encoding="utf-8") for path in app.rglob("*.py")}
    found = Counter(
        {name: sum(1 for _ in formats(text)) for name, text in files.items() if not name.startswith("words/")}
    )
    assert +found == Counter({name: count for name, (count, _) in ELSEWHERE.items()})
    assert sum(1 for _ in formats(files["words/numbers.py"])) > 8


@pytest.mark.parametrize("line", ["f'{x:.2f}'", "f'{x:,}'", "slider(format='%.1f')", "hover('%{y:.3g}')", "'{:.0f}'"])
def test_a_format_outside_of_that_place_is_found(line: str) -> None:
    assert list(formats(line))


@pytest.mark.parametrize("line", ["f'{x}'", "'100 %'", "'{name}: %'", "'%{x}'", "a % b"])
def test_text_without_a_format_is_not(line: str) -> None:
    assert not list(formats(line))
