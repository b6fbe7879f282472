"""What a measured ratio says of its bar, and how a table of them reads."""

from __future__ import annotations

import pytest

from tests.benchmarks.bars import Line, table, verdict


@pytest.mark.parametrize(
    ("ratio", "bar", "least", "held", "words"),
    [
        (1.2, 1.25, False, True, "at most 1.25"),
        (1.3, 1.25, False, False, "at most 1.25"),
        (4.0, 4, True, True, "at least 4"),
        (3.9, 4, True, False, "at least 4"),
        (99.0, None, False, True, ""),
    ],
)
def test_a_bar_is_held_or_missed(ratio: float, bar: float | None, least: bool, held: bool, words: str) -> None:
    line = Line("small CNN", "panel / fb", ratio, bar, least)
    assert line.held == held and line.limit() == words
    assert line.number() == f"{ratio:.2f}" + (" " if held else "*")
    assert (line.missed_by == 0) == held


@pytest.mark.parametrize(
    ("ratio", "bar", "least", "words"),
    [
        (1.1, 1.0, False, "missed by 10 %"),
        (3.0, 4.0, True, "missed by 25 %"),
        (1.004, 1.0, False, "missed by 0.4 %"),
        (3.5e-6, 1e-6, False, "3.5 times the target"),
    ],
)
def test_how_far_a_bar_was_missed(ratio: float, bar: float, least: bool, words: str) -> None:
    assert Line("a", "b", ratio, bar, least).miss() == words


def test_numbers_are_written_so_that_they_can_be_read() -> None:
    assert Line("a", "b", 3.2e-7, 1e-6).number() == "3e-07 "
    assert Line("a", "b", 0.0, 1e-6).number() == "0e+00 "
    assert Line("a", "b", 1.234, 1.1).number() == "1.23*"
    assert Line("a", "b", 16).number() == "16 "


LINES = [
    Line("small", "panel / fb", 1.3, 1.25),
    Line("small", "theirs / ours", 2.0),
    Line("large", "panel / fb", 1.0, 1.25),
    Line("large", "theirs / ours", 2.0, 2.5, least=True),
    Line("large", "size", 4),
]


def test_a_table_has_a_row_for_each_ratio_and_a_column_for_each_model() -> None:
    assert table(LINES).splitlines() == [
        "               small   large   target",
        "panel / fb      1.30*   1.00   at most 1.25",
        "theirs / ours   2.00    2.00*  at least 2.5",
        "size                       4",
    ]


def test_what_only_one_model_has_stands_where_it_does_there() -> None:
    lines = [Line(model, what, 1.0) for model, whats in (("small", "ac"), ("large", "abcd")) for what in whats]
    assert [row[:1] for row in table(lines).splitlines()[1:]] == ["a", "b", "c", "d"]


def test_a_verdict_says_what_was_missed_the_farthest_first() -> None:
    assert verdict(LINES).splitlines() == [
        "* theirs / ours, large: missed by 20 %",
        "* panel / fb, small: missed by 4 %",
        "1 of 3 targets met.",
    ]
    assert verdict(LINES[1:3]) == "1 of 1 targets met."
