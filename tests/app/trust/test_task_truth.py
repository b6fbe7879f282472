"""Ground truth of tasks on Trust: by every mechanism, each number is a mean that core gives, with chance next to it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import core
from app import figures, runtime
from app.runtime.store import Store
from app.runtime.trust import attention_truth
from app.views.trust import task_truth
from app.views.trust.cue_reaction import SHOWN
from app.views.trust.keys import TrustKey
from app.words import word
from core import RoleShare
from core.attention import MECHANISMS
from core.evaluation import EVERYTHING, ROW, find_cases
from core.models import zoo
from core.tasks import ROLES, TASKS, task
from tests.app.pages import open_page, shown_text, well
from tests.core.short_sighted_models import short_sighted

pytestmark = pytest.mark.usefixtures("small_catalog")

FAMILY, OTHER = "tasks-sun-or-moon", "tasks-odd-one-out"
PICTURES, PAIRS = 3, 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A zoo with every mechanism on one task, and one model of another."""
    path = tmp_path_factory.mktemp("catalog")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FOVEA_PRETRAINED", str(path))
        for one in [short_sighted(FAMILY, kind.slug) for kind in MECHANISMS] + [short_sighted(OTHER, "cbam")]:
            stored = zoo.store(one.module, one.card)
            zoo.store_card(replace(one.card, facts={"checksum": zoo.checksum(stored)}))
    return path


@pytest.fixture
def results() -> Store:
    """An empty store for each test: the number of pictures is a constant of this module."""
    return Store(runtime.results.LIMIT)


