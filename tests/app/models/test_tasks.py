"""Tasks × mechanisms on Models: every number is a card's, and a cell opens its model with a picture of its task."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from app import state
from app.state import Key
from app.views.models import tasks
from app.views.models.keys import ModelsKey
from app.words import word
from core.attention import MECHANISMS
from core.evaluation import WAYS
from core.models import zoo
from core.tasks import TASKS
from core.training.run import spread
from tests.app.pages import drawn_by, open_page, shown_text, well
from tests.core.short_sighted_models import short_sighted

pytestmark = pytest.mark.usefixtures("small_catalog")

LEFT = {"uniform": 0.2, "shuffled": 0.3, "off": 0.4}
CURVES = {"tasks-marked": {"plain": [[500, 0.3], [2000, 0.7]], "spatial-gate": [[500, 0.92]]}}
MARKED = "tasks-marked"


@pytest.fixture(scope="module")
def folder(tiny: Callable, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A zoo with a model of scenes, all mechanisms of one task and one of another."""
    path = tmp_path_factory.mktemp("catalog")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FOVEA_PRETRAINED", str(path))
        made = [short_sighted(MARKED, kind.slug) for kind in MECHANISMS] + [short_sighted("tasks-same-row", "cbam")]
        for one in made:
            ablation = {} if one.card.mechanism == "plain" else LEFT
            seeds = {"seeds": spread(range(2), [0.9, 0.94], [{}] * 2)} if one.card.mechanism == "transformer" else {}
            seeds |= {"levels": {"1": 0.98, "2": 0.71}} if one.card.mechanism == "recurrent" else {}
            card = replace(one.card, accuracy=0.9, pictures=2000, ablation=ablation, facts=seeds)
            zoo.store(one.module, card)
            zoo.store_card(card)
        card = replace(tiny("cbam").card, slug="scenes/cbam", accuracy=0.5, pictures=9)
        zoo.store(tiny("cbam").module, card)
        zoo.store_card(card)
    return path


def matrix(page: AppTest) -> dict:
    """What the component of the matrix was given."""
    return drawn_by(page, "matrix")[0]


def cell(page: AppTest, task: str, mechanism: str) -> dict | None:
    rows, columns = [one.slug for one in TASKS], [one.slug for one in MECHANISMS]
    return matrix(page)["cells"][rows.index(task)][columns.index(mechanism)]


@pytest.mark.parametrize("slug", ["scenes/cbam", *(f"{MARKED}/{kind.slug}" for kind in MECHANISMS)])
def test_the_matrix_is_there_whichever_model_is_chosen(slug: str) -> None:
    page = well(open_page("models", model=slug, view="tasks"))
    assert not page.dataframe and len(matrix(page)["columns"]) == len(MECHANISMS)
    assert page.query_params["view"] == "tasks" and page.query_params["model"] == slug


def test_each_cell_says_what_its_card_says() -> None:
    page = well(open_page("models", model="scenes/cbam", view="tasks"))
    told = matrix(page)
    for task, row in zip(TASKS, told["rows"], strict=True):
        assert (row["title"], row["about"]) == (task.title, task.question) and f"{task.chance:.0%}"[:-1] in row["note"]
    there = {(MARKED, kind.slug) for kind in MECHANISMS} | {("tasks-same-row", "cbam")}
    for task in TASKS:
        for kind in MECHANISMS:
            found = cell(page, task.slug, kind.slug)
            assert (found is not None) == ((task.slug, kind.slug) in there)
            if found:
                assert found["value"] == "90.0\u00a0%"
                assert found["below"] == ("" if kind.slug == "plain" else "20.0\u00a0%")
                assert found["lost"] is None if kind.slug == "plain" else found["lost"] == pytest.approx(0.7)
                assert bool(found["spread"]) == (kind.slug == "transformer")
    assert "± 2.8" in cell(page, MARKED, "transformer")["spread"]
    assert "92.0" in cell(page, MARKED, "transformer")["sentence"]
    assert "98.0\u00a0%, 71.0\u00a0%" in cell(page, MARKED, "recurrent")["sentence"]
    assert "hardest" not in cell(page, MARKED, "cbam")["sentence"]
    assert word("matrix.missing", count=35) in shown_text(page)


