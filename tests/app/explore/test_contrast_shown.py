"""Explore sets one class against another: three maps of the chosen method, their numbers, the address, the code."""

from __future__ import annotations

import numpy as np
import pytest

import core
from app import attention_maps, layers, runtime, titles
from app.runtime.store import Store
from app.state import Key
from app.views.explore import attributions
from app.words import word
from core.attribution import METHODS, method
from core.data.samples import open_sample
from tests.app.pages import open_page, shown_text, well

MODEL, SAMPLE = "scenes/cbam", "scenes/42"


@pytest.fixture(scope="module")
def classifier() -> core.Classifier:
    return core.load(MODEL, "cpu")


def test_a_class_can_be_compared_with_another(classifier: core.Classifier) -> None:
    page = well(open_page(model=MODEL, sample=SAMPLE, method="input-x-gradient"))
    target = core.read(classifier, open_sample(SAMPLE)).predicted
    other = classifier.card.classes[(target + 3) % len(classifier.card.classes)]
    picker = page.selectbox(key=Key.CONTRAST)
    assert classifier.card.classes[target] not in picker.options and other in picker.options
    page = well(picker.set_value(other).run())
    assert page.query_params["contrast"] == other
    found = core.attribute(classifier, open_sample(SAMPLE), "input-x-gradient", target, contrast=other)
    attended = attention_maps.grid_of(core.read(classifier, open_sample(SAMPLE)), attention_maps.find_choice(
        core.read(classifier, open_sample(SAMPLE)), ""))  # fmt: skip
    assert f"{core.agreement(attended, found).rank_correlation.value:.2f}".replace("-", "−") in "".join(
        one.proto.body for one in page.get("html")
    )
    assert f', contrast="{other}"' in page.code[-1].value
    both = word("contrast.both", target=classifier.card.classes[target], other=other)
    assert f"compared with {word('contrast.title', method='Input × gradient', classes=both)}" in shown_text(
        page
    )  # which map
    page = well(page.selectbox(key=Key.CONTRAST).set_value("").run())
    assert "contrast" not in page.query_params


def test_a_thousand_classes_are_named_a_few_times_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0

    def count(key: str, default: str) -> str:
        nonlocal asked
        asked += 1
        return default or "known"

    page = well(open_page(model="imagenet/efficientnet-lite0", sample="photo/china"))
    assert len(page.selectbox(key=Key.CONTRAST).options) == 1000
    monkeypatch.setattr(titles, "known", count)
    well(page.run())
    assert 1000 <= asked < 20_000, "not every class for every class"


def test_a_method_that_cannot_says_so_and_stays_with_the_class(classifier: core.Classifier) -> None:
    page = well(open_page(model=MODEL, sample=SAMPLE, method="saliency", contrast=classifier.card.classes[0]))
    target = classifier.card.classes[core.read(classifier, open_sample(SAMPLE)).predicted]
    assert word("contrast.cannot", method="Saliency", target=target) in shown_text(page)
    assert "contrast" not in page.query_params


def test_an_address_with_a_class_that_is_not_there_says_so() -> None:
    page = open_page(model=MODEL, sample=SAMPLE, contrast="dragon")
    assert not page.exception and "dragon" in shown_text(page) and "contrast" not in page.query_params


def test_a_class_compared_with_itself_stands_alone(classifier: core.Classifier) -> None:
    name = classifier.card.classes[2]
    page = well(open_page(model=MODEL, sample=SAMPLE, target=name, contrast=name))
    assert page.selectbox(key=Key.CONTRAST).value == "" and "contrast" not in page.query_params


def test_the_three_maps_stand_in_a_strip_of_their_own(classifier: core.Classifier) -> None:
    picture, chosen = open_sample(SAMPLE), method("input-x-gradient")
    every = [core.attribute(classifier, picture, chosen.slug, one, contrast=other) for one, other in
             attributions.questions(1, 4)]  # fmt: skip
    reading, names = core.read(classifier, picture), classifier.card.classes
    both, first, second = (layers.attribution_layer(chosen, one, reading, names, (1, 4)) for one in every)
    assert both.group == first.group == second.group
    assert all(classifier.card.classes[one] in both.group for one in (1, 4))
    assert both.signed and both.slug == chosen.slug and first.slug == f"{chosen.slug}@1"
    assert [layers.parse_side(one.slug)[1] for one in (both, first, second)] == [None, 1, 4]
    # input × gradient is linear in the score
    assert np.allclose(both.values, first.values - second.values, atol=1e-5)
    assert [attributions.on_side(every, side) for side in (None, 1, 4, 7)] == [every[0], every[1], every[2], every[0]]
    assert attributions.on_side((), None) is None


def test_one_click_fills_the_strip_from_one_pass(monkeypatch: pytest.MonkeyPatch, classifier: core.Classifier) -> None:
    """The reading and the fast methods' maps are there after one panel; another class costs one more."""
    own, asked, panel = Store(10**8), [], core.panel
    monkeypatch.setattr(runtime.results, "store", lambda: own)
    monkeypatch.setattr(core, "panel", lambda *rest: asked.append(rest[2]) or panel(*rest))
    picture = open_sample(SAMPLE)
    reading = runtime.reading_with_panel(classifier, picture)
    for slug in [one.slug for one in METHODS if one.in_panel]:
        key = runtime.attribution_key(classifier, picture, method(slug), reading.predicted, {})
        found, slow = runtime.find_attribution(key), core.attribute(classifier, picture, slug)
        assert found.target == slow.target
        assert np.allclose(found.values, slow.values, atol=1e-5 * np.abs(slow.values).max())
    assert (
        runtime.reading_with_panel(classifier, picture, reading.predicted)
        is reading
        is runtime.reading(classifier, picture)
    )
    assert asked == [None]
    assert runtime.reading_with_panel(classifier, picture, (reading.predicted + 1) % 10) is reading and len(asked) == 2


def test_every_method_says_what_it_is_made_of_and_what_it_needs() -> None:
    everywhere = {"saliency", "input-x-gradient", "integrated-gradients", "smoothgrad", "vargrad", "gradient-shap",
                  "feature-ablation", "kernel-shap", "lime"}  # fmt: skip
    for one in METHODS:
        assert word(f"overlay.attribution.{one.family}")
        assert bool(one.needs) == (one.slug not in everywhere)


def test_a_map_of_rounding_is_blank_and_no_verdict_is_given(classifier: core.Classifier) -> None:
    """The gates of this model are shut where nothing moves the score: its map is a billionth of the scores."""
    picture = open_sample("scenes-place/24")
    model = core.load("scenes-place/cbam", "cpu")
    found, reading = core.attribute(model, picture, "layer-integrated-gradients"), core.read(model, picture)
    assert 0 < np.abs(found.values).max() < 1e-7 < np.abs(reading.logits).max()
    page = well(open_page(model="scenes-place/cbam", sample="scenes-place/24", method="layer-integrated-gradients"))
    name = model.card.classes[reading.predicted]
    why = f"{word('overlay.note.zero.attention', target=name)} {word('overlay.note.rounding')}"
    assert word("agreement.blank", right="Layer Integrated Gradients", why=why) in shown_text(page)
    assert not [one for one in ("strong", "some", "chance", "opposed") if word(f"agreement.{one}") in shown_text(page)]
