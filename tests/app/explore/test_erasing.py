"""The test Erase: the numbers on the page are the core's, for maps of every kind; and so are the curves' areas."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import core
from app import attention_maps, figures
from app.runtime import results
from app.runtime.explore import faithfulness
from app.runtime.store import Store
from app.views.explore.keys import ExploreKey
from app.views.explore.tests import curves, erasing
from app.words import percent, word
from core import Curves, Faithfulness, Stopped
from core.attribution.batches import Pace
from core.evaluation import faithfulness as core_curves
from core.evaluation.erasure import WHICH
from core.types import Picture
from tests.app.explore.explanation_page import open_test, situation
from tests.core.attentive_models import adopted

open_erasing = partial(open_test, erasing.show_erasing)


@pytest.fixture(autouse=True)
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store of the test's own: nothing is known before."""
    own = Store(1 << 26)
    monkeypatch.setattr(results, "store", lambda: own)
    return own


def shown_text(page: AppTest) -> str:
    return "\n".join(str(one.value) for one in [*page.markdown, *page.caption]).replace("\u00a0", " ")


def changes(classifier: core.Classifier, picture: Picture, values: np.ndarray, target: int, **how: object) -> list[str]:
    """What must stand under the three pictures, computed by the core."""
    before = core.read(classifier, picture).probabilities[target]
    lines = []
    for which in WHICH:
        after = core.read(classifier, core.erase(classifier, picture, values, which=which, **how)).probabilities[target]
        shares = {"before": percent(float(before), 0), "after": percent(float(after), 0)}
        lines.append(word("erase.change", name=classifier.card.classes[target], **shares).replace("\u00a0", " "))
    return lines


def lead(reading: core.Reading, target: int) -> float:
    """How far the target's score lies above that of the class after it."""
    return float(reading.logits[target] - reading.logits[(target + 1) % 10])


def shows(page: AppTest, lines: list[str]) -> bool:
    """Whether the lines stand under the pictures, in their order."""
    return [one.value.strip("*").replace("\u00a0", " ") for one in page.markdown if "→" in one.value] == lines


def test_each_mechanisms_maps_erase_what_the_core_erases(classifier: core.Classifier, picture: Picture) -> None:
    given = situation(classifier, picture, "saliency")
    page, shown = open_erasing(given), given["shown"].choice
    if shown is None:
        assert word("erase.only.attribution", method="Saliency") in shown_text(page)
    else:
        attended = attention_maps.grid_of(given["reading"], shown)
        assert shows(page, changes(classifier, picture, attended, given["target"]))
        page = page.button_group(key=ExploreKey.ERASE_MAP).set_value("attribution").run()
    assert shows(page, changes(classifier, picture, given["found"].values, given["target"]))
    assert len(page.get("image")) == 3


@pytest.mark.parametrize("family", ["vit", "swin"])
def test_a_head_and_a_pinned_patch_are_erased_as_they_are_shown(picture: Picture, family: str) -> None:
    classifier = adopted(family)
    slug = [one.slug for one in attention_maps.choices(core.read(classifier, picture)) if one.head == 1][-1]
    given = situation(classifier, picture, "saliency", slug, query=5)
    values = attention_maps.grid_of(given["reading"], given["shown"].choice, 5)
    page = open_erasing(given)
    assert shows(page, changes(classifier, picture, values, given["target"]))
    assert given["shown"].title in shown_text(page)


def test_share_fill_and_seed_are_the_users(tiny: Callable, picture: Picture) -> None:
    classifier = tiny("spatial-gate")
    given = situation(classifier, picture)
    values = attention_maps.grid_of(given["reading"], given["shown"].choice)
    page = open_erasing(given)
    page.slider(key=ExploreKey.ERASE_SHARE).set_value(55)
    page.button_group(key=ExploreKey.ERASE_FILL).set_value("surroundings")
    page = page.run()
    how = {"share": 0.55, "fill": "surroundings"}
    assert shows(page, changes(classifier, picture, values, given["target"], **how))
    page = next(one for one in page.button if one.label == word("erase.again")).click().run()
    assert word("erase.seed", seed=1) in shown_text(page)
    assert shows(page, changes(classifier, picture, values, given["target"], seed=1, **how))


def test_two_classes_compared_with_each_other_are_both_named(tiny: Callable, picture: Picture) -> None:
    classifier = tiny("plain")
    target = core.read(classifier, picture).predicted
    given = situation(classifier, picture, "input-x-gradient", contrast=(target + 1) % 10)
    page, values = open_erasing(given), given["found"].values
    pairs = zip(*(changes(classifier, picture, values, one) for one in (target, (target + 1) % 10)), strict=True)
    assert shows(page, ["  \n".join(pair) for pair in pairs])
    name = classifier.card.classes[target]
    other = classifier.card.classes[(target + 1) % 10]
    for which in ("most", "least"):
        assert word(f"erase.{which}.contrast", name=name, other=other) in shown_text(page)
        assert word(f"erase.{which}.signed", name=name) not in shown_text(page)
    before = lead(core.read(classifier, picture), target)
    erased = (core.erase(classifier, picture, values, which=which) for which in WHICH)
    after = {which: lead(core.read(classifier, one), target) for which, one in zip(WHICH, erased, strict=True)}
    told = {which: erasing.moved(before, one, erasing.LEAD) for which, one in after.items()}
    told["before"] = f"{before:.2f}".replace("-", "−")
    assert word("erase.sentence.contrast", name=name, other=other, **told) in shown_text(page)
    assert erasing.erasure_verdict(before, after, erasing.LEAD) in shown_text(page)
    assert word("contrast.both", target=name, other=other) in shown_text(page)  # which map it is


