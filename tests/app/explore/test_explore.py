"""The Explore page by every shipped model, with good and bad pictures, and restored from an address."""

from __future__ import annotations

import io
from itertools import groupby

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

import core
from app import state
from app.state import Key, View
from app.titles import device_title, method_title
from app.views.explore.keys import TRIED, ExploreKey
from app.views.trust.keys import TrustKey
from app.widgets.models import FIRST
from app.words import word
from core.attribution import METHODS, methods
from core.data import samples
from core.models import zoo
from tests.app.pages import fresh, open_page, shown_text, visit, well

MODELS = [card.slug for card in zoo.stored()]
PICTURES = ["scenes/42", "photo/hopper", *[one.slug for one in samples.folder_samples()[:1]]]
TURNS = [
    (slug, one, (place - n) % len(PICTURES)) for place, slug in enumerate(MODELS) for n, one in enumerate(PICTURES)
]  # the fast tests show each model one family of picture, in turn
PAIRS = [pytest.param(slug, one, marks=[pytest.mark.slow] * (turn > 0)) for slug, one, turn in TURNS]


@pytest.fixture(scope="module")
def first() -> AppTest:
    return well(open_page())


def test_the_first_page_is_an_analysis(first: AppTest) -> None:
    assert first.selectbox(key=Key.MODEL).value == next(one for one in FIRST if one in MODELS)
    assert word("answer.title") in shown_text(first) and word("agreement.title") in shown_text(first)
    assert not first.warning


def test_the_sentence_about_privacy_and_the_device_is_there(first: AppTest) -> None:
    assert "not written to disk" in shown_text(first) and "up to 10 MB each" in shown_text(first)
    assert word("device.is", device=device_title(first.session_state[Key.DEVICE])) in shown_text(first)


@pytest.mark.parametrize(("slug", "sample"), PAIRS)
def test_each_model_reads_each_family_of_picture(slug: str, sample: str) -> None:
    page = well(open_page(model=slug, sample=sample))
    picture = samples.open_sample(sample)
    classifier = core.load(slug, "cpu")
    reading = core.read(classifier, picture)
    shown = page.selectbox(key=Key.TARGET)
    assert shown.options[0] == word("answer.most_likely", name=classifier.card.classes[reading.predicted])
    key = "answer.unsure" if reading.probabilities.max() < 0.5 else "answer.knows"
    assert word(key, count=len(classifier.card.classes)) in shown_text(page)
    assert page.query_params["model"] == slug and page.query_params["sample"] == sample


def test_methods_that_fit_are_offered_and_each_runs() -> None:
    page = well(open_page(model="scenes/self-attention"))
    fitting = methods(core.load("scenes/self-attention", "cpu"))
    assert len(page.selectbox(key=Key.METHOD).options) == len(fitting) > 15
    for one in fitting:
        for part in one.parameters:
            if part.name in ("steps", "samples", "points", "segments"):  # as few as there can be
                page.session_state[state.parameter_key(one.slug, part.name)] = part.low
        page = well(page.selectbox(key=Key.METHOD).set_value(one.slug).run())
        start = [button for button in page.button if button.label == word("compute.start")]
        if start:  # estimated to take long
            page = well(start[0].click().run())
        assert page.query_params["method"] == one.slug


def test_the_picker_says_what_a_method_is_made_of_what_it_costs_and_which_ones_do_not_match() -> None:
    page = well(open_page(model="scenes/self-attention"))
    classifier = core.load("scenes/self-attention", "cpu")
    picker = page.selectbox(key=Key.METHOD)
    assert picker.label == "Method"
    parts = [label.split(" · ") for label in picker.options]
    assert [one for one, _ in groupby(family for _, family, _ in parts)] == ["gradient", "perturbation", "attention"]
    own = {method_title(one): word(f"method.family.{one.family}") for one in methods(classifier)}
    assert {title: family for title, family, _ in parts} == own
    assert all(cost == word("method.quick") or cost.endswith((" s", " min")) for *_, cost in parts)
    for one in METHODS:
        stated = f"**{method_title(one)}**: {one.lacking(classifier)}" in shown_text(page)
        assert stated == (method_title(one) not in own)
    assert word("method.needs.nothing") not in shown_text(page), "Grad-CAM needs features on the picture"
    assert word("method.needs.nothing") in shown_text(well(picker.set_value("saliency").run()))


@pytest.mark.parametrize(
    ("method", "parameter", "expected"),
    [
        ("grad-cam", "stage", ["Stage 1", "Stage 2", "Stage 3", "Stage 4"]),
        ("integrated-gradients", "baseline", ["Mean color", "Black", "White", "Blurred"]),
        ("attention", "tap", ["Layer 4a", "Layer 4b"]),
        ("attention", "head", ["Mean", "Head 1", "Head 2", "Head 3", "Head 4"]),
    ],
)
def test_choices_of_a_parameter_are_in_words(method: str, parameter: str, expected: list[str]) -> None:
    page = well(open_page(model="scenes/self-attention", method=method))
    assert page.selectbox(key=f"parameter.{method}.{parameter}").options == expected


