"""A kind of attention that nobody has words for: Explore shows it, changes it and paints it, in general words."""

from __future__ import annotations

import re
from math import prod
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import core
from app.views.explore.keys import ExploreKey
from app.views.explore.tests.changes import ways
from app.words import word
from core.data.samples import open_sample
from tests.app.pages import open_page, shown_text, well
from tests.new_kinds import GROUP, RING, SINGLE, build_new, register_kinds

SAMPLE = "scenes/24"
SENTENCES = {
    RING: ("Every part gets the same weight at every position", "The selected parts pass without the gate"),
    GROUP: ("Every part gets the same weight", "The selected parts pass without the gate"),
    SINGLE: ("Every patch attends to all patches equally", "The attention outputs zero"),
}
"""What must be stated for each: for uniform, and for parts that are off, or for no attention."""


@pytest.fixture
def model(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> core.Classifier:
    register_kinds(monkeypatch)
    return build_new(request.param, tmp_path, monkeypatch)


def texts(page: AppTest) -> str:
    """Everything on the page, options included."""
    groups = [option for one in page.get("button_group") for option in one.options]
    return "\n".join([shown_text(page), *groups, *(option for one in page.selectbox for option in one.options)])


@pytest.mark.parametrize("model", [RING, GROUP, SINGLE], indirect=True)
def test_explore_has_general_words_for_a_new_kind(model: core.Classifier) -> None:
    picture, kind = open_sample(SAMPLE), next(iter(model.taps.values())).kind
    reading = core.read(model, picture)
    page = well(open_page("explore", model=model.card.slug, sample=SAMPLE, test="intervene"))
    seen, possible = texts(page), ways(reading.maps[-1:])
    assert len(page.button_group(key=ExploreKey.WAY).options) == len(possible)
    for way in possible:
        page = well(page.button_group(key=ExploreKey.WAY).set_value(way).run())
        assert page.button_group(key=ExploreKey.WAY).value == way
        seen += texts(page)
    assert not raw_keys(seen)
    assert not [sentence for sentence in SENTENCES[kind] if sentence not in seen], seen
    assert (word("gate.title") in seen) is (kind is GROUP)
    if kind.on_picture:
        page.session_state[ExploreKey.PAINTED] = {identity(model, reading): [0.5] * prod(reading.maps[-1].grid)}
        page = well(page.run())
        assert "With the painted attention" in shown_text(page) and word("paint.untouched").split(":")[
            0
        ] not in shown_text(page)


def identity(model: core.Classifier, reading: core.Reading) -> str:
    """What the canvas calls the weights of the last tap."""
    return "/".join(map(str, (model.card.slug, reading.maps[-1].tap, *open_sample(SAMPLE).key)))


def raw_keys(text: str) -> list[str]:
    """What looks like the key of a word: parts in lower case with dots between them."""
    return re.findall(r"\b(?:change|map|paint|gate|moved|tap|place|ablate)\.[a-z_.]+", text)
