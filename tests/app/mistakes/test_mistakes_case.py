"""One picture of a run looked into and the way to the next, tags, and what can be exported."""

from __future__ import annotations

import errno
import io
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
import streamlit as st

import core
from app.runtime import kept_runs
from app.runtime.mistakes import cases, exports, runs, tags
from app.runtime.mistakes.filters import Answers, Filter
from app.state import Key
from app.views.mistakes import case, selection
from app.views.mistakes.keys import MistakesKey
from app.views.mistakes.tags import OWN, toggle
from app.words import Marked, decimal, word
from core import files
from core.evaluation import unrelated
from core.evaluation.bank import FEWEST_MAPS
from tests.app.mistakes.mistakes_page import PLAIN, RUN, html, open_picture, wrong
from tests.app.pages import press, shown_text, well


def test_a_mistake_is_shown_with_both_classes_and_what_erasing_does(home: Path) -> None:
    number = wrong(home)[2]
    page, run = open_picture(number), core.open_run(home / RUN)
    row, text = run.table().iloc[number], shown_text(page)
    assert f"<b>{row['true']}</b>, predicted as <b" in html(page) and row["path"] in html(page)
    for name in (row["predicted"], row["true"]):
        assert f"**{word('case.for', name=name)}**" in text
    assert f"**{word('case.difference')}**" in text
    assert len(page.get("image")) >= 5  # four maps and the picture without what it attends to
    model, picture = core.load("scenes-tag/cbam", "cpu"), run.picture(number)
    reading = core.read(model, picture)
    attended = core.to_grid(next(one for one in reading.maps if one.tap == run.facts["tap"]))
    after = core.read(model, core.erase(model, picture, attended, 0.2)).probabilities
    pair = (row["predicted"], row["true"])
    before, after = ([100 * one[run.classes.index(name)] for name in pair] for one in (reading.probabilities, after))
    moved = [word("case.moves", name=name, before=f"{a:.0f}", after=f"{b:.0f}")
             for name, a, b in zip(pair, before, after, strict=True)]  # fmt: skip
    assert word("case.erase.most", what=word("case.attended"), moved=Marked(" · ").join(moved)) in text


