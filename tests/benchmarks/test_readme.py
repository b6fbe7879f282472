"""The tables of README.md: between their marks, and of models as they are."""

from __future__ import annotations

import argparse

import pytest

from tests.benchmarks.readme import README, TABLES, coverage, models, put, tasks

TEXT = "# A\n\n<!-- one -->\nold\n<!-- end of one -->\n\nB\n\n<!-- two -->\n<!-- end of two -->\n"


def test_a_table_takes_the_place_of_the_one_between_its_marks() -> None:
    first = put(TEXT, "one", "new 1")
    assert first == TEXT.replace("old", "```text\nnew 1\n```")
    both = put(first, "two", "new 2")
    assert "new 1" in both and both.endswith("<!-- two -->\n```text\nnew 2\n```\n<!-- end of two -->\n")
    assert put(put(TEXT, "one", "x"), "one", "new 1") == first  # any number of times


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<!-- one -->\n",
        "<!-- end of one -->\n<!-- one -->\n",
        "<!-- one -->\n<!-- one -->\n<!-- end of one -->\n",
        "<!-- one -->\n<!-- end of one -->\n<!-- end of one -->\n",
        "say <!-- one --> <!-- end of one -->\n",
    ],
)
def test_both_marks_must_stand_there_once_and_in_order(text: str) -> None:
    with pytest.raises(ValueError, match="README.md must hold <!-- one --> and then <!-- end of one -->"):
        put(text, "one", "new")


def test_the_readme_has_a_place_for_each_table() -> None:
    for name in TABLES:
        assert "new" in put(README.read_text(), name, "new")


def test_the_readme_shows_the_models_as_they_are() -> None:
    made, text = models(argparse.Namespace()), README.read_text()
    assert made.splitlines()[0].split()[:2] == ["model", "accuracy"] and len(made.splitlines()) > 30
    assert put(text, "models", made) == text


def test_the_readme_shows_what_is_found_in_other_models() -> None:
    made, text = coverage(argparse.Namespace()), README.read_text()
    assert len(made.splitlines()) > 100 and put(text, "coverage", made) == text


def test_the_readme_shows_the_matrix_of_tasks_as_it_is() -> None:
    made, text = tasks(argparse.Namespace()), README.read_text()
    assert made.splitlines()[1].split()[0] == "chance" and made.count("?") >= 5
    assert put(text, "tasks", made) == text
