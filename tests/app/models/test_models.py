"""The Models page by every kind of card, and the picker by every family."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import core
from app.state import Key
from app.views.models.keys import ModelsKey
from app.widgets import models
from app.widgets.equation import latex
from app.words import word
from app.words.numbers import keep_units
from core.attention import MECHANISMS
from core.evaluation import wilson
from core.models import zoo
from core.types import ModelCard
from tests.app.pages import open_page, press, shown_text, visit, well

pytestmark = pytest.mark.usefixtures("small_catalog")

FACTS = {
    "parameters": 1234,
    "history": [{"epoch": n, "loss": 2 / n, "accuracy": 1 - 1 / n, "size": 64, "seconds": 1.0} for n in (1, 2, 3)],
    "confusion": [[9 if row == column else 1 for column in range(10)] for row in range(10)],
    "seeds": {"accuracies": [0.9, 0.92, 0.94], "mean": 0.92, "std": 0.0163},
    "command": "python -m core train tiny/cbam",
    "license": "Nobody may use it.",
    "data": "leaves",
    "seconds": 75,
    "independent": {"accuracy": 0.125, "pictures": 200},
}
NONSENSE = {
    "parameters": "many",
    "history": [{"epoch": 1}, "two"],
    "confusion": [[1, 2], [3]],
    "seeds": {"accuracies": ["high"], "mean": None},
    "command": 3,
    "license": ["none"],
    "data": {"a": 1},
    "seconds": math.nan,
    "independent": "often",
}


@pytest.fixture(scope="module")
def folder(tiny: Callable, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog with tiny models: one of each family of ours, and cards that say everything, nothing, and nonsense."""
    path = tmp_path_factory.mktemp("catalog")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FOVEA_PRETRAINED", str(path))

        def put(slug: str, mechanism: str, **changes: object) -> None:
            one = tiny(mechanism)
            card = replace(one.card, slug=slug, mechanism=mechanism, **changes)
            zoo.store(one.module, card)
            zoo.store_card(card)

        ablation = {"uniform": 0.5, "shuffled": 0.4, "off": 0.1}
        for family in ("scenes", "imagenette", "scenes-tag", "scenes-place"):
            put(f"{family}/plain", "plain", accuracy=0.9, pictures=200, facts=FACTS)
            put(f"{family}/cbam", "cbam", accuracy=0.8, pictures=200, ablation=ablation, facts=FACTS)
        put("made/bare", "spatial-gate")
        put("made/nonsense", "plain", accuracy=1.0, pictures=0, facts=NONSENSE)
    return path


# --- the table and the cards


def test_the_table_says_of_each_card_what_the_card_says() -> None:
    page = well(open_page("models", model="imagenette/cbam"))
    table, shown = page.dataframe[0].value, core.cards()
    assert list(table["model"]) == [card.slug for card in shown] and len(shown) > 15
    for (_, line), card in zip(table.iterrows(), shown, strict=True):
        told = [line[name] for name in ("accuracy", "uniform", "shuffled", "off")]
        known = [card.accuracy, *map(card.ablation.get, ("uniform", "shuffled", "off"))]
        for value, share in zip(told, known, strict=True):
            assert math.isnan(value) if share is None else value == pytest.approx(100 * share)
        assert (line["milliseconds"] > 0) == (card.slug == "imagenette/cbam")  # the chosen one is measured at once


def test_picker_and_table_are_one_truth() -> None:
    page = well(open_page("models", model="imagenette/cbam"))
    slugs = list(page.dataframe[0].value["model"])
    marked = page.session_state[ModelsKey.TABLE]["selection"]
    assert marked["rows"] == [slugs.index("imagenette/cbam")]
    page = well(page.selectbox(key=Key.MODEL).set_value("imagenette/plain").run())
    assert page.session_state[ModelsKey.TABLE]["selection"]["rows"] == [slugs.index("imagenette/plain")]
    assert page.query_params["model"] == "imagenette/plain" and page.subheader[0].value.startswith("Plain")


def test_a_whole_card_says_all_of_it() -> None:
    text = shown_text(well(open_page("models", model="imagenette/cbam")))
    spread = keep_units("92.0 % ± 1.6 %")
    for part in (FACTS["command"], FACTS["license"], word("card.needs", points="30.0"), spread, "Woo et al."):
        assert part in text
    assert word("card.no_history") not in text and "confusion matrix" not in text
    share = wilson(160, 200)
    low, high = (f"{100 * end:.1f}\u00a0%" for end in (share.low, share.high))
    assert f"{low} to {high}" in text