def test_the_address_is_restored(first: AppTest) -> None:
    view = View("scenes/cbam", "scenes/24", "integrated-gradients", "stage3.attention.spatial", "boat", "fit")
    page = well(open_page(**view.address(), **{"p.steps": "20"}))
    assert page.selectbox(key=Key.MODEL).value == view.model
    assert page.selectbox(key=Key.METHOD).value == view.method
    assert page.selectbox(key=Key.TARGET).value == view.target
    assert page.session_state[Key.SAMPLE] == view.sample and page.session_state[Key.MAP] == view.map
    assert page.session_state["parameter.integrated-gradients.steps"] == 20
    assert dict(page.query_params) == {**view.address(), "p.steps": "20"}


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ({"model": "scenes/nothing"}, "scenes/nothing"),
        ({"sample": "scenes/minus-one"}, "whole number"),
        ({"sample": "upload/abc"}, word("picture.gone")),
        ({"method": "tarot"}, "tarot"),
        ({"target": "unicorn"}, "unicorn"),
        ({"method": "integrated-gradients", "p.steps": "many"}, "many"),
        ({"framing": "box:9,nine"}, "box:9,nine"),
        ({"framing": "blah"}, "blah"),
        ({"map": "zzz"}, "zzz"),
        ({"model": "scenes/plain", "map": "zzz"}, "zzz"),
        ({"test": "dance"}, "test=dance"),
        ({"changed": "stage9"}, "changed=stage9"),
        ({"way": "upside-down"}, "way=upside-down"),
        ({"way": "shuffled", "shuffle": "many"}, "shuffle=many"),
        ({"way": "head", "parts_off": "0"}, "parts_off=0"),
        ({"way": "head", "parts_off": "1,99"}, "parts_off=1,99"),
    ],
)
def test_a_wrong_address_costs_one_sentence(address: dict[str, str], sentence: str) -> None:
    page = well(open_page(**{"model": "scenes/self-attention", **address}))
    assert sentence in "\n".join(one.value for one in page.warning)
    assert word("answer.title") in shown_text(page)


@pytest.mark.parametrize(
    ("section", "shown"), [("benchmark", "benchmark"), ("league", "benchmark"), ("nonsense", "truth")]
)
def test_a_section_of_trust_comes_back_from_its_address(section: str, shown: str) -> None:
    page = fresh()
    page.query_params["section"] = section
    page = well(visit(page, "trust").run())
    assert page.button_group(key=TrustKey.SECTION).value == shown
    assert ("section=nonsense" in shown_text(page)) == (section == "nonsense")
    assert page.query_params.get("section") == (shown if shown == "benchmark" else None)


TESTS = [
    {"test": "erase"},
    {"changed": "every", "way": "off"},
    {"changed": "stage4.block1.second", "way": "shuffled", "shuffle": "7"},
    {"way": "head", "parts_off": "2,4"},
    {"way": "head", "parts_off": "none"},
]


def test_an_address_of_an_older_version_opens_the_same_test() -> None:
    page = well(open_page(model="scenes/self-attention", trial="erase"))
    assert not page.warning
    assert page.button_group(key=ExploreKey.TEST).value == "erase"
    assert page.query_params.get("test") == "erase" and "trial" not in page.query_params


@pytest.mark.parametrize("tried", TESTS)
def test_a_test_comes_back_from_its_address(tried: dict[str, str]) -> None:
    page = well(open_page(model="scenes/self-attention", **tried))
    assert not page.warning
    assert {name: page.query_params.get(name) for name in tried} == tried
    assert page.button_group(key=ExploreKey.TEST).value == tried.get("test", "intervene")
    if "way" in tried:
        assert page.button_group(key=ExploreKey.WAY).value == tried["way"]
        every = [one for one in page.selectbox if one.key == ExploreKey.CHANGED]
        assert every[0].value == {"every": ""}.get(tried.get("changed"), every[0].value)
    if "shuffle" in tried:
        assert page.number_input(key=ExploreKey.SHUFFLE).value == 7
    if "parts_off" in tried:
        assert page.button_group(key=ExploreKey.PARTS_OFF).value == ([1, 3] if tried["parts_off"] == "2,4" else [])


