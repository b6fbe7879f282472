"""Explore: what one choice does to another, what the true class is, and how an erasure travels in the address."""

from __future__ import annotations

import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import core
from app.state import Key, Subject
from app.views.explore import attributions, panes
from app.views.explore.keys import ExploreKey
from app.words import word
from core import scenes
from core.attribution import method
from core.data import samples
from core.data.datasets import IMAGENETTE
from tests.app.pages import open_page, shown_text, warnings, well

MODEL = "scenes/self-attention"


def stage(page: AppTest) -> str:
    """The stage that Grad-CAM explains."""
    return page.selectbox(key="parameter.grad-cam.stage").value


def test_the_stage_of_one_model_is_not_carried_over_to_another() -> None:
    page = well(open_page(model=MODEL, method="grad-cam"))
    first = stage(page)
    page = well(page.selectbox(key="parameter.grad-cam.stage").set_value("stage1").run())
    assert stage(page) == "stage1" and page.query_params["p.stage"] == "stage1" and first != "stage1"
    page = well(page.selectbox(key=Key.TARGET).set_value("boat").run())
    assert stage(page) == "stage1", "another class is no other model"
    page = well(page.selectbox(key=Key.MODEL).set_value("scenes/cbam").run())
    assert stage(page) == "stage4" and "p.stage" not in page.query_params
    page = well(page.selectbox(key="parameter.grad-cam.stage").set_value("stage2").run())
    page = well(page.button_group(key=Key.FAMILY).set_value("imagenette").run())
    assert page.selectbox(key=Key.MODEL).value == "imagenette/cbam" and stage(page) == "stage4"


def test_the_tap_and_the_head_of_one_model_are_not_carried_over_either() -> None:
    page = well(open_page(model=MODEL, method="attention", **{"p.head": "2", "p.tap": "stage4.block1.second"}))
    assert page.selectbox(key="parameter.attention.head").value == 2, "an address speaks for its own model"
    assert page.selectbox(key="parameter.attention.tap").value == "stage4.block1.second"
    page = well(page.selectbox(key=Key.MODEL).set_value("scenes/transformer").run())
    assert page.selectbox(key="parameter.attention.head").value == "mean" and not page.warning
    assert not [name for name in page.query_params if name.startswith("p.")]


def test_what_means_the_same_in_every_model_is_carried_over() -> None:
    page = well(open_page(model="scenes/cbam", method="smoothgrad", **{"p.noise": "0.3", "p.samples": "5"}))
    page = well(page.selectbox(key=Key.MODEL).set_value("scenes/plain").run())
    assert page.query_params["p.noise"] == "0.3" and page.query_params["p.samples"] == "5"


def test_a_stage_set_for_another_method_is_dropped_too() -> None:
    page = well(open_page(model=MODEL, method="grad-cam", **{"p.stage": "stage1"}))
    page = well(page.selectbox(key=Key.METHOD).set_value("saliency").run())
    page = well(page.selectbox(key=Key.MODEL).set_value("scenes/cbam").run())
    page = well(page.selectbox(key=Key.METHOD).set_value("grad-cam").run())
    assert stage(page) == "stage4"


ASKED = [
    ("scenes/cbam", "grad-cam", {}, "Grad-CAM · Stage 4"),
    ("scenes/cbam", "grad-cam", {"stage": "stage2"}, "Grad-CAM · Stage 2"),
    ("scenes/cbam", "guided-grad-cam", {"stage": "stage1"}, "Guided Grad-CAM · Stage 1"),
    ("scenes/cbam", "layer-integrated-gradients", {}, "Layer Integrated Gradients · Stage 4, spatial gate"),
    ("scenes/self-attention", "attention", {}, "Attention map · Layer 4b"),
    ("scenes/self-attention", "attention", {"head": 2}, "Attention map · Layer 4b · Head 3"),
    ("scenes/transformer", "gradient-x-attention", {}, "Gradient × attention · All layers"),
    ("scenes/transformer", "saliency", {}, "Saliency"),
]


@pytest.mark.parametrize(("slug", "name", "given", "title"), ASKED)
def test_the_pane_names_the_part_of_the_model_that_is_explained(slug: str, name: str, given: dict, title: str) -> None:
    model, picture = core.load(slug, "cpu"), samples.open_sample("scenes/24")
    found = core.Attribution(np.eye(4, dtype=np.float32), (4, 4), None, name, 0)
    subject, reading = Subject(model, picture, "scenes/24", "center"), core.read(model, picture)
    blob = panes.pack(subject, reading, [(method(name), found, given)], ("", ""))
    length = int.from_bytes(blob[:4], "little")
    (layer,) = json.loads(blob[4 : 4 + length])["attribution"]
    assert layer["title"] == title and title.startswith(layer["label"])


def test_a_class_that_is_compared_with_itself_costs_one_sentence() -> None:
    page = well(open_page(model=MODEL, sample="scenes/24", target="boat", contrast="boat"))
    (told,) = [one.value for one in page.warning]
    assert told == word("contrast.same", name="boat") and "contrast" not in page.query_params
    page = well(open_page(model=MODEL, sample="scenes/24", contrast="fish"))  # the predicted class
    assert [one.value for one in page.warning] == [word("contrast.same", name="fish")]
    page = well(open_page(model=MODEL, sample="scenes/24", contrast="boat"))
    page = well(page.selectbox(key=Key.TARGET).set_value("boat").run())
    assert [one.value for one in page.warning] == [word("contrast.same", name="boat")]
    assert not well(page.selectbox(key=Key.TARGET).set_value("").run()).warning