def test_agreement_stands_next_to_that_of_the_run_s_other_pictures(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = core.open_run(home / RUN)
    attended, cams, hashes = run.array("attention"), run.array("cam"), run.table()["sha256"]
    bank = run.bank().without(hashes[3])
    assert len(bank.pictures) == len(hashes.unique()) - 1 >= FEWEST_MAPS
    found = core.agreement(*run.named(attended[3], cams[3]), bank).rank_correlation
    assert run.table()["agreement"][3] == pytest.approx(found.value, abs=0.02)  # Grad-CAM is stored in half precision
    range_ = word("agreement.range", low=decimal(found.low), high=decimal(found.high))
    blob = word("agreement.blob", value=decimal(found.blob))
    assert found.low < found.high
    told = f"agreement {decimal(run.table()['agreement'][3])} (higher than"
    page = html(open_picture(3))
    assert told in page and f"{range_}, {blob})" in page
    monkeypatch.setattr(unrelated, "FEWEST_MAPS", 1000)
    alone = core.agreement(attended[4], cams[4]).rank_correlation
    few = f"agreement {decimal(run.table()['agreement'][4])} ({word('agreement.blob', value=decimal(alone.blob))})"
    assert few in html(open_picture(4))  # so few pictures say nothing of unrelated ones


def test_a_right_answer_is_compared_with_the_second_most_likely(home: Path) -> None:
    run = core.open_run(home / RUN)
    number = run.table().query("true == predicted")["number"].tolist()[0]
    second = run.classes[run.array("top")[number][1]]
    page = open_picture(number)
    assert f"**{word('case.for', name=second)}**" in shown_text(page) and "fovea-right" in html(page)


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
    assert word("case.place", place=1, count=len(order)) in shown_text(page)
    for number in order[1:3]:
        page = press(page, "case-next")
        assert page.session_state[MistakesKey.NUMBER] == number
    assert press(page, "case-previous").session_state[MistakesKey.NUMBER] == order[1]
    assert open_picture(order[-1], answers=Answers.WRONG).button(key="case-next").disabled
    page = press(open_picture(order[0], answers=Answers.RIGHT), "case-next")  # it is not among them: their first one
    right = runs.filtered(runs.open_one(RUN), Filter(answers=Answers.RIGHT))
    assert page.session_state[MistakesKey.NUMBER] == right[0]
    assert MistakesKey.NUMBER in page.session_state
    assert press(page, "case-close").session_state[MistakesKey.NUMBER] is None


def test_keys_that_outrun_the_page_each_take_a_step_and_tag_what_is_open(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(st, "session_state", {})
    opened, order = runs.open_one(RUN), wrong(home)
    selection.select(answers=Answers.WRONG)
    selection.open_picture(order[0])
    for number in order[:3]:
        toggle(opened, "ambiguous")
        assert selection.open_number() == number
        case.step_to_neighbor(opened, 1)  # nothing was drawn in between
    assert tags.every(opened.run) == dict.fromkeys(sorted(order[:3]), ("ambiguous",))
    selection.open_picture(order[-1])
    case.step_to_neighbor(opened, 1)
    assert selection.open_number() == order[-1]
    (home / RUN / tags.FILE).unlink()


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
    assert word("answer.title") in shown_text(page)


def test_a_full_strip_keeps_the_page_and_says_so(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.views.mistakes.case.UPLOADS", 0)
    page = press(open_picture(wrong(home)[0]), "case-explore")
    assert word("picture.full", count=0) in shown_text(page) and not page.session_state[Key.UPLOADS]
    assert word("answer.title") not in shown_text(page)


def test_without_its_model_the_maps_of_the_scan_are_shown(empty: Path, scanned: Path) -> None:
    shutil.copytree(scanned / RUN, kept_runs.folder() / "gone")
    path = kept_runs.folder() / "gone" / "run.json"
    path.write_text(path.read_text().replace('"scenes-tag/cbam"', '"scenes-tag/burned"'))
    page = open_picture(0, "gone")
    assert word("model.gone", model="scenes-tag/burned") in shown_text(page)
    assert all(f"**{word(key)}**" in shown_text(page) for key in ("case.picture", "case.attention", "case.cam"))


def test_a_model_without_attention_shows_its_activation(home: Path) -> None:
    page = open_picture(wrong(home, PLAIN)[0], PLAIN)
    assert f"**{word('map.activation')}**" in shown_text(page) and word("map.energy") in shown_text(page)
    assert word("scatter.none") in shown_text(page)
    assert f"Without the {word('case.pointed')} region" in shown_text(page) and word("maps.cam") in shown_text(page)


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
    key, run = f"tags.{RUN}.{order[1]}", core.open_run(home / RUN)
    page = press(page, "tag.shortcut")
    assert tags.every(run) == {order[1]: ("shortcut",)}
    page.session_state[OWN] = True  # the popover is open
    page = well(page.multiselect(key=key).set_value(["glare"]).run())
    assert tags.every(run) == {order[1]: ("shortcut", "glare")} and page.multiselect(key=key).value == ["glare"]
    assert page.session_state[OWN] is False  # keys are keys again
    page = press(page, "case-tag-all")
    assert tags.every(run) == dict.fromkeys(order, ("shortcut", "glare"))
    page = press(page, "tag.shortcut")
    assert tags.every(run)[order[1]] == ("glare",)
    page = well(page.multiselect(key=key).set_value([]).run())
    assert order[1] not in tags.every(run) and page.button(key="case-tag-all").disabled
    (home / RUN / tags.FILE).unlink()


# --- export


def test_zip_and_report_are_made_once_of_what_is_shown(home: Path) -> None:
    page = open_picture(None, answers=Answers.WRONG)
    make = {one.label: one for one in page.button}
    page = well(make[word("export.zip")].click().run())
    order = wrong(home)
    opened = runs.open_one(RUN)
    places = runs.filtered(opened, Filter(answers=Answers.WRONG))
    archive = zipfile.ZipFile(io.BytesIO(exports.find_export(exports.zip_key(opened, places, "attention"))))
    assert len([name for name in archive.namelist() if name.endswith(".png")]) == len(order)
    page = well(next(one for one in page.button if one.label == word("export.report.make")).click().run())
    html, facts = exports.find_export(exports.report_key(opened, places))
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
    _, facts = exports.export_report(opened, places, lambda *one: ticks.append(one))
    assert json.loads(facts)["chosen"][0]["tags"] == ["my own"] and ticks == [(1, 1)]
    assert b"my own" in exports.export_table(opened, places, tags.every(opened.run), "csv")
    (home / RUN / tags.FILE).unlink()


def test_tags_on_a_full_disk_get_their_own_sentence(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = open_picture(3)
    tag = next(one.key for one in page.button if (one.key or "").startswith("tag."))
    page = press(page, tag)
    before = tags.every(runs.open_one(RUN).run)
    assert before[3]

    def fail(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", fail)
    page = press(page, next(one.key for one in page.button if (one.key or "").startswith("tag.") and one.key != tag))
    assert not page.exception and not page.error
    found = [one.value for one in page.warning if "no space left on the disk" in one.value]
    assert len(found) == 1 and found[0].startswith("The tags cannot be stored in") and "scan" not in found[0].lower()
    assert tags.every(runs.open_one(RUN).run) == before
    assert not [one for one in (home / RUN).iterdir() if one.name.startswith(".")]
    monkeypatch.undo()
    (home / RUN / tags.FILE).unlink()