def test_what_a_test_begins_with_is_not_in_the_address_and_what_cannot_travel_neither(first: AppTest) -> None:
    own = {key.value for key in TRIED}
    assert not own & set(first.query_params)
    page = well(open_page(model="scenes/self-attention"))
    well(page.button_group(key=ExploreKey.WAY).set_value("off").run())
    assert page.query_params["way"] == "off"
    well(page.button_group(key=ExploreKey.WAY).set_value("other").run())
    assert not own & set(page.query_params)


def encode(pixels: np.ndarray, kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


def upload(page: AppTest, *files: tuple[str, bytes, str]) -> AppTest:
    uploader = next(one for one in page.file_uploader if one.key.startswith(f"{Key.UPLOADER}."))
    return uploader.set_value(list(files)).run()


def test_uploads_join_the_strip_good_and_bad() -> None:
    page = well(open_page(model="scenes/plain"))
    pixels = samples.open_sample("scenes/21").pixels
    good = ("night.png", encode(pixels), "image/png")
    bad = ("notes.png", b"these are not pixels", "image/png")
    page = well(upload(page, good, bad))
    own = page.session_state[Key.UPLOADS]
    assert [one.name for one in own.values()] == ["night.png"]
    assert page.session_state[Key.SAMPLE] == next(iter(own))
    (told,) = [one.value for one in page.warning]
    assert told.startswith("notes.png") and told.count("notes.png") == 1
    assert "rocket" in page.selectbox(key=Key.TARGET).options[0]
    assert word("share.upload") in shown_text(page)  # an own picture's address says that it cannot travel
    assert well(page.run()).warning  # it stays until something else is chosen
    assert not well(page.selectbox(key=Key.METHOD).set_value("saliency").run()).warning


def test_the_target_moves_every_map_and_the_answer_stays() -> None:
    page = well(open_page(model="scenes/plain", sample="scenes/21"))
    page = well(page.selectbox(key=Key.TARGET).set_value("boat").run())
    assert page.query_params["target"] == "boat"
    page = well(page.selectbox(key=Key.TARGET).set_value("").run())
    assert "target" not in page.query_params


def test_framings_change_what_the_model_sees() -> None:
    page = well(open_page(model="scenes/plain", sample="photo/hopper"))
    boxes = []
    for kind in ("center", "fit", "box"):
        page = well(page.button_group(key=Key.FRAMING_KIND).set_value(kind).run())
        boxes.append(page.session_state[Key.SUBJECT].picture.box)
    assert len(set(boxes)) == 3
    sides = [right - left for left, _, right, _ in boxes]
    assert sides[1] > sides[0] > sides[2]
    assert page.query_params["framing"] == "box:50,50,60"
    page = well(page.slider(key="parameter.framing.side").set_value(30).run())
    assert page.query_params["framing"] == "box:50,50,30"
    box = page.session_state[Key.SUBJECT].picture.box
    assert box[2] - box[0] == pytest.approx(0.5 * sides[2], abs=1)


def test_a_family_keeps_the_mechanism() -> None:
    page = well(open_page(model="scenes/cbam"))
    page = well(page.button_group(key=Key.FAMILY).set_value("imagenette").run())
    assert page.selectbox(key=Key.MODEL).value == "imagenette/cbam"


def test_a_pinned_patch_gets_its_numbers() -> None:
    page = open_page(model="scenes/self-attention", sample="scenes/24")
    first_map = page.query_params["map"]
    pick = {"pane": "attention", "layer": first_map, "row": 2, "column": 3}
    page.session_state[ExploreKey.OVERLAY] = {"pick": pick}
    page = well(page.run())
    assert len(page.info) == 1 and "row 3, column 4" in page.info[0].value


def test_what_was_set_in_a_test_is_there_when_it_is_opened_again() -> None:
    page = well(open_page(model="scenes/cbam", sample="scenes/24"))
    well(page.button_group(key=ExploreKey.WAY).set_value("shuffled").run())
    well(page.number_input(key=ExploreKey.SHUFFLE).set_value(7).run())
    well(page.button_group(key=ExploreKey.TEST).set_value("erase").run())
    well(page.slider(key=ExploreKey.ERASE_SHARE).set_value(45).run())
    well(page.button_group(key=ExploreKey.ERASE_FILL).set_value("blur").run())
    well(page.button_group(key=ExploreKey.ERASE_MAP).set_value("attribution").run())
    well(page.button_group(key=ExploreKey.TEST).set_value("intervene").run())
    assert page.button_group(key=ExploreKey.WAY).value == "shuffled"
    assert page.number_input(key=ExploreKey.SHUFFLE).value == 7
    well(page.button_group(key=ExploreKey.TEST).set_value("erase").run())
    assert page.slider(key=ExploreKey.ERASE_SHARE).value == 45
    assert page.button_group(key=ExploreKey.ERASE_FILL).value == "blur"
    assert page.button_group(key=ExploreKey.ERASE_MAP).value == "attribution"
