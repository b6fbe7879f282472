"""Runs as the app asks them: the filter against a slow loop, its speed, two runs compared, and tags."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import core
from app.runtime import kept_runs
from app.runtime.mistakes import comparison, runs, tags
from app.runtime.mistakes.filters import Answers, Filter, Group, Sort
from app.runtime.mistakes.runs import Opened
from app.views.mistakes.keys import MistakesKey
from app.words import percent, word
from core.types import InvalidInput
from tests.app.mistakes.conftest import COUNT
from tests.app.mistakes.mistakes_page import open_run
from tests.app.pages import shown_text, well


def test_two_runs_are_compared(home: Path) -> None:
    page = well(open_run(run="scenes-tag-cbam"))
    page = well(page.selectbox(key=MistakesKey.OTHER_RUN).set_value("scenes-tag-plain").run())
    here, there = (core.open_run(home / name).table() for name in ("scenes-tag-cbam", "scenes-tag-plain"))
    differ = [number for number in range(COUNT) if here["predicted"][number] != there["predicted"][number]]
    shares = [percent(float((one["true"] == one["predicted"]).mean())) for one in (here, there)]
    told = word("compare.shares", both="64", here=shares[0], there=shares[1], changed=str(len(differ)))
    assert told in shown_text(page)
    opened, other = (runs.open_one(name) for name in ("scenes-tag-cbam", "scenes-tag-plain"))
    found = comparison.compare_runs(opened, other)
    assert found.there == {number: there["predicted"][number] for number in differ}
    assert sorted(sum(found.kinds.values(), ())) == differ
    for number in found.kinds["right"]:
        assert here["correct"][number] and not there["correct"][number]
    for number in found.kinds["other_answer"]:
        assert not here["correct"][number] and not there["correct"][number]


def test_comparing_knows_what_turned_right_and_what_turned_wrong() -> None:
    def table(answers: str, truth: str) -> pd.DataFrame:
        true = [None if one == "." else one for one in truth]
        right = [None if one is None else one == said for one, said in zip(true, answers, strict=True)]
        names = [f"{place}.png" for place in range(len(answers))]
        return pd.DataFrame(
            {
                "number": range(len(answers)),
                "path": names,
                "sha256": names,
                "predicted": pd.Categorical(list(answers), ["a", "b", "c"]),
                "correct": pd.array(right, pd.BooleanDtype()),
            }
        )

    found = comparison._compare(table("aabbca", "abba.a"), table("abacaa", "abba.a").iloc[:5])
    assert (found.both, found.labeled, found.right, found.other_right) == (5, 4, 2, 2)
    assert found.kinds == {"right": (2,), "wrong": (1,), "other_answer": (3, 4)}
    assert found.there == {1: "b", 2: "a", 3: "c", 4: "a"}


def test_only_runs_with_a_common_picture_can_be_compared(home: Path, tiny: Callable, tmp_path: Path) -> None:
    model, own = tiny("plain"), core.open_run(home / "scenes-tag-cbam")
    for pictures, seed in ((COUNT, 2), (COUNT // 2, 2), (8, 77)):
        core.scan(model, "scenes-tag", tmp_path / str(seed) / str(pictures), seed=seed, pictures=pictures)
    same, part, other = (core.open_run(tmp_path / name) for name in (f"2/{COUNT}", f"2/{COUNT // 2}", "77/8"))
    assert comparison.share_pictures(own, same) and comparison.share_pictures(own, part)
    assert not comparison.share_pictures(own, other)


@pytest.fixture(scope="module")
def large() -> Opened:
    """A table of a hundred thousand made answers; a tenth without a true class, some without agreement."""
    draw, count, names = np.random.default_rng(4), 100_000, tuple("abcdefgh")
    true, predicted = draw.integers(0, 8, count), draw.integers(0, 8, count)
    known = draw.random(count) > 0.1
    table = pd.DataFrame(
        {
            "number": np.arange(count) * 2,
            "true": pd.Categorical.from_codes(np.where(known, true, -1), names),
            "predicted": pd.Categorical.from_codes(predicted, names),
            "confidence": draw.random(count, np.float32),
            "correct": pd.array(np.where(known, true == predicted, None), pd.BooleanDtype()),
            "loss": np.where(known, draw.random(count), np.nan).astype(np.float32),
            "agreement": np.where(draw.random(count) > 0.2, draw.uniform(-1, 1, count), np.nan).astype(np.float32),
        }
    )
    run = core.Run(Path("/nowhere"), {"classes": list(names)})
    return Opened(run, table, ("large",))


FILTERS = [
    Filter(),
    Filter(true="c", predicted="a", sort=Sort.LOSS),
    Filter(predicted="h", answers=Answers.WRONG, confidence=(0.25, 0.75)),
    Filter(answers=Answers.RIGHT, agreement=(-0.5, 1.0), sort=Sort.DISAGREEMENT),
    Filter(group=Group("odd", tuple(range(0, 3000, 3))), sort=Sort.LISTED),
    Filter(lasso=Group("some", (4, 8, 10, 11)), answers=Answers.ALL, sort=Sort.CONFIDENT),
    Filter(true="unicorn"),
]


def passes(line: dict, chosen: Filter) -> bool:
    """Whether a line is left by a filter: the plain words of it."""
    if (chosen.true and line["true"] != chosen.true) or (chosen.predicted and line["predicted"] != chosen.predicted):
        return False
    if chosen.answers != Answers.ALL and (
        line["correct"] is None or line["correct"] != (chosen.answers == Answers.RIGHT)
    ):
        return False
    for name, whole in (("confidence", (0.0, 1.0)), ("agreement", (-1.0, 1.0))):
        low, high = getattr(chosen, name)
        if (low, high) != whole and not low <= line[name] <= high:
            return False
    return all(group is None or line["number"] in group.numbers for group in (chosen.group, chosen.lasso))


def rank(line: dict, sort: Sort) -> tuple:
    """What a line is sorted by, the smallest first."""
    if sort == Sort.LOSS:
        return (line["loss"] is None, -(line["loss"] or 0), line["number"])
    if sort == Sort.DISAGREEMENT:
        return (line["agreement"] is None, line["agreement"] or 0, line["number"])
    if sort == Sort.CONFIDENT:
        kind = 1 if line["correct"] is None else 2 if line["correct"] else 0
        return (kind, -line["confidence"] if kind == 0 else line["confidence"], line["number"])
    return (line["number"],)


@pytest.mark.parametrize("chosen", FILTERS, ids=str)
def test_the_filter_is_a_slow_loop(large: Opened, chosen: Filter) -> None:
    table = large.table.iloc[:4000].astype(object).where(large.table.iloc[:4000].notna(), None)
    small = Opened(large.run, large.table.iloc[:4000], ("small",))
    lines = [{**line, "place": place} for place, line in enumerate(table.to_dict("records"))]
    for line in lines:
        line["agreement"] = np.nan if line["agreement"] is None else line["agreement"]
    left = [line for line in lines if passes(line, chosen)]
    for line in left:
        line["agreement"] = None if np.isnan(line["agreement"]) else line["agreement"]
    expected = [line["place"] for line in sorted(left, key=lambda line: rank(line, chosen.sort))]
    assert runs.filtered(small, chosen).tolist() == expected


def test_a_filter_over_a_hundred_thousand_pictures_takes_less_than_half_a_second(large: Opened) -> None:
    for chosen in FILTERS:
        times = []
        for _ in range(3):
            start = time.perf_counter()
            runs._filter(large, chosen, None)
            times.append(time.perf_counter() - start)
        assert min(times) < 0.5, chosen


def test_tags_are_kept_in_the_run(empty: Path, tiny: Callable) -> None:
    core.scan(tiny("plain"), "scenes", kept_runs.folder() / "tagged", pictures=30)
    opened = runs.open_one("tagged")
    before = opened.key
    tags.put(opened.run, (3, 7), ["shortcut", " my own ", "shortcut", ""])
    tags.put(opened.run, [7], ["ambiguous"], add=True)
    assert tags.every(opened.run) == {3: ("shortcut", "my own"), 7: ("shortcut", "my own", "ambiguous")}
    assert tags.used(opened.run) == {"shortcut": 2, "my own": 2, "ambiguous": 1}
    assert runs.filtered(opened, Filter(tag="shortcut", sort=Sort.LISTED)).tolist() == [3, 7]
    tags.put(opened.run, [3], [])
    assert list(tags.every(opened.run)) == [7]
    assert runs.filtered(opened, Filter(tag="shortcut", sort=Sort.LISTED)).tolist() == [7]
    assert runs.open_one("tagged").key == before  # a tag costs no new reading of the table
    (opened.run.folder / tags.FILE).write_text("nonsense")
    with pytest.raises(InvalidInput, match=tags.FILE):
        tags.every(opened.run)
