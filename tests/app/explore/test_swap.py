"""The pictures of tasks on Explore: the question, the cue moved with one click, the pair, and the verdict."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import core
from app import attention_maps
from app.runtime.painting import SIDE, painted_jpeg
from app.state import Key
from app.views.explore import cue_pair
from app.views.explore.cue_swap import outcome, swap_verdict
from app.views.explore.keys import ExploreKey
from app.widgets.models import FIRST
from app.words import plain, word
from core.data import list_samples, open_sample, swaps
from core.models import RECEPTIVE_FIELD
from core.tasks import TASKS, task
from tests.app.pages import open_page, shown_text, well
from tests.task_models import make_zoo

MODELS = (
    "tasks-sun-or-moon/cbam",
    "tasks-sun-or-moon/plain",
    "tasks-sun-or-moon/squeeze-excitation",
    "tasks-same-row/self-attention",
    "tasks-marked/attention-pooling",
    "tasks-signposts/recurrent",
    "tasks-odd-one-out/transformer",
)
FAST = MODELS[:2]
CASES = [pytest.param(one, marks=[pytest.mark.slow] * (one not in FAST)) for one in MODELS]


@pytest.fixture(scope="module", autouse=True)
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = make_zoo(tmp_path_factory.mktemp("zoo"), MODELS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FOVEA_PRETRAINED", str(folder))
        yield folder


def drawn(page: AppTest) -> str:
    """What the page draws as HTML of its own, its styles aside."""
    return "\n".join(one.proto.body for one in page.get("html") if not one.proto.body.startswith("<style"))


@pytest.mark.parametrize("slug", CASES)
def test_a_click_moves_the_cue_and_shows_the_pair_with_a_verdict(slug: str) -> None:
    family = slug.partition("/")[0]
    first, other = swaps(f"{family}/5")[:2]
    page = well(open_page(model=slug, sample=first.slug))
    assert str(task(family).question) in drawn(page) and "fovea-verdict" not in drawn(page)
    page = well(page.button_group(key=ExploreKey.SWAP).set_value(other.answer).run())
    assert page.query_params["sample"] == other.slug == page.session_state[Key.SAMPLE]
    classifier = core.load(slug, "cpu")
    before, after = (core.read(classifier, open_sample(one.slug)) for one in (first, other))
    names = [classifier.card.classes[one.predicted] for one in (before, after)]
    assert swap_verdict(*names, other.answer) in drawn(page)
    assert plain(f"swap.moved.{family}", before=first.cue or first.answer, after=other.cue or other.answer) in drawn(
        page
    )
    widths = [float(one) for one in re.findall(r"width: ([\d.]+)%", drawn(page))]
    rows = [classifier.card.classes.index(one) for one in (first.answer, other.answer)]
    for reading in (before, after):
        for row in rows:
            assert np.abs(np.array(widths) - 100 * reading.probabilities[row]).min() < 0.06
    assert word("answer.truth.right", name=other.answer) in shown_text(page) or other.answer != names[1]
    page = well(page.button_group(key=ExploreKey.SWAP).set_value(first.answer).run())
    assert page.query_params["sample"] == first.slug and "fovea-verdict" not in drawn(page)


def test_an_address_opens_the_pair_and_channels_that_react_are_counted_at_both_pictures() -> None:
    first, other = swaps("tasks-sun-or-moon/40")
    page = well(open_page(model="tasks-sun-or-moon/squeeze-excitation", sample=other.slug))
    assert page.button_group(key=ExploreKey.SWAP).value == other.answer
    classifier = core.load("tasks-sun-or-moon/squeeze-excitation", "cpu")
    gates = [core.read(classifier, open_sample(one.slug)).maps[-1].weights for one in (first, other)]
    moved = int((np.abs(gates[0] - gates[1]) > cue_pair.MOVED).sum())
    told = plain("swap.channels", moved=moved, channels=len(gates[0]), change=cue_pair.MOVED)
    assert drawn(page).count(f">{told}<") == 2 and drawn(page).count('class="fovea-swap-moved"') == 2 * moved


def test_both_pictures_have_a_map_unless_the_gate_is_nearly_constant_in_both(monkeypatch: pytest.MonkeyPatch) -> None:
    first, other = (open_sample(one.slug) for one in swaps("tasks-marked/5")[:2])
    classifier = core.load("tasks-marked/attention-pooling", "cpu")
    readings = [core.read(classifier, one) for one in (first, other)]
    names, choice = classifier.card.classes, attention_maps.find_choice(readings[0], "")
    halves = [cue_pair.Half(one, seen, "", "fish") for one, seen in zip((first, other), readings, strict=True)]
    constant: list[object] = []
    monkeypatch.setattr(cue_pair, "is_nearly_constant", lambda one: one in constant)
    painted: list[bool] = []
    monkeypatch.setattr(cue_pair, "painted_jpeg", lambda picture, values, *_: painted.append(values is not None) or b"")
    for seen in readings:
        cue_pair.pair_html(halves, names, choice, None)
        constant.append(seen.maps[0])
        assert painted == [True, False] * 2, "the map over each, and each without it"
        painted.clear()
    cue_pair.pair_html(halves, names, choice, None)
    assert painted == [False] * 4


def test_a_model_that_does_not_know_the_answers_sees_the_question_and_no_buttons() -> None:
    page = well(open_page(model="scenes/cbam", sample="tasks-sun-or-moon/3"))
    assert str(task("tasks-sun-or-moon").question) in drawn(page)
    assert ExploreKey.SWAP not in [one.key for one in page.button_group]


def test_a_scene_has_no_question() -> None:
    assert "fovea-question" not in drawn(well(open_page(model="scenes/cbam", sample="scenes/24")))


def test_an_answer_to_which_no_cue_leads_gives_way_to_a_picture_that_is_there() -> None:
    page = open_page(model="tasks-marked/attention-pooling", sample="tasks-marked/3/purple")
    assert not page.exception and any("purple" in one.value for one in page.warning)
    assert page.session_state[Key.SAMPLE] in {one.slug for one in list_samples("tasks-marked")}


@pytest.mark.parametrize(
    ("before", "after", "answer", "kind"),
    [
        ("fish", "car", "car", "followed"),
        ("bird", "car", "car", "followed"),
        ("fish", "fish", "car", "stayed"),
        ("car", "car", "car", "stayed"),
        ("fish", "bird", "car", "elsewhere"),
    ],
)
def test_a_prediction_follows_stays_or_goes_elsewhere(before: str, after: str, answer: str, kind: str) -> None:
    assert outcome(before, after, answer) == kind


def test_both_maps_of_a_pair_are_painted_on_one_scale() -> None:
    picture = open_sample("tasks-marked/3")
    low, high = np.full((8, 8), 0.4, np.float32), np.full((8, 8), 0.8, np.float32)
    bare, dim, bright = (
        core.open_image(painted_jpeg(picture, values, (0.4, 0.8))).pixels.astype(float) for values in (None, low, high)
    )
    assert bare.shape == (SIDE, SIDE, 3)
    assert np.abs(dim - bare).mean() < 3, "the lowest value of both lets the picture through"
    assert np.abs(bright - bare).mean() > 40, "the highest covers it"


def test_the_app_opens_with_a_task_and_its_models_are_chosen_by_task_and_mechanism() -> None:
    page = well(open_page())
    assert page.selectbox(key=Key.MODEL).value == FIRST[0] == "tasks-marked/attention-pooling"
    assert page.session_state[Key.SAMPLE] == "tasks-marked/6"
    assert page.selectbox(key=Key.TASK).options == [str(one.title) for one in TASKS]
    page = well(page.selectbox(key=Key.TASK).set_value("tasks-same-row").run())
    assert page.selectbox(key=Key.MODEL).value == "tasks-same-row/self-attention"
    assert page.session_state[Key.SAMPLE] == "tasks-same-row/0"
    assert word("sight.offsets") in shown_text(page)
    page = well(page.button_group(key=Key.FAMILY).set_value("scenes").run())
    assert page.selectbox(key=Key.MODEL).value == "scenes/self-attention"
    assert page.session_state[Key.SAMPLE].startswith("scenes/") and word("sight.offsets") not in shown_text(page)


def test_the_card_of_a_short_sighted_model_says_how_far_a_cell_sees() -> None:
    for slug, *keys in (
        ("tasks-same-row/self-attention", "sight.card", "sight.offsets"),
        ("tasks-signposts/recurrent", "sight.card", "sight.positions"),
        ("tasks-sun-or-moon/plain", "sight.plain"),
    ):
        page = well(open_page("models", model=slug))
        limit = " ".join(word(key, side=RECEPTIVE_FIELD) for key in keys)
        assert limit in [one.value for one in page.main.markdown]
