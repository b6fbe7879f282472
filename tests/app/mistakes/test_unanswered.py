"""A run in which some pictures, or all, have no finite answer: told at its head, and in no number."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import core
from app.runtime.mistakes import exports, runs
from app.words import decimal, percent, word
from app.words.numbers import UNKNOWN
from tests.app.mistakes.mistakes_page import open_run
from tests.app.pages import shown_text, well
from tests.core.fragile_models import CLASSES, SIZE, Fragile, fill

NAN = re.compile(r"\bnan\b", re.IGNORECASE)


def scan(folder: Path, bright: set[tuple[str, int]]) -> None:
    classifier = core.adopt(Fragile(), core.ModelCard("own/fragile", "", "plain", CLASSES, size=SIZE), "cpu")
    core.scan(classifier, fill(folder / "data", bright), folder / "runs" / "fragile")


def test_some_of_them(empty: Path) -> None:
    scan(empty, {("a", 1), ("b", 0)})
    opened = runs.open_one("fragile")
    page = well(open_run(run="fragile"))
    told = word("runs.on", data=f"{empty.name}/data", count="10")
    assert word("runs.unanswered", sentence=told, count="2") in shown_text(page) and not NAN.search(shown_text(page))
    assert percent(runs.summary(opened).accuracy.value) in shown_text(page)
    titles = [one.label for one in page.expander]
    assert word("unanswered.title", count=word("unanswered.many", count="2")) in titles
    exported = exports.export_table(opened, np.arange(10), {}, "csv").decode()
    assert exported.count("answer was not finite") == 2 and "a/1.png" in exported
    assert "not finite" not in exports.export_table(opened, np.arange(3), {}, "csv").decode()


def test_all_of_them(empty: Path) -> None:
    with pytest.raises(core.InvalidInput, match="not finite"):
        scan(empty, {(name, n) for name in CLASSES for n in range(4)})
    page = well(open_run(run="fragile"))
    (head,) = [line for line in shown_text(page).splitlines() if word("overview.unanswered") in line]
    assert "12" in head and "%" not in head and not NAN.search(shown_text(page))


def test_numbers_that_are_not_known() -> None:
    for value in (float("nan"), float("inf"), np.float32("-inf")):
        assert percent(value) == decimal(value) == UNKNOWN
    assert percent(0.918) == "91.8\u00a0%" and decimal(-0.042) == "−0.04"
