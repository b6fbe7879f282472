"""Compare: each mode, every kind of model, the link, several numbers of models, and rows that cannot be shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app import runtime
from app.runtime.store import Store
from app.views.compare import rows
from app.words import word
from core import Classifier, agreement, attribute, load, read
from core.attention import MECHANISMS
from core.data import list_samples
from core.data.samples import open_sample
from core.models import zoo
from tests.app.compare.compare_page import html_on, rows_on
from tests.app.pages import fresh, open_page, shown_text, warnings, well

SCENE = {"model": "scenes/self-attention", "sample": "scenes/24"}
SHORTCUTS = ["scenes/cbam", "scenes-tag/cbam", "scenes-place/cbam"]


@pytest.fixture
def broken(tiny: Callable[[str], Classifier], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A zoo of tiny models, one of each mechanism; the weights of CBAM are damaged. Their slugs."""
    monkeypatch.setenv("FOVEA_PRETRAINED", str(tmp_path))
    for one in MECHANISMS:
        zoo.store(tiny(one.slug).module, tiny(one.slug).card)
        zoo.store_card(tiny(one.slug).card)
    (tmp_path / "tiny" / "cbam.safetensors").write_bytes(b"no weights")
    own = Store(runtime.results.LIMIT)
    monkeypatch.setattr(runtime.results, "store", lambda: own)
    return [f"tiny/{one.slug}" for one in MECHANISMS]


def compare(**address: str) -> AppTest:
    return well(open_page("compare", **address))


def test_one_picture_through_the_models_of_a_family() -> None:
    page = compare(**SCENE)
    found = rows_on(page)
    assert len(found.rows) == 5 and next(iter(found.rows)) == SCENE["model"]
    assert all(slug.startswith("scenes/") and not row["pending"] for slug, row in found.rows.items())
    row, reading = found.rows[SCENE["model"]], read(load(SCENE["model"]), open_sample("scenes/24"))
    assert row["bars"][0]["name"] == "fish" and row["right"] is True
    assert row["bars"][0]["share"] == pytest.approx(float(reading.probabilities.max()), abs=1e-4)
    assert "100.0" in row["about"][0] and len(row["bars"]) == 3
    assert "5 models predict" in shown_text(page) and "fovea-agreement" in html_on(page)
    assert dict(page.query_params) == SCENE, "defaults are not in the address"


def test_the_maps_are_raw_and_on_one_scale() -> None:
    slugs = ["scenes/self-attention", "scenes/plain"]
    found = rows_on(compare(**SCENE, models=",".join(slugs), method="saliency"))
    assert found.header["settings"]["scale"] == "strip"
    for slug in slugs:
        values = attribute(load(slug), open_sample("scenes/24"), "saliency").values
        assert found.maps[slug, "attribution"] == pytest.approx(values, abs=1e-4 * float(values.max()))


@pytest.mark.parametrize("mechanism", [one.slug for one in MECHANISMS])
def test_every_kind_of_model_has_a_row(mechanism: str) -> None:
    """The attention of a model, or the reason why there is none."""
    slug = f"imagenette/{mechanism}"
    row = rows_on(compare(model=slug, sample="photo/china", models=slug)).rows[slug]
    assert row["attribution"] and not row["note"]
    if mechanism == "plain":
        assert row["attention_missing"] == word("compared.no_attention")
    elif mechanism == "squeeze-excitation":
        assert row["attention_missing"] == word("compared.only_channels")
    else:
        assert row["attention"] and not row["attention_missing"]


@pytest.mark.parametrize("model", ["tasks-marked/cbam", "scenes-tag/plain", "scenes-place/self-attention"])
def test_every_family_begins_with_its_own_models(model: str) -> None:
    found = rows_on(compare(model=model))
    family = model.partition("/")[0]
    assert next(iter(found.rows)) == model and 2 < len(found.rows) <= 5
    assert all(slug.split("/")[0].startswith(family.split("-")[0]) for slug in found.rows)