def test_without_a_map_there_is_nothing_to_erase_by(tiny: Callable, picture: Picture) -> None:
    page = open_erasing(situation(tiny("plain"), picture, computed=False))
    later = word("erase.later", method="Grad-CAM")
    assert word("erase.nothing", why=later) in shown_text(page) and not page.get("image")
    page = open_erasing(situation(tiny("cbam"), picture, computed=False))
    assert word("erase.only.attention", why=later) in shown_text(page) and len(page.get("image")) == 3


@pytest.mark.parametrize("size", [0.0, 1e-9])
def test_nothing_is_erased_by_a_map_that_is_blank(tiny: Callable, picture: Picture, size: float) -> None:
    """Neither by one of zeros nor by one that is the rounding of the scores, whatever its strongest cell."""
    given = situation(tiny("cbam"), picture, "layer-integrated-gradients")
    values = size * np.eye(8, dtype=np.float32)
    blank = core.Attribution(values, (8, 8), 0.0, "layer-integrated-gradients", given["target"])
    page = open_erasing({**given, "found": blank})
    name = given["subject"].classifier.card.classes[given["target"]]
    assert word("overlay.note.zero.attention", target=name) in shown_text(page)
    assert shows(page, changes(given["subject"].classifier, picture, attention_maps.grid_of(
        given["reading"], given["shown"].choice), given["target"]))  # fmt: skip
    assert not [one for one in page.button_group if one.key == ExploreKey.ERASE_MAP]
    page = open_erasing({**situation(tiny("plain"), picture, "saliency"), "found": blank})
    assert word("overlay.note.zero.picture", target=name) in shown_text(page) and not page.get("image")


def test_a_flat_map_says_that_its_order_is_drawn(tiny: Callable, picture: Picture) -> None:
    given = situation(tiny("plain"), picture, "saliency")
    assert word("erase.flat") not in shown_text(open_erasing(given))
    flat = core.Attribution(np.ones((8, 8), np.float32), (8, 8), None, "grad-cam", given["target"])
    assert word("erase.flat") in shown_text(open_erasing({**given, "found": flat}))


@pytest.mark.parametrize(
    ("after", "key"),
    [
        ({"most": 0.1, "random": 0.8, "least": 0.9}, "erase.matters"),
        ({"most": 0.5, "random": 0.52, "least": 0.9}, "erase.no_more"),
        ({"most": 0.8, "random": 0.1, "least": 0.9}, "erase.less"),
        ({"most": 0.91, "random": 0.9, "least": 0.9}, "erase.unmoved"),
    ],
)
def test_the_sentence_says_whether_the_part_matters(after: dict[str, float], key: str) -> None:
    assert erasing.erasure_verdict(0.9, after) == word(key)
    assert erasing.moved(0.9, 0.12) == word("erase.falls", after="12 %")
    assert erasing.moved(0.2, 0.3) == word("erase.rises", after="30 %")
    assert erasing.moved(0.9, 0.89) == word("erase.stays", after="89 %")


@pytest.mark.parametrize(
    ("after", "key"),
    [
        ({"most": 1.0, "random": 2.0, "least": 2.1}, "erase.matters"),
        ({"most": 1.9, "random": 2.0, "least": 4.0}, "erase.no_more"),
        ({"most": 2.0, "random": -1.0, "least": 2.0}, "erase.less"),
        ({"most": 2.05, "random": 1.95, "least": 2.0}, "erase.unmoved"),
    ],
)
def test_of_two_classes_it_goes_by_the_difference_of_their_scores(after: dict[str, float], key: str) -> None:
    assert erasing.erasure_verdict(2.0, after, erasing.LEAD) == word(key)
    assert erasing.moved(2.0, -0.5, erasing.LEAD) == word("erase.falls", after="−0.50")
    pointer = erasing.Pointer("", np.eye(2), 1, contrast=0)
    assert pointer.measure(np.array([0.1, 0.8, 0.1], np.float32)) == pytest.approx(np.log(8), abs=1e-6)
    assert np.isfinite(pointer.measure(np.array([0.0, 1.0], np.float32)))


# --- curves