@pytest.mark.parametrize("way", WAYS)
def test_the_switch_changes_what_stands_below(way: str) -> None:
    page = well(open_page("models", model="scenes/cbam", view="tasks"))
    page = well(page.button_group(key=ModelsKey.WAY).set_value(way).run())
    found = cell(page, MARKED, "cbam")
    assert found["below"] == f"{100 * LEFT[way]:.1f}\u00a0%" and found["lost"] == pytest.approx(0.9 - LEFT[way])


def test_a_cell_leads_to_explore_by_its_address() -> None:
    page = well(open_page("models", model="scenes/cbam", view="tasks"))
    address = urlsplit(cell(page, MARKED, "recurrent")["address"])
    choices = {name: one for name, (one,) in parse_qs(address.query).items()}
    assert address.path == "./" and choices == {"model": f"{MARKED}/recurrent", "sample": f"{MARKED}/0"}
    page = well(open_page(**choices))
    assert page.selectbox(key=Key.MODEL).value == f"{MARKED}/recurrent"
    assert page.session_state[Key.SUBJECT].sample == f"{MARKED}/0" and not page.warning


def test_a_click_chooses_the_model_and_a_picture_of_its_task(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: dict = {Key.MODEL: "scenes/cbam", Key.SAMPLE: "scenes/24"}
    monkeypatch.setattr(state, "component", lambda key, name: f"{MARKED}/cbam")
    monkeypatch.setattr(state, "put", kept.__setitem__)
    monkeypatch.setattr(state, "own_models", lambda: {})
    monkeypatch.setattr(tasks.models, "select_model", lambda slug: kept.update({Key.MODEL: slug}))
    tasks.open_cell()
    assert kept == {Key.MODEL: f"{MARKED}/cbam", Key.SAMPLE: f"{MARKED}/0"}
    monkeypatch.setattr(state, "component", lambda key, name: "tasks-marked/gone")
    tasks.open_cell()
    assert kept[Key.MODEL] == f"{MARKED}/cbam"


def test_learning_curves_are_drawn_where_they_are_stored(folder: Path) -> None:
    page = well(open_page("models", model="scenes/cbam", view="tasks"))
    assert not page.get("plotly_chart")
    path = folder / "tasks.json"
    try:
        reach = {"tasks-same-row": {"accuracy": 0.78, "epochs": 80}, "tasks-marked": {"accuracy": 1.0}}
        path.write_text(json.dumps({"learning_curves": CURVES, "full_reach": reach}))
        page = well(open_page("models", model="scenes/cbam", view="tasks"))
        (chart,) = page.get("plotly_chart")
        lines = {one["name"]: (one["x"], one["y"]) for one in json.loads(chart.proto.spec)["data"]}
        assert lines == {"Plain": ([500, 2000], [30, 70]), "Spatial gate": ([500], [92])}
        text = shown_text(page)
        assert word("learning.never", mechanism="Plain", share="90\u00a0%", most="2,000") in text
        assert word("learning.needs", mechanism="Spatial gate", share="90\u00a0%", pictures="500") in text
        assert word("learning.reach.epochs", task="Same row", accuracy="78.0\u00a0%", epochs=80) in text
        assert word("learning.reach", task="Marked", accuracy="100.0\u00a0%") in text
        path.write_text("[]")
        assert any("not a valid file of task" in one.value for one in well(open_page("models", view="tasks")).warning)
    finally:
        path.unlink(missing_ok=True)


def test_an_address_may_name_no_view() -> None:
    page = well(open_page("models", model="scenes/cbam", view="nothing"))
    assert page.dataframe and page.warning[0].value == word("address.unknown", name="view", value="nothing")
    page = well(page.button_group(key=ModelsKey.VIEW).set_value("tasks").run())
    assert not page.dataframe and page.query_params["view"] == "tasks"
