"""Trust on a zoo of small models: every number is a row of the benchmark, and what is measured here joins the table."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

import core
from app import runtime
from app.runtime import results
from app.runtime.trust import benchmark, sources
from app.state import Key
from app.views.trust import faithfulness, ground_truth, randomization, ranking
from app.views.trust.keys import TrustKey
from app.views.trust.titles import source_titles
from app.widgets import job
from app.words import word
from core import scenes
from core.evaluation.benchmark import BenchmarkRow
from core.evaluation.cases import Case
from core.models import zoo
from core.types import ModelCard
from tests.app.pages import shown_text, well
from tests.app.trust.trust_page import FAMILIES, PICTURES, SECTIONS, SOURCES, charts, choose, expected, open_section

pytestmark = pytest.mark.usefixtures("small_catalog")


# --- the page by every family


@pytest.mark.parametrize("family", FAMILIES)
def test_each_section_is_there_for_each_family(family: str) -> None:
    page = open_section(f"{family}/cbam")
    for section in SECTIONS:
        page = choose(page, TrustKey.SECTION, section)
        assert page.get("plotly_chart") or page.dataframe
        assert word("rank.none", model="") not in shown_text(page) and not page.warning and not page.info
    assert page.query_params["model"] == f"{family}/cbam"


@pytest.mark.parametrize(
    ("model", "asked", "measure"),
    [
        ("scenes/cbam", "object-mass", "mass"),
        ("scenes/cbam", "object-pointing", "pointing"),
        ("scenes-tag/cbam", "tag-mass", "tag-mass"),
        ("scenes-tag/cbam", "tag-pointing", "tag-pointing"),
        ("scenes-tag/cbam", "object-mass", "mass"),
        ("scenes-place/cbam", "background-mass", "background-mass"),
        ("scenes-place/cbam", "background-pointing", "background-pointing"),
        ("imagenette/cbam", "quarter-pointing", "pointing"),
    ],
)
def test_ground_truth_shows_the_rows_with_chance(rows: list[dict], model: str, asked: str, measure: str) -> None:
    page = choose(open_section(model), TrustKey.TRUTH, asked)
    (chart,) = charts(page)
    chance = {row["chance"] for row in rows if row["model"] == model and row["measure"] == measure}
    assert chart.pop("")[0] == pytest.approx(chance.pop()) and not chance
    assert list(chart.items()) == list(expected(rows, model, measure).items()) and len(chart) == len(SOURCES)


def test_the_verdict_counts_maps_above_chance_and_no_references(rows: list[dict]) -> None:
    text = shown_text(open_section())
    maps = [row for row in rows if row["model"] == "scenes/cbam" and row["measure"] == "mass"]
    maps = [row for row in maps if row["source"] not in ("random", "blob", "edges")]
    above = sum(row["low"] > row["chance"] for row in maps)
    best = max(maps, key=lambda row: row["mean"])
    assert f"**{above} of {len(maps)}**" in text and f"{100 * best['mean']:.0f}\u00a0%." in text


def made(source: str, mean: float, low: float, measure: str = "mass", pictures: int = 20) -> BenchmarkRow:
    """A row of a model that is measured on scenes."""
    return BenchmarkRow("scenes-place/plain", source, measure, mean, low, 1, 0.25, pictures, pictures, 0, "")


def test_a_lead_by_rounding_is_none() -> None:
    card = zoo.find_card("scenes/cbam")
    rows = [made("saliency", 0.9, 0.8), made("grad-cam", 0.251, 0.252), made("lrp", 0.25, 0.25000034)]
    text = ground_truth.ground_truth_verdict(rows, card, Counter())
    assert text == word("truth.verdict", above=2, count=3, chance="25 %", best="Saliency", value="90 %")


def test_a_blank_map_neither_wins_nor_counts() -> None:
    card = zoo.find_card("scenes-place/cbam")
    means = (("saliency", 0.9), ("lrp", 0.0), ("edges", 0.0))
    rows = [made(name, mean, mean, "background-mass") for name, mean in means]
    rows += [made(name, mean, mean, "blank") for name, mean in (("saliency", 0.05), ("lrp", 1.0))]
    rows += [replace(made("edges", 1.0, 1.0, "blank"), model="another")]
    blanks = ranking.blanks(rows, rows[0].model)
    assert {row.source: blanks[row.source] for row in rows} == {"saliency": 0.05, "lrp": 1, "edges": 0}
    found = ground_truth.find_rows(rows, rows[0].model, "background-mass")
    assert [row.source for row in found] == ["saliency", "edges", "lrp"]
    text = ground_truth.ground_truth_verdict(found, card, blanks)
    assert "**1 of 1**" in text and "**Saliency**" in text and text.endswith(word("truth.blank", names="LRP"))
    assert ground_truth.ground_truth_verdict(found[1:], card, blanks) == word("truth.blank", names="LRP")


def test_a_blank_line_is_drawn_without_a_place(rows: list[dict]) -> None:
    blank = [row | {"mean": 1.0} if row["measure"] == "blank" else row for row in rows]
    path = benchmark.own_file()
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps([row for row in blank if row["source"] == "saliency"]))
    page = open_section("scenes-place/cbam")
    (chart,) = charts(page)
    assert list(chart)[-2:] == ["Saliency", ""] and chart["Saliency"] == (None, None, None)
    assert word("truth.blank", names="Saliency") in shown_text(page)


def test_few_pictures_are_stated_next_to_the_name_and_below(rows: list[dict]) -> None:
    found = [made("saliency", 0.9, 0.8), made("lime", 0.5, 0.4, pictures=8), made("occlusion", 0.4, 0.3, pictures=8)]
    assert [row.source for row in ranking.few(found)] == ["lime", "occlusion"]
    text = ranking.origin(found)
    assert text.startswith(word("rank.origin", pictures=20, seeds="0"))
    assert text.endswith(word("rank.few", count=2, pictures="8"))
    assert ranking.origin(found[1:]) == word("rank.origin", pictures=8, seeds="0")


def test_randomization_and_faithfulness_show_the_rows(rows: list[dict]) -> None:
    page = open_section(section="random")
    (chart,) = charts(page)
    assert chart.pop("")[0] == 0.5
    randomized = expected(rows, "scenes/cbam", "randomized", low_is_good=True)
    assert list(chart.items()) == list(randomized.items())
    insertion, deletion = charts(choose(page, TrustKey.SECTION, "faith"))
    names = {word(f"source.{one}") for one in ("random", "blob", "edges")}
    for chart, measure, best in ((insertion, "insertion", max), (deletion, "deletion", min)):
        guess = chart.pop("")[0]
        assert list(chart.items()) == list(expected(rows, "scenes/cbam", measure, measure == "deletion").items())
        assert guess == best(chart[name][0] for name in names)


# --- one example


def test_the_examples_are_the_pictures_of_the_row(rows: list[dict]) -> None:
    model = core.load("scenes/cbam", "cpu")
    cases = sources.examples(model, PICTURES, 4)
    for source in ("grad-cam", "edges", "attention/stage4.attention.spatial"):
        maps = [sources.map_of(model, one.picture, source, one.target) for one in cases]
        found = [core.localize(map_, one.masks[""]) for map_, one in zip(maps, cases, strict=True)]
        for measure in ("mass", "pointing"):
            row = next(row for row in rows if (row["source"], row["measure"]) == (source, measure))
            assert np.mean([getattr(one, measure) for one in found]) == pytest.approx(row["mean"], abs=1e-6)
            assert np.mean([one.chance for one in found]) == pytest.approx(row["chance"])


def test_an_example_shows_its_own_numbers() -> None:
    page = open_section()
    page = well(page.selectbox(key=TrustKey.SOURCE).set_value("edges").run())
    page = well(page.number_input(key=TrustKey.EXAMPLE).set_value(2).run())
    model = core.load("scenes/cbam", "cpu")
    case = sources.examples(model, PICTURES, 4)[1]
    found = core.localize(sources.map_of(model, case.picture, "edges", case.target), case.masks[""])
    html = "".join(one.proto.body for one in page.get("html"))
    shown = re.findall(r"<dd>(\d+)\s%</dd>", html) + re.findall(r"<p>chance (\d+)\s%</p>", html)
    assert shown == [f"{100 * one:.0f}" for one in (found.mass, found.pointing, found.chance)]
    assert word("example.object", name=scenes.OBJECTS[case.target]) in shown_text(page)
    assert page.get("image")


def test_a_blank_map_lies_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "find_result", lambda key: -np.ones((4, 4)))
    assert word("example.blank") in shown_text(open_section())


def test_photographs_are_tiled_where_there_are_any(monkeypatch: pytest.MonkeyPatch) -> None:
    assert word("example.elsewhere") in shown_text(open_section("imagenette/cbam"))
    model = core.load("imagenette/cbam", "cpu")
    parts = [runtime.sample_picture(f"scenes/{seed}") for seed in (19, 24, 27, 5)]
    tiles = Case(core.tile(model, parts), 3, {"": core.quadrant(2)}, whole=False)
    monkeypatch.setattr(sources, "find_cases", lambda *_: [Case(parts[0], 0), tiles])
    monkeypatch.setattr(runtime, "has_photographs", lambda: True)
    page = open_section("imagenette/cbam")
    assert page.number_input(key=TrustKey.EXAMPLE).max == 1  # the picture alone has no mask
    assert word("example.quarter", name=scenes.OBJECTS[3]) in shown_text(page)


def test_a_long_method_waits_for_a_click(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "QUICK", -1.0)
    monkeypatch.setattr(sources, "map_key", lambda *names: ("anew", *names[2:]))  # nothing is known before
    page = open_section()
    assert not page.get("image")
    page = well(page.button(key="start-example").click().run())
    assert page.get("image") and not [one for one in page.button if one.key in ("start-example", "stop-example")]


# --- before one's eyes


def test_the_maps_are_shown_with_their_correlations() -> None:
    page = open_section(section="random")
    model, picture = core.load("scenes/cbam", "cpu"), page.session_state[Key.SUBJECT].picture
    found = core.randomize(model, picture, "grad-cam")
    assert len(page.get("image")) == len(found.maps) == len(found.stages) + 1
    captions = [one.value for one in page.caption]
    for value in found.likeness:
        shown = word("rank.blank") if value is None else ranking.measure_value(value, False)
        assert [one for one in captions if one.endswith(f"**{shown}**")]
    page = well(page.selectbox(key=TrustKey.SOURCE).set_value("edges").run())
    assert word("random.stays", value="1.00") in shown_text(page)  # edges know nothing of the weights


def test_a_map_that_went_blank_is_no_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    maps = (np.eye(4), np.zeros((4, 4)))
    gone = core.Randomization("grad-cam", 0, ("top",), (None,), maps, 0)
    monkeypatch.setattr(sources, "randomized", lambda *_: gone)
    monkeypatch.setattr(sources, "randomized_key", lambda *_: ("anew",))
    page = open_section(section="random")
    assert word("random.blank", value=word("rank.blank")) in shown_text(page)
    assert "**blank**" in shown_text(page) and "0.00" not in shown_text(page)


def test_the_courses_are_those_of_each_map_that_is_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    model, wanted = core.load("scenes/cbam", "cpu"), ("saliency", "grad-cam", "attention/stage4.attention.spatial")
    monkeypatch.setattr(sources, "randomized_seconds", lambda model, name: 1.5 if name in wanted else 3.0)
    page = open_section(section="random")
    picture = page.session_state[Key.SUBJECT].picture
    assert len(page.get("plotly_chart")) == 1  # together they take more than a moment, so it waits
    page = well(page.button(key="start-courses").click().run())
    assert Key.RUNNING not in page.session_state
    (figure,) = [one for one in map(json.loads, (one.proto.spec for one in page.get("plotly_chart")))
                 if "ticktext" not in one["layout"]["yaxis"]]  # fmt: skip
    lines, titles = {one["name"]: one["y"] for one in figure["data"]}, source_titles(model.card, wanted)
    assert list(lines)[-1] == titles["grad-cam"] and set(lines) == set(titles.values())  # the chosen one on top
    for name in wanted:
        assert lines[titles[name]] == [1.0, *core.randomize(model, picture, name).likeness]
    assert len(figure["layout"]["xaxis"]["ticktext"]) == len(lines[titles["saliency"]])
    assert "LIME" in shown_text(page) and "Edges" not in shown_text(page)


def test_what_cannot_be_compared_is_named() -> None:
    card = zoo.find_card("scenes/cbam")
    rows = [replace(made(source, 0, 0, measure), model=card.slug) for source, measure in
            (("saliency", "mass"), ("saliency", "randomized"), ("lrp", "mass"), ("lrp", "insertion"))]  # fmt: skip
    assert randomization.not_compared(rows, card) == word("random.left_out", names="LRP")
    assert not randomization.not_compared(rows[:2], card)


def test_what_is_insensitive_is_named() -> None:
    card = ModelCard("scenes/plain", "", "plain", ("a", "b"))
    made = BenchmarkRow(card.slug, "saliency", "randomized", 0.5, 0.4, 0.6, None, 2, 2, 0, "")
    every = [made, replace(made, source="lrp", mean=0.49), replace(made, source="edges", mean=1.0)]
    text = randomization.randomization_verdict(every, card)
    assert text == word("random.insensitive", count=1, all=2, names="Saliency")
    assert randomization.randomization_verdict(every[1:], card) == word("random.all", count=1)


# --- who beats what knows nothing


def test_beating_is_to_be_better_than_all_three_references() -> None:
    def row(source: str, low: float, mean: float, high: float, measure: str = "insertion") -> BenchmarkRow:
        return BenchmarkRow("m", source, measure, mean, low, high, None, 5, 5, 0, "")

    high = [row("a", 0.8, 0.9, 1), row("b", 0.6, 0.75, 0.9), row("edges", 0.6, 0.7, 0.75), row("c", 0.6, 0.65, 0.7)]
    high += [row("random", 0.1, 0.2, 0.3), row("blob", 0, 0.1, 0.2)]
    assert faithfulness.beaten(high) == (2, 1, 3)
    low = [row(one.source, 1 - one.high, 1 - one.mean, 1 - one.low, "deletion") for one in high]
    assert faithfulness.beaten(low) == (2, 1, 3)
    assert faithfulness.beaten(high[:2]) == (0, 0, 0)