def test_the_curves_are_drawn_on_request_and_their_areas_are_the_cores(tiny: Callable, picture: Picture) -> None:
    classifier = tiny("attention-pooling")
    given = situation(classifier, picture)
    page = open_erasing(given)
    assert not page.get("plotly_chart")
    page = page.button(key="start-curves").click().run()
    assert not page.exception and len(page.get("plotly_chart")) == 2
    values = attention_maps.grid_of(given["reading"], given["shown"].choice)
    found = core.faithfulness(classifier, picture, values, given["target"], seed=0)
    for one in ("map", "random", "blob", "edges"):
        areas = getattr(found, one)
        cells = [f"{area:.3f}" for area in (areas.deletion_area, areas.insertion_area)]
        assert (" | ".join(cells) if one != "map" else " | ".join(f"**{cell}**" for cell in cells)) in shown_text(page)
    page = page.button_group(key=ExploreKey.ERASE_MAP).set_value("attribution").run()
    assert not page.get("plotly_chart") and page.button(key="start-curves")  # another map, other curves


def test_what_takes_long_says_so_beforehand(tiny: Callable, picture: Picture, monkeypatch: pytest.MonkeyPatch) -> None:
    given = situation(tiny("plain"), picture)
    monkeypatch.setattr(faithfulness, "curves_seconds", lambda model: 200.0)
    assert word("compute.about", duration="3 min") in shown_text(open_erasing(given))
    monkeypatch.setattr(faithfulness, "curves_seconds", lambda model: 1.0)
    assert word("compute.about", duration="1 s") not in shown_text(open_erasing(given))


def test_the_time_is_that_of_all_pictures_and_a_stop_leaves_nothing(
    tiny: Callable, picture: Picture, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    classifier, told = tiny("plain"), []
    values = np.random.default_rng(1).random((8, 8)).astype(np.float32)
    core.faithfulness(classifier, picture, values, 0, progress=lambda *call: told.append(call))
    monkeypatch.setattr(core_curves, "pace", lambda model: Pace(1, 1.0))
    monkeypatch.setattr(core_curves, "expect", lambda model, what, estimate: estimate)
    assert faithfulness.curves_seconds(classifier) == pytest.approx(told[-1][1])

    def stop(done: int, total: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        faithfulness.curves(classifier, picture, values, 0, 0, tick=stop)
    assert results.find_result(faithfulness.curves_key(classifier, picture, values, 0, 0)) is None and not store.bytes


def test_maps_that_differ_in_one_value_or_in_shape_are_two() -> None:
    one = np.zeros((200, 300), np.float32)
    other = one.copy()
    other[77, 123] = 1e-7
    many = {faithfulness.fingerprint(each) for each in (one, other, one.reshape(300, 200), one.view(np.int32))}
    assert len(many) == 4 and faithfulness.fingerprint(one.copy()) in many


def made(deletion: float, insertion: float) -> Curves:
    return Curves(np.zeros(3, np.float32), np.zeros(3, np.float32), deletion, insertion)


def test_better_and_beaten_in_words() -> None:
    own, names = made(0.2, 0.7), {"map": "Map", "random": "Random", "blob": "Center blob", "edges": "Edges"}
    cases = {"both": (0.3, 0.6), "deletion": (0.3, 0.7), "insertion": (0.1, 0.6), "neither": (0.2, 0.8)}
    for key, areas in cases.items():
        assert curves.better(own, made(*areas)) == word(f"curves.better.{key}")
    assert curves.better(own, made(0.2004, 0.6996)) == word("curves.better.neither")  # the table shows three digits
    worse, better = made(0.3, 0.6), made(0.1, 0.8)
    shares = np.linspace(0, 1, 3)
    told = curves.curve_verdict(Faithfulness(0, shares, own, worse, worse, better), names)
    assert told == word("curves.mixed", map="Map", beaten="random and center blob", unbeaten="edges")
    told = curves.curve_verdict(Faithfulness(0, shares, own, worse, worse, worse), names)
    assert told == word("curves.beats", map="Map", beaten="random, center blob and edges")
    told = curves.curve_verdict(Faithfulness(0, shares, own, better, better, better), names)
    assert told == word("curves.loses", map="Map", unbeaten="random, center blob and edges")


def test_the_figure_draws_each_curve_and_a_line_at_the_share() -> None:
    shares, draw = np.linspace(0, 1, 9), np.random.default_rng(0)
    lines = {name: draw.random(9).astype(np.float32) for name in ("Map", "Random", "Blob", "Edges")}
    figure = figures.faithfulness_curve(shares, lines, 0.35, "share deleted")
    drawn = {one.name: one for one in figure.data}
    assert list(drawn) == [*lines][::-1]  # the map lies on top
    for name, values in lines.items():
        assert np.allclose(drawn[name].y, 100 * values) and np.allclose(drawn[name].x, 100 * shares)
    assert drawn["Map"].line.color == figures.ACCENT and drawn["Map"].line.dash is None
    assert len({drawn[name].line.dash for name in ("Random", "Blob", "Edges")} - {None, "solid"}) == 3
    (line,) = figure.layout.shapes
    assert line.x0 == line.x1 == pytest.approx(35)
    assert figure.layout.xaxis.title.text == "share deleted"