def test_one_model_on_several_pictures() -> None:
    page = compare(**SCENE, compare="pictures")
    found, offered = rows_on(page), [one.slug for one in list_samples("scenes")]
    assert next(iter(found.rows)) == "scenes/24" and set(found.rows) <= set(offered) and len(found.rows) == 5
    assert len(found.header["pictures"]) == 5
    assert any("fish" in sentence for sentence in found.rows["scenes/24"]["about"])
    page = well(page.multiselect(key="picked_pictures").set_value(["scenes/24", "photo/cat"]).run())
    assert list(rows_on(page).rows) == ["scenes/24", "photo/cat"]
    assert page.query_params["pictures"] == "scenes/24,photo/cat"


def test_a_link_restores_everything() -> None:
    address = {"models": ",".join(SHORTCUTS), "method": "saliency", "explain": "boat", "maps": "attribution"}
    page = compare(**SCENE, **address, scale="own", zoom="2")
    found = rows_on(page)
    assert list(found.rows) == SHORTCUTS and found.header["columns"] == ["attribution"]
    for slug, row in found.rows.items():
        assert [bar["name"] for bar in row["bars"] if bar["explained"]] == ["boat"], slug
        values = attribute(load(slug), open_sample("scenes/24"), "saliency", "boat").values
        assert found.maps[slug, "attribution"] == pytest.approx(values, abs=1e-4 * float(values.max()))
    assert not warnings(page)
    assert dict(page.query_params) == {**SCENE, **address, "scale": "own", "zoom": "2"}


def test_unknown_names_cost_one_sentence_and_nothing_else() -> None:
    page = compare(**SCENE, models="scenes/plain,scenes/nobody,scenes/cbam")
    found = rows_on(page)
    assert list(found.rows) == ["scenes/plain", "scenes/nobody", "scenes/cbam"]
    assert found.rows["scenes/nobody"]["note"] == word("compared.unknown", model="scenes/nobody")
    assert [slug for slug, row in found.rows.items() if row["note"]] == ["scenes/nobody"]
    assert all(one["bytes"] > 0 for one in found.header["pictures"]), "a browser decodes every picture"
    assert "Both models" in shown_text(page)


@pytest.mark.parametrize("name", ["compare", "method", "maps", "explain", "zoom", "scale"])
def test_an_unknown_choice_of_a_link_is_stated(name: str) -> None:
    page = compare(**SCENE, models="scenes/plain,scenes/cbam", **{name: "nonsense"})
    assert warnings(page) == [word("address.unknown", name=name, value="nonsense")]
    assert list(rows_on(page).rows) == ["scenes/plain", "scenes/cbam"]


def test_a_picture_that_is_gone_is_one_sentence_in_its_row() -> None:
    found = rows_on(compare(**SCENE, compare="pictures", pictures="scenes/24,upload/0123456789ab,scenes/nowhere"))
    notes = {slug: row["note"] for slug, row in found.rows.items()}
    assert notes["scenes/24"] == "" and notes["upload/0123456789ab"] == word("picture.gone")
    assert notes["scenes/nowhere"]


def test_a_model_that_cannot_be_loaded_leaves_the_others(broken: list[str]) -> None:
    page = compare(model="tiny/plain", sample="scenes/7", models=",".join(broken))
    found = rows_on(page)
    assert [slug for slug, row in found.rows.items() if row["note"]] == ["tiny/cbam"]
    assert found.rows["tiny/cbam"]["note"].endswith(".")
    assert all(row["attribution"] for slug, row in found.rows.items() if slug != "tiny/cbam")