@pytest.fixture(autouse=True)
def few_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure few pictures, and only attention, one method and one reference."""
    monkeypatch.setattr(attention_truth, "PICTURES", PICTURES)
    monkeypatch.setattr(attention_truth, "PAIRS", PAIRS)
    monkeypatch.setattr(attention_truth, "FAST", 0.011)  # a forward pass takes 0.01, a gradient 0.03
    monkeypatch.setattr(attention_truth.sources, "fitting", fitting)


def fitting(model: core.Classifier) -> tuple[str, ...]:
    """What fits a model, without most of the methods; edges and attention take a forward pass at most."""
    names = core.evaluation.source_names(model)
    return tuple(one for one in names if one.startswith("attention/") or one in ("saliency", "edges"))


def compute(page: AppTest) -> AppTest:
    """The page once everything is computed: short work was done at once."""
    for name in ("start-roles", "start-reactions"):
        if any(one.key == name for one in page.button):
            page = well(page.button(key=name).click().run())
    return page


def html(page: AppTest) -> str:
    return "".join(one.proto.body for one in page.get("html"))


@pytest.mark.parametrize("slug", [f"{FAMILY}/{kind.slug}" for kind in MECHANISMS] + [f"{OTHER}/cbam"])
def test_every_kind_of_model_has_its_table(slug: str) -> None:
    page = compute(well(open_page("trust", model=slug)))
    model = core.load(slug, "cpu")
    names = attention_truth.measured_sources(model)
    assert "saliency" not in names and "edges" in names  # it is estimated to be slow, and is named below
    rows = core.role_shares(model, find_cases(model, PICTURES, 0), names)
    shown = re.findall(r'<td style="--share: (\d+)%">', html(page))
    lines = {(row.source, row.part, row.number) for row in rows}
    roles = [role for role in (*ROLES, EVERYTHING) if any(row.role == role for row in rows)]
    assert len(shown) == len(lines) * len(roles) == len(rows)
    assert sorted(shown) == sorted(f"{100 * row.share:.0f}" for row in rows)
    for role in roles:
        chance = max(row.chance for row in rows if row.role == role)
        assert f"chance {100 * chance:.0f}" in html(page)
    gates = [tap for tap in model.taps.values() if not tap.kind.on_picture]
    assert len(page.get("plotly_chart")) == len(gates) and page.get("image")
    assert word("random.slow", names="Saliency") in shown_text(page)
    assert not page.warning and (word("react.title") in shown_text(page)) == bool(gates)


def test_the_pointing_game_is_the_other_measure() -> None:
    page = compute(well(open_page("trust", model=f"{FAMILY}/spatial-gate")))
    page = well(page.button_group(key=TrustKey.ROLE_MEASURE).set_value("pointing").run())
    model = core.load(f"{FAMILY}/spatial-gate", "cpu")
    rows = core.role_shares(model, find_cases(model, PICTURES, 0), attention_truth.measured_sources(model))
    shown = re.findall(r'<td style="--share: (\d+)%">', html(page))
    assert sorted(shown) == sorted(f"{100 * row.pointing:.0f}" for row in rows)


def test_the_bars_are_the_clearest_reactions() -> None:
    page = compute(well(open_page("trust", model=f"{FAMILY}/squeeze-excitation")))
    model = core.load(f"{FAMILY}/squeeze-excitation", "cpu")
    (found,) = core.cue_reactions(model, task(FAMILY), PAIRS)
    (chart,) = [json.loads(one.proto.spec) for one in page.get("plotly_chart")]
    order = found.order[:SHOWN]
    assert chart["data"][0]["x"] == pytest.approx(found.mean[order].tolist())
    assert chart["data"][0]["error_x"]["array"] == pytest.approx(found.deviation[order].tolist())
    assert chart["layout"]["yaxis"]["ticktext"] == [f"Channel {one + 1}" for one in order]
    assert word("react.swapped", first="moon", second="sun") in shown_text(page)


def test_bars_without_a_direction_begin_at_zero() -> None:
    def low(*means: float) -> float:
        chart = figures.reaction_bars(["a", "b"], np.array(means), np.array([0.1, 0.1]), ["", ""], "")
        return chart.layout.xaxis.range[0]

    assert low(0.4, 0.2) == 0 and low(0.4, -0.2) == pytest.approx(-0.55) == low(-0.2, 0.4)


def test_an_example_shows_the_chosen_map_and_its_own_numbers() -> None:
    page = compute(well(open_page("trust", model=f"{FAMILY}/self-attention")))
    model = core.load(f"{FAMILY}/self-attention", "cpu")
    row = next(one for one in page.selectbox(key=TrustKey.ROLE_MAP).options if one.endswith("from the answer"))
    page = well(page.selectbox(key=TrustKey.ROLE_MAP).select(row).run())
    page = well(page.number_input(key=TrustKey.EXAMPLE).set_value(2).run())
    case = find_cases(model, PICTURES, 0)[1]
    tap = page.session_state[TrustKey.ROLE_MAP].split("/")[1]
    attention = next(one for one in core.read(model, case.picture).maps if one.tap == tap)
    masks = {name[:-1]: mask for name, mask in case.masks.items() if name}
    (truth,) = [roles for view, roles in core.attention_truth(attention, masks) if view.part == ROW]
    shown = re.findall(r"<dd>(\d+)\s%", html(page))
    assert shown == [f"{100 * truth[role].mass:.0f}" for role in (*ROLES, EVERYTHING) if role in truth]
    assert word("roles.example", name=model.card.classes[case.target]) in shown_text(page)


def share(source: str, role: str, value: float, part: str = "", number: int = 0) -> RoleShare:
    return RoleShare(source, part, number, role, value, value, value, value, value, value, 0.1, 5)


def test_attention_stands_first_and_references_last() -> None:
    rows = [share(name, EVERYTHING, value) for name, value in
            (("edges", 0.9), ("grad-cam", 0.2), ("attention/a", 0.1), ("saliency", 0.4))]  # fmt: skip
    assert [one[0] for one in task_truth.parts(rows)] == ["attention/a", "saliency", "grad-cam", "edges"]


def test_each_glimpse_is_stated_to_land_where_its_peak_is_most_often() -> None:
    glimpses = {"cue": 0.7, "answer": 0.2}, {"cue": 0.1, "answer": 0.6}
    rows = [
        share("attention/a", role, value, "glimpse", number)
        for number, own in enumerate(glimpses)
        for role, value in own.items()
    ]
    each = ", ".join(
        [word("roles.lands", number=1, role="the cue", share="70\u00a0%"),
         word("roles.lands", number=2, role="the answer", share="60\u00a0%")]
    )  # fmt: skip
    assert task_truth.landings(rows).replace("\\", "") == word("roles.landings", each=each).replace("\\", "")
    assert task_truth.landings([share("attention/a", "cue", 0.5)]) == ""


def test_a_model_that_answers_nothing_rightly_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> tuple:
        raise core.InvalidInput("Nothing can be measured.")

    monkeypatch.setattr(attention_truth, "cases", refuse)
    page = compute(well(open_page("trust", model=f"{FAMILY}/plain")))
    assert [one.value for one in page.info] == ["Nothing can be measured."]


def test_all_tasks_have_a_question_in_the_section() -> None:
    for known in TASKS:
        assert known.question in word("roles.about", question=known.question)
    assert np.isfinite(attention_truth.shares_seconds(core.load(f"{FAMILY}/cbam", "cpu")))