@pytest.mark.parametrize("slug", ["made/bare", "made/nonsense"])
def test_a_card_that_says_nothing_or_nonsense_is_shown_without_it(slug: str) -> None:
    text = shown_text(well(open_page("models", model=slug)))
    assert word("card.no_history") in text and "python -m core evaluate" in text
    assert (word("card.unmeasured") in text) == (slug == "made/bare")
    assert word("card.command") not in text and word("card.license") not in text


@pytest.mark.parametrize(("family", "kind"), [("scenes-tag", "tag"), ("scenes-place", "background")])
def test_a_shortcut_is_stated_in_plain_words(family: str, kind: str) -> None:
    text = shown_text(well(open_page("models", model=f"{family}/cbam")))
    assert word(f"shortcut.{kind}.independent", accuracy="12.5 %", chance="10 %") in text
    assert word(f"shortcut.{kind}.why") in text


def test_the_speed_of_all_is_measured_on_request() -> None:
    page = well(open_page("models", model="scenes/plain"))
    page = well(press(page, "start-measuring"))
    line = page.dataframe[0].value.set_index("model")["milliseconds"]
    here = [card.slug for card in zoo.cards() if zoo.present(card)]
    assert (line[here] > 0).all() and line.drop(here).isna().all()  # torchvision's are not fetched for it
    assert not [one for one in page.button if one.key in ("start-measuring", "stop-measuring")]


def test_equations_are_set_as_mathematics() -> None:
    assert latex("y = softmax(Q Kᵀ / √d) V") == r"y = \operatorname{softmax}(Q K^{\top} / \sqrt{d}) V"
    assert latex("Σᵢ aₜ₋₁ᵢ") == r"\sum\nolimits_{i} a_{t-1i}"
    assert latex("a = b,  c = d").count(r"\\") == 1 and latex("[a, b]") == "[a, b]"
    assert all(latex(one.equation).isascii() for one in MECHANISMS)


# --- the picker


def test_each_group_of_families_keeps_the_mechanism_and_offers_its_models() -> None:
    page = well(open_page(model="scenes/cbam"))
    page = well(page.button_group(key=Key.FAMILY).set_value("imagenette").run())
    assert page.selectbox(key=Key.MODEL).value == "imagenette/cbam"
    page = well(page.button_group(key=Key.FAMILY).set_value("shortcut").run())
    assert page.selectbox(key=Key.MODEL).value == "scenes-tag/cbam"
    labels = page.selectbox(key=Key.MODEL).options
    learned = {f"CBAM · {word(one)} · 80.0\u00a0%" for one in ("shortcut.tag", "shortcut.background")}
    assert len(labels) == 4 and learned < set(labels)
    assert word("shortcut.tag.why") in shown_text(page)
    page = well(page.button_group(key=Key.FAMILY).set_value("made").run())
    assert page.selectbox(key=Key.MODEL).value == "made/nonsense"  # none of its mechanism: the first of the group


def test_pictures_fit_the_family() -> None:
    page = well(open_page(model="scenes/cbam", sample="scenes/24"))
    page = well(page.button_group(key=Key.FAMILY).set_value("shortcut").run())
    assert page.session_state[Key.SAMPLE] == "scenes/24"  # the same picture: ordinary, so that it fails
    page = well(page.button_group(key=Key.FAMILY).set_value("imagenette").run())
    assert page.session_state[Key.SAMPLE] == "photo/china"


def test_choices_outlast_another_page_and_the_address_follows() -> None:
    choices = {"model": "scenes/cbam", "sample": "scenes/24", "method": "smoothgrad", "target": "oak", "p.samples": "5"}
    page = well(open_page(**choices))
    before = dict(page.query_params)
    page = well(visit(page, "models").run())
    assert dict(page.query_params) == {"model": "scenes/cbam", "sample": "scenes/24"}
    page = well(visit(page, "explore").run())
    assert dict(page.query_params) == before and before["method"] == "smoothgrad" and before["p.samples"] == "5"


def test_names_of_models_say_what_they_are() -> None:
    ours = ModelCard("imagenette/cbam", "CBAM · imagenette", "cbam", ("a", "b"), 0.9)
    own = replace(ours, slug="own/abc", title="Mine")
    plain = {"mechanism": "plain", "architecture": "torchvision/resnet50"}
    theirs = replace(ours, slug="torchvision/resnet50", title="ResNet-50", **plain)
    three = (ours, own, theirs)
    assert [models.model_label(one) for one in three] == [
        keep_units(f"{one} · 90.0 %") for one in ("CBAM", "Mine", "ResNet-50")
    ]
    assert [models.model_title(one) for one in three] == ["CBAM · Photographs", "Mine", "ResNet-50"]
    assert [models.mechanism_title(one) for one in three] == ["CBAM", "CBAM", word("mechanism.none")]