@pytest.mark.parametrize("count", [2, 5, 24])
def test_any_number_of_models(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In runs that end after each new row, as on a slow machine: in the end all are there, and nothing is pending."""
    monkeypatch.setattr(rows, "AT_ONCE", 0.05)
    every = [card.slug for card in zoo.cards() if card.family in ("scenes", "imagenette", "scenes-tag", "scenes-place")]
    page = fresh("compare", **SCENE, models=",".join(every[:count])).run(timeout=240)
    found = rows_on(well(page))
    assert list(found.rows) == every[:count]
    assert not any(row["pending"] or row["note"] for row in found.rows.values())
    drawn = html_on(page)
    assert drawn.count('scope="row"') == count * drawn.count("<caption>") > 0


def test_a_method_that_a_model_cannot_offer_says_so() -> None:
    found = rows_on(compare(**SCENE, models="scenes/self-attention,scenes/plain", method="rollout"))
    reason = found.rows["scenes/plain"]["attribution_missing"]
    assert reason.startswith("Attention rollout is not available for this model.") and len(reason) > 60


def test_a_slow_method_is_started_by_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    own = Store(runtime.results.LIMIT)
    monkeypatch.setattr(runtime.results, "store", lambda: own)
    monkeypatch.setattr(runtime, "seconds", lambda *_: 100.0)
    page = compare(**SCENE, models="scenes/cbam,scenes/plain", method="smoothgrad")
    assert [row["attribution_missing"] for row in rows_on(page).rows.values()] == [word("compared.slow")] * 2
    page = well(page.button(key="start-compare").click().run())
    assert all(row["attribution"] for row in rows_on(page).rows.values())
    assert not [one for one in page.button if one.key == "start-compare"]


def test_a_class_that_a_model_does_not_have_is_stated() -> None:
    models = "scenes/plain,imagenette/plain"
    page = compare(model="scenes/plain", sample="scenes/24", models=models)
    assert page.selectbox(key="explain").options == [word("compared.predicted")]


def test_the_agreement_of_a_row_is_that_of_explore() -> None:
    slug = "scenes/spatial-gate"
    row = rows_on(compare(model=slug, sample="scenes/24", models=slug)).rows[slug]
    classifier, picture = load(slug), open_sample("scenes/24")
    reading = read(classifier, picture)
    expected = agreement(reading.maps[-1], attribute(classifier, picture, "grad-cam")).rank_correlation
    assert f"{expected.value:.2f}" in row["about"][1] and f"{expected.high:.2f}" in row["about"][1]


@pytest.mark.parametrize("mode", ["models", "pictures", "pinned"])
def test_each_mode_in_chinese(mode: str) -> None:
    page = compare(**SCENE, compare=mode, lang="zh-CN")
    if mode == "pinned":
        assert "探索" in page.info[0].value
        return
    row = next(iter(rows_on(page).rows.values()))
    assert row["bars"][0]["name"] == "鱼"
    assert any("一致" in one.value or "随图片而变" in one.value for one in page.markdown)


def test_shown_maps_leave_the_other_column_out() -> None:
    page = compare(**SCENE, models="scenes/cbam,scenes/spatial-gate", maps="attention")
    assert rows_on(page).header["columns"] == ["attention"] and html_on(page).count("<caption>") == 1


def test_removed_rows_are_those_of_the_list() -> None:
    page = compare(**SCENE, models="scenes/cbam,scenes/plain")
    page = well(page.multiselect(key="picked_models").set_value([]).run())
    assert len(rows_on(page).rows) == 5 and "models" not in page.query_params


def test_an_own_picture_is_offered(picture) -> None:
    page = fresh("compare", **SCENE, compare="pictures")
    page.session_state["uploads"] = {f"upload/{picture.sha256[:12]}": picture}
    page = well(page.run())
    slug = f"upload/{picture.sha256[:12]}"
    page = well(page.multiselect(key="picked_pictures").set_value([slug, "scenes/24"]).run())
    assert not rows_on(page).rows[slug]["note"] and np.isfinite(rows_on(page).maps[slug, "attribution"]).all()


def test_two_selections_with_one_click() -> None:
    page = compare(model="scenes-tag/cbam", sample="scenes/24")
    assert "select-family" not in [one.key for one in page.button]
    page = well(page.button(key="select-mechanism").click().run())
    assert set(rows_on(page).rows) == set(SHORTCUTS) and "Similar accuracy, different maps" in shown_text(page)
    page = well(page.button(key="select-family").click().run())
    assert {slug.split("/")[0] for slug in rows_on(page).rows} == {"scenes-tag", "scenes-place"}
