"""The bars of our own: what they are given to draw is what the core computes, row by row."""

from __future__ import annotations

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import core
from app.components.bars import chosen_row
from app.state import Key
from app.titles import class_titles
from app.words import chance, percent
from core.data import open_sample
from core.evaluation import wilson
from core.models import zoo
from tests.app.explore.intervention_page import SAMPLE, open_intervention
from tests.app.pages import drawn_by, open_page, well
from tests.conftest import build_tiny

VIEW = {"model": "scenes/self-attention", "sample": "scenes/21"}


@pytest.fixture(scope="module")
def reading() -> core.Reading:
    return core.read(core.load(VIEW["model"], "cpu"), open_sample(VIEW["sample"]))


def answer(page: AppTest) -> dict:
    """The bars that can be clicked; those of an intervention cannot."""
    (found,) = [one for one in drawn_by(page, "bars") if one["buttons"]]
    return found


def by_hand(reading: core.Reading, target: int) -> list[dict]:
    """The five most likely classes, the most likely first, each with its name, its share in words and in numbers."""
    classes = zoo.find_card(VIEW["model"]).classes
    order = sorted(range(len(classes)), key=lambda row: -reading.probabilities[row])[:5]
    titles, shares = class_titles(classes), [float(reading.probabilities[row]) for row in order]
    return [
        {"name": titles[row], "text": chance(share), "shares": [pytest.approx(share, abs=1e-6)],
         "marked": row == target, "interval": None}
        for row, share in zip(order, shares, strict=True)
    ]  # fmt: skip


def test_the_most_likely_class_is_on_top_and_the_explained_one_is_marked(reading: core.Reading) -> None:
    assert answer(well(open_page(**VIEW)))["rows"] == by_hand(reading, reading.predicted)
    other = int(reading.probabilities.argsort()[::-1][3])
    name = zoo.find_card(VIEW["model"]).classes[other]
    page = well(open_page(**VIEW, target=name))
    assert answer(page)["rows"] == by_hand(reading, other) and page.session_state[Key.TARGET] == name


def test_an_explained_class_that_is_not_among_the_likely_ones_marks_no_row(reading: core.Reading) -> None:
    least = int(reading.probabilities.argmin())
    page = well(open_page(**VIEW, target=zoo.find_card(VIEW["model"]).classes[least]))
    assert not [row for row in answer(page)["rows"] if row["marked"]]


def test_an_intervention_has_two_bars_for_each_class() -> None:
    model, picture = build_tiny("attention-pooling"), open_sample(SAMPLE)
    (pair,) = drawn_by(open_intervention("attention-pooling"), "bars")
    before = core.read(model, picture)
    after = core.intervene(model, picture, {before.maps[0].tap: core.UNIFORM})
    titles = class_titles(model.card.classes)
    assert len(pair["legend"]) == 2 and not pair["buttons"] and len(pair["rows"]) == 5
    for row in pair["rows"]:
        of = titles.index(row["name"])
        both = float(before.probabilities[of]), float(after.probabilities[of])
        assert row["shares"] == pytest.approx(both, abs=1e-6) and row["text"] == " → ".join(map(chance, both))


def test_the_accuracy_of_a_card_has_its_interval_and_chance() -> None:
    card = zoo.find_card("scenes/transformer")
    known = wilson(round(card.accuracy * card.pictures), card.pictures)
    (bars,) = drawn_by(well(open_page("models", model=card.slug)), "bars")
    whole, *rest = bars["rows"]
    assert whole["shares"] == [card.accuracy] and [*whole["interval"]] == [known.low, known.high]
    assert [row["text"] for row in rest] == [percent(card.ablation[one]) for one in ("uniform", "shuffled", "off")]
    assert not [row for row in rest if row["interval"]] and bars["reference"] == 1 / len(card.classes)


@pytest.mark.parametrize("sent", [None, True, -1, 5, 2.0, "2", [2], {"row": 2}, np.inf])
def test_what_is_no_row_is_no_click(sent: object) -> None:
    assert chosen_row(sent, 5) is None and chosen_row(4, 5) == 4
