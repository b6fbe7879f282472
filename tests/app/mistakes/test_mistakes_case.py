"""One picture of a run looked into and the way to the next, tags, groups, the scatter, and what can be taken along."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import core
from app import state
from app.figures import WARM, agreement_scatter, drawn
from app.figures.scatter import FEW, LIGHT
from app.runtime import cases, exports, runs, tags
from app.state import Key
from app.state.mistakes import Answers, Filter, Group
from app.widgets.mistakes import groups, scatter
from app.words import word
from core.evaluation.groups import group
from tests.app.mistakes.mistakes_page import open_page, press, said, well

RUN, PLAIN = "scenes-tag-cbam", "scenes-tag-plain"


def open_picture(number: int | None, run: str = RUN, **chosen: object) -> AppTest:
    """The page with a picture open, and what the gallery shows."""
    page = open_page(run=run)
    page.session_state[Key.NUMBER] = number
    page.session_state[Key.FILTER] = Filter(**chosen)
    return well(page.run())


def html(page: AppTest) -> str:
    return "\n".join(one.proto.body for one in page.get("html"))


def wrong(home: Path, run: str = RUN) -> list[int]:
    table = core.open_run(home / run).table()
    return table[table["true"] != table["predicted"]].sort_values("confidence", ascending=False)["number"].tolist()


def test_a_mistake_is_shown_with_both_classes_and_what_erasing_does(home: Path) -> None:
    number = wrong(home)[2]
    page, run = open_picture(number), core.open_run(home / RUN)
    row, text = run.table().iloc[number], said(page)
    assert f"<b>{row['true']}</b>, taken for <b" in html(page) and row["path"] in html(page)
    for name in (row["predicted"], row["true"]):
        assert f"**{word('case.for', name=name)}**" in text
    assert f"**{word('case.difference', first=row['predicted'], second=row['true'])}**" in text
    assert len(page.get("image")) >= 5  # four maps and the picture without what it attends to
    model, picture = core.load("scenes-tag/cbam", "cpu"), run.picture(number)
    reading = core.read(model, picture)
    attended = core.to_grid(next(one for one in reading.maps if one.tap == run.facts["tap"]))
    after = core.read(model, core.erase(model, picture, attended, 0.2)).probabilities
    pair = (row["predicted"], row["true"])
    before, after = ([100 * one[run.classes.index(name)] for name in pair] for one in (reading.probabilities, after))
    moved = [word("case.moves", name=name, before=f"{a:.0f}", after=f"{b:.0f}")
             for name, a, b in zip(pair, before, after, strict=True)]  # fmt: skip
    assert word("case.erase.most", what=word("case.attended"), moved=" · ".join(moved)) in text


def test_a_right_answer_is_set_against_the_next_likeliest(home: Path) -> None:
    run = core.open_run(home / RUN)
    number = run.table().query("true == predicted")["number"].tolist()[0]
    second = run.classes[run.array("top")[number][1]]
    page = open_picture(number)
    assert f"**{word('case.for', name=second)}**" in said(page) and "fovea-right" in html(page)


def test_the_difference_is_what_the_core_says(home: Path) -> None:
    model, picture = core.load("scenes-tag/cbam", "cpu"), core.open_run(home / RUN).picture(3)
    found = cases.pair(model, picture, core.attribution.method("grad-cam"), (2, 5))
    for values, target, contrast in ((found.first, 2, None), (found.second, 5, None), (found.difference, 2, 5)):
        expected = core.attribute(model, picture, "grad-cam", target, contrast=contrast).values
        assert np.allclose(values.values, expected, atol=1e-5)


def test_next_and_previous_walk_through_what_the_gallery_shows(home: Path) -> None:
    order = wrong(home)
    page = open_picture(order[0], answers=Answers.WRONG)
    assert page.button(key="case-previous").disabled and not page.button(key="case-next").disabled
    assert word("case.place", place=1, count=len(order)) in said(page)
    for number in order[1:3]:
        page = press(page, "case-next")
        assert page.session_state[Key.NUMBER] == number
    assert press(page, "case-previous").session_state[Key.NUMBER] == order[1]
    assert open_picture(order[-1], answers=Answers.WRONG).button(key="case-next").disabled
    page = press(open_picture(order[0], answers=Answers.RIGHT), "case-next")  # it is not among them: their first one
    assert page.session_state[Key.NUMBER] == runs.filtered(runs.open_one(RUN), Filter(answers=Answers.RIGHT))[0]
    assert Key.NUMBER in page.session_state and press(page, "case-close").session_state[Key.NUMBER] is None


def test_a_click_opens_it_in_explore_with_everything_set(home: Path) -> None:
    number = wrong(home)[0]
    page = open_picture(number)
    run = core.open_run(home / RUN)
    row = run.table().iloc[number]
    page = press(page, "case-explore")
    chosen = page.session_state[Key.SUBJECT]
    assert chosen.classifier.card.slug == "scenes-tag/cbam" and chosen.picture.sha256 == row["sha256"]
    assert page.session_state[Key.TARGET] == row["predicted"] and page.session_state[Key.CONTRAST] == row["true"]
    assert page.session_state[Key.MAP] == run.facts["tap"] and page.session_state[Key.METHOD] == "grad-cam"
    assert word("answer.title") in said(page)


def test_a_full_strip_keeps_the_page_and_says_so(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.widgets.mistakes.case.UPLOADS", 0)
    page = press(open_picture(wrong(home)[0]), "case-explore")
    assert word("picture.full", count=0) in said(page) and not page.session_state[Key.UPLOADS]
    assert word("answer.title") not in said(page)


def test_without_its_model_the_maps_of_the_scan_are_shown(empty: Path, scanned: Path) -> None:
    shutil.copytree(scanned / RUN, runs.folder() / "gone")
    path = runs.folder() / "gone" / "run.json"
    path.write_text(path.read_text().replace('"scenes-tag/cbam"', '"scenes-tag/burnt"'))
    page = open_picture(0, "gone")
    assert word("model.gone", model="scenes-tag/burnt") in said(page)
    assert all(f"**{word(key)}**" in said(page) for key in ("case.picture", "case.attention", "case.cam"))


def test_a_model_without_attention_shows_where_it_is_active(home: Path) -> None:
    page = open_picture(wrong(home, PLAIN)[0], PLAIN)
    assert f"**{word('map.activation')}**" in said(page) and word("map.energy") in said(page)
    assert word("scatter.none") in said(page)
    assert f"Erase what {word('case.pointed')}" in said(page) and word("looks.cam") in said(page)


def test_the_nearest_are_right_answers_of_that_class_and_not_the_picture_itself(home: Path) -> None:
    opened = runs.open_one(RUN)
    table, features = opened.table, opened.run.array("features").astype(float)
    place = int(np.flatnonzero(table["correct"].to_numpy(bool))[0])
    name = table["true"].iloc[place]
    among = [i for i in range(len(table)) if i != place and table["true"].iloc[i] == table["predicted"].iloc[i] == name]

    def likeness(i: int) -> float:
        return -(features[i] @ features[place]) / np.linalg.norm(features[i]) / np.linalg.norm(features[place])

    assert cases.nearest(opened, place, name, 3).tolist() == sorted(among, key=likeness)[:3]


def test_tiles_need_no_map(home: Path) -> None:
    opened = runs.open_one(RUN)
    (plain,), (mapped,) = cases.tiles(opened, [4], None), cases.tiles(opened, [4], "attention")
    assert plain and mapped and plain != mapped


# --- tags


def test_tags_are_given_to_one_and_to_all_that_are_shown(home: Path) -> None:
    order = wrong(home)
    page = open_picture(order[1], answers=Answers.WRONG)
    key = f"tags.{RUN}.{order[1]}"
    page = well(page.multiselect(key=key).set_value(["shortcut"]).run())
    run = core.open_run(home / RUN)
    assert tags.every(run) == {order[1]: ("shortcut",)} and page.multiselect(key=key).value == ["shortcut"]
    page = press(page, "case-tag-all")
    assert tags.every(run) == dict.fromkeys(order, ("shortcut",))
    page = well(page.multiselect(key=key).set_value([]).run())
    assert order[1] not in tags.every(run) and page.button(key="case-tag-all").disabled
    (home / RUN / tags.FILE).unlink()


# --- where it looks


def test_groups_are_those_of_the_core_and_a_click_shows_one(home: Path) -> None:
    page = well(open_page(run=RUN))
    page = well(page.button_group(key=Key.LOOK).set_value(groups.GROUPS).run())
    run = core.open_run(home / RUN)
    found = group(run.array("attention"))
    assert all(f"**{word('groups.title', number=number)}**" in said(page) for number in range(1, len(found) + 1))
    page = press(page, "group.off.1")
    chosen = page.session_state[Key.FILTER].group
    assert sorted(chosen.numbers) == sorted(found[0].members.tolist())
    tagged = run.table()["path"].str.startswith("scenes-tag/").to_numpy()
    assert tagged[list(chosen.numbers)].mean() >= 0.9  # the tag is a group of its own
    assert word("gallery.count", count=len(found[0].members)) in said(page)
    assert press(page, "group.on.1").session_state[Key.FILTER].group is None
    page = well(page.button_group(key=Key.CLUSTERING).set_value("spectral").run())
    assert word("groups.title", number=2) in said(page)


def test_the_mean_map_is_of_what_is_shown_and_too_few_are_not_grouped(home: Path) -> None:
    page = open_picture(None, true="car")
    count = int((core.open_run(home / RUN).table()["true"] == "car").sum())
    assert word("looks.mean.title", count=count) in said(page) and word("case.none") in said(page)
    opened = runs.open_one(RUN)
    places = np.flatnonzero(opened.table["true"] == "car")
    maps = core.open_run(home / RUN).array("attention")[places]
    mean, far = cases.mean(opened, places, "attention", 3)
    assert np.allclose(mean, sum(maps) / len(maps), atol=1e-3) and set(far) <= set(places)
    page = well(page.button_group(key=Key.LOOK).set_value(groups.GROUPS).run())
    assert (word("looks.few") in said(page)) == (count < groups.FEWEST)


def test_many_maps_wait_to_be_asked_for(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "QUICK", 10)
    page = well(open_page(run=RUN))
    assert word("looks.furthest") not in said(page)
    page = well(page.button_group(key=Key.LOOK).set_value(groups.GROUPS).run())
    start = next(one for one in page.button if one.label == word("groups.start", count=64))
    assert word("groups.title", number=1) not in said(page)
    assert word("groups.title", number=1) in said(well(start.click().run()))


# --- the scatter


def test_all_mistakes_and_some_of_the_rest_are_drawn() -> None:
    draw = np.random.default_rng(0)
    correct, known = draw.choice([0.0, 1.0, np.nan], 40_000, p=[0.1, 0.8, 0.1]), draw.random(40_000) < 0.9
    found = drawn(correct, known)
    assert known[found].all() and len(set(found)) == len(found) and (np.diff(found) > 0).all()
    assert (correct[found] == 0).sum() == (known & (correct == 0)).sum() and (correct[found] != 0).sum() == FEW
    assert np.array_equal(found, drawn(correct, known)) and len(drawn(correct[:50], known[:50])) == known[:50].sum()
    text = scatter.legend(correct, found)
    assert f"{(correct[found] == 0).sum():,}" in text and "5,000" in text


@pytest.mark.parametrize("count", [60, LIGHT + 1])
def test_each_point_of_the_scatter_is_its_picture(count: int) -> None:
    draw = np.random.default_rng(1)
    confidence, agreement = draw.random(count).astype(np.float32), draw.uniform(-0.5, 1, count).astype(np.float32)
    correct, numbers = draw.choice([0.0, 1.0, np.nan], count), 1000 + np.arange(count)
    chosen = draw.random(count) < 0.5
    told = [f"point {number}" for number in numbers]
    figure = agreement_scatter(confidence, agreement, correct, numbers, chosen, told, ("x", "y"))
    seen = []
    for trace in figure.data:
        for place, number in enumerate(trace.customdata):
            index = int(number) - 1000
            assert trace.x[place] == pytest.approx(100 * confidence[index]) and trace.y[place] == agreement[index]
            assert trace.text[place] == told[index] and (place in trace.selectedpoints) == chosen[index]
            assert (trace.marker.color == WARM) == (correct[index] == 0)
            seen.append(index)
    assert sorted(seen) == list(range(count)) and figure.data[-1].marker.color == WARM  # mistakes lie on top
    assert figure.data[0].type == ("scatter" if count <= LIGHT else "scattergl")
    low, high = figure.layout.yaxis.range
    assert low < agreement.min() and high > agreement.max() and figure.layout.dragmode is False


def test_one_point_opens_its_picture_and_several_that_the_filter_leaves_are_shown(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(st, "session_state", {})
    opened, order = runs.open_one(RUN), wrong(home)
    scatter.choose(opened, (7,))
    assert state.mistakes.number() == 7 and state.mistakes.selection() == Filter()
    scatter.choose(opened, (7, 9))
    assert state.mistakes.selection() == Filter(lasso=Group(word("scatter.chosen"), (7, 9)))
    scatter.choose(opened, ())
    assert state.mistakes.selection().lasso.numbers == (7, 9)
    state.mistakes.select(answers=Answers.WRONG)
    scatter.choose(opened, tuple(range(len(opened.table))))  # the faint points were drawn round as well
    assert state.mistakes.selection().lasso.numbers == tuple(sorted(order))
    assert len(runs.filtered(opened, state.mistakes.selection())) == len(order)


# --- taking along


def test_zip_and_report_are_made_once_of_what_is_shown(home: Path) -> None:
    page = open_picture(None, answers=Answers.WRONG)
    make = {one.label: one for one in page.button}
    page = well(make[word("export.zip")].click().run())
    order = wrong(home)
    opened = runs.open_one(RUN)
    places = runs.filtered(opened, Filter(answers=Answers.WRONG))
    archive = zipfile.ZipFile(io.BytesIO(exports.find(exports.zip_key(opened, places, "attention"))))
    assert len(archive.namelist()) == len(order)
    page = well(next(one for one in page.button if one.label == word("export.report.make")).click().run())
    html, facts = exports.find(exports.report_key(opened, places))
    assert [one["number"] for one in json.loads(facts)["chosen"]] == order and html.startswith(b"<!doctype html>")
    labels = {one.proto.label for one in page.get("download_button")}
    assert {word("export.csv"), word("export.parquet"), word("export.json")} <= labels
    assert any(one.startswith("Save the zip") for one in labels) and any("report" in one for one in labels)


def test_a_report_has_the_tags_that_were_given_since(home: Path) -> None:
    opened = runs.open_one(RUN)
    places, ticks = np.array([5]), []
    before = exports.report_key(opened, places)
    tags.put(opened.run, [5], ["my own"])
    assert exports.report_key(opened, places) != before
    _, facts = exports.report(opened, places, lambda *one: ticks.append(one))
    assert json.loads(facts)["chosen"][0]["tags"] == ["my own"] and ticks == [(1, 1)]
    assert b"my own" in exports.table(opened.table.iloc[places], tags.every(opened.run), "csv")
    (home / RUN / tags.FILE).unlink()