@pytest.mark.parametrize(
    ("model", "sample", "sentence"),
    [
        (MODEL, "scenes/24", word("answer.truth.right", name="fish")),
        ("scenes-tag/cbam", "scenes-tag/24/rocket", word("answer.truth.wrong", name="fish", predicted="rocket")),
        ("imagenette/cbam", "scenes/24", word("answer.truth.unknown", name="fish")),
    ],
)
def test_the_true_class_stands_next_to_the_prediction(model: str, sample: str, sentence: str) -> None:
    page = well(open_page(model=model, sample=sample))
    assert sentence in [one.value for one in page.markdown]


def test_nothing_is_stated_of_a_true_class_that_nobody_knows() -> None:
    page = well(open_page(model="imagenette/cbam", sample="photo/hopper"))
    assert "True class" not in shown_text(page)


def test_the_truth_of_a_sample_is_that_of_the_pickers() -> None:
    for family in ("scenes", "scenes-tag", "scenes-place", "imagenette"):
        offered = samples.list_samples(family)
        assert [samples.sample_truth(one.slug) for one in offered] == [one.truth for one in offered]
    wnid, title = next(iter(IMAGENETTE.items()))
    assert samples.sample_truth(f"imagenette/{wnid}/anything") == title
    assert samples.sample_truth("photo/hopper") is None and samples.sample_truth("scenes/123456") in scenes.OBJECTS


ERASED = {"test": "erase", "erase_map": "attribution", "erase_share": "45", "erase_fill": "blur", "seed": "3"}


def test_an_erasure_comes_back_from_its_address() -> None:
    page = well(open_page(model=MODEL, sample="scenes/24", **ERASED))
    assert {name: page.query_params.get(name) for name in ERASED} == ERASED and not page.warning
    assert page.slider(key=ExploreKey.ERASE_SHARE).value == 45
    assert page.button_group(key=ExploreKey.ERASE_FILL).value == "blur"
    assert page.button_group(key=ExploreKey.ERASE_MAP).value == "attribution"
    assert word("erase.seed", seed=3) in shown_text(page)
    page = well(page.slider(key=ExploreKey.ERASE_SHARE).set_value(20).run())
    assert "erase_share" not in page.query_params and page.query_params["erase_fill"] == "blur"
    page = well(page.button_group(key=ExploreKey.ERASE_FILL).set_value("gray").run())
    assert "erase_fill" not in page.query_params
    again = next(one for one in page.button if one.label == word("erase.again"))
    assert well(again.click().run()).query_params["seed"] == "4"


@pytest.mark.parametrize(
    ("name", "value"),
    [("erase_map", "nobody"), ("erase_share", "44"), ("erase_share", "all"), ("erase_fill", "pink"), ("seed", "-1")],
)
def test_a_wrong_erasure_in_the_address_costs_one_sentence(name: str, value: str) -> None:
    page = well(open_page(model=MODEL, sample="scenes/24", test="erase", **{name: value}))
    assert [one.value for one in page.warning] == [word("address.unknown", name=name, value=value)]
    assert name not in page.query_params


def test_each_strip_entry_carries_what_it_was_made_with() -> None:
    page = well(open_page(model=MODEL, sample="scenes/24", method="grad-cam", **{"p.stage": "stage2"}))
    subject = page.session_state[Key.SUBJECT]
    found = core.attribute(subject.classifier, subject.picture, "grad-cam", stage="stage2")
    shown = attributions.strip(subject, found.target, method("grad-cam"), [found], {"stage": "stage2"})
    assert {one.slug: given for one, _, given in shown}["grad-cam"] == {"stage": "stage2"}


def test_what_a_link_names_and_nobody_knows_is_reported_as_that() -> None:
    page = open_page(model="scenes/cbam", sample="scenes/24", method="nope", target="zz")
    assert (
        warnings(page)
        == [
            word("compared.no_class", name="zz"),
            word("address.unknown", name="method", value="nope"),
        ]
        and not page.exception
    )
    page = open_page(model="scenes/plain", sample="scenes/24", method="attention")
    (sentence,) = warnings(page)
    assert sentence == word("method.unknown", method="Attention map", shown="Grad-CAM")
    page = open_page(lesson="first-minute", step="nope")
    assert warnings(page) == [word("address.unknown", name="step", value="nope")]


def test_why_the_last_block_of_a_transformer_is_no_stage_is_stated_where_stages_are_offered() -> None:
    page = well(open_page(model="scenes/transformer", method="grad-cam"))
    told = [one.value for one in page.caption if one.value.startswith("No Grad-CAM of ")]
    assert any("after it, the model reads only its class token" in one for one in told)
    other = well(open_page(model="scenes/cbam", method="grad-cam"))
    assert not any(one.value.startswith("No Grad-CAM of ") for one in other.caption)
