"""The page Mistakes: choosing data, a scan that stops and goes on, and the list of earlier runs."""

from __future__ import annotations

import io
import shutil
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import core
from app import state
from app.runtime import kept_runs
from app.runtime.mistakes import runs, scans, zips
from app.runtime.mistakes.scans import Request
from app.state import Key
from app.views.mistakes import data, labels, overview, selection
from app.views.mistakes import runs as earlier
from app.views.mistakes.keys import MistakesKey
from app.views.mistakes.runs import FOLDER
from app.views.mistakes.titles import short_title
from app.words import literal, word
from core.data import sample_truth
from core.data.pictures import open_collection
from core.tasks import TASKS, task
from core.types import InvalidInput, Stopped
from tests.app.mistakes.conftest import MODEL
from tests.app.mistakes.mistakes_page import PLAIN, RUN, control, folder_of_pictures, html, open_run
from tests.app.pages import press, shown_text, well


def choose(page: AppTest, source: str) -> AppTest:
    return page.button_group(key=MistakesKey.DATA).set_value(source).run()


def test_a_scan_of_scenes_is_opened_and_found_again(empty: Path) -> None:
    page = well(open_run())
    assert word("runs.where", folder=kept_runs.folder()) in shown_text(page)
    page = well(page.number_input(key="scenes-count").set_value(20).run())
    assert word("match.all", pictures="20", count="10") in shown_text(page)
    page = press(page, "start-scan")
    name = page.session_state[MistakesKey.RUN]
    opened = runs.open_one(name)
    assert len(opened.table) == 20 and opened.run.finished
    assert page.query_params["run"] == name and page.query_params["model"] == MODEL
    assert word("overview.so_far") not in shown_text(page)
    page = press(page, "runs-back")
    assert "run" not in page.query_params and len(page.dataframe[-1].value) == 1
    page = press(page, "start-scan")  # the same again: nothing is left to do, and there is no second run
    assert page.session_state[MistakesKey.RUN] == name and len(kept_runs.earlier()) == 1


def test_the_pictures_of_a_task_are_scanned_by_name(empty: Path) -> None:
    """A model of scenes knows the kinds of objects, so most of the answers are classes of its own."""
    page = choose(well(open_run()), data.TASK)
    chosen = page.selectbox(key=MistakesKey.TASK)
    assert chosen.options == [one.title for one in TASKS]
    page = well(chosen.set_value("tasks-same-row").run())
    assert literal(task("tasks-same-row").question) in shown_text(page)
    page = press(well(page.number_input(key="scenes-count").set_value(12).run()), "start-scan")
    opened = runs.open_one(page.session_state[MistakesKey.RUN])
    assert len(opened.table) == 12 and all(runs.thumbnails(opened, range(12)))
    for path, answer in zip(opened.table["path"], opened.table["true"], strict=True):
        assert path.startswith("tasks-same-row/") and answer == sample_truth(path)
    assert word("runs.on", data=word("runs.task", task="Same row", seed=2), count="12") in shown_text(page)


def test_stopping_keeps_what_is_scanned_and_going_on_gives_the_unbroken_table(empty: Path) -> None:
    model, told = core.load(MODEL, "cpu"), []
    asked = Request(MODEL, "stopped", "scenes", 5, 120, ())

    def tick(done: int, total: int) -> None:
        told.append((done, total))
        if done:
            scans.stop("stopped")

    with pytest.raises(Stopped):
        scans.run_scan(model, asked, tick)
    run = core.open_run(kept_runs.folder() / "stopped")
    assert 0 < run.scanned < 120 and told[-1][1] == 120
    page = well(open_run(run="stopped"))
    assert word("scan.unfinished", left=str(120 - run.scanned), total="120") in shown_text(page)
    assert overview.so_far(runs.open_one("stopped")) in shown_text(page)
    page = press(page, "go-on")
    assert not [one for one in page.button if one.key == "go-on"]
    found = runs.open_one("stopped").table
    whole = core.scan(model, "scenes", seed=5, pictures=120)
    assert list(found["number"]) == list(range(120))
    for name in ("path", "true", "predicted", "sha256"):
        assert list(found[name]) == list(whole[name])
    assert np.array_equal(found["confidence"], whole["confidence"])


def test_what_an_accuracy_holds_for_is_stated_as_long_as_classes_are_missing(home: Path) -> None:
    opened = runs.open_one(RUN)
    assert overview.so_far(opened) == ""
    facts = {**opened.run.facts, "pictures": 900}
    few = replace(opened, run=replace(opened.run, facts=facts), table=opened.table[opened.table["true"] == "car"])
    assert overview.so_far(few) == word("overview.seen", seen=1, classes=10)
    assert overview.so_far(replace(few, table=opened.table)) == word("overview.so_far")


def test_leaving_ends_a_scan_soon_and_coming_back_joins_it(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    going = scans.Models(0, grace=0.2)
    monkeypatch.setattr(scans, "_going", lambda: going)
    model, asked = core.load(MODEL, "cpu"), Request(MODEL, "left", "scenes", 6, 4000, ())

    class Left(Exception):
        pass

    def leave(done: int, total: int) -> None:
        if done:
            raise Left

    with pytest.raises(Left):
        scans.run_scan(model, asked, leave)
    end = time.monotonic() + 20
    while going._on_their_way and time.monotonic() < end:
        time.sleep(0.05)
    assert not going._on_their_way
    time.sleep(0.5)  # the last batch is written
    assert 0 < core.open_run(kept_runs.folder() / "left").scanned < 4000


def test_a_folder_with_labels_that_do_not_match_and_a_broken_picture(empty: Path) -> None:
    place = folder_of_pictures(empty / "data")
    page = choose(well(open_run()), data.FOLDER)
    page = page.text_input(key="data-folder").set_value(str(empty / "nowhere")).run()
    assert [one.value for one in page.error] == [word("data.folder.none", path=empty / "nowhere")]
    page = well(page.text_input(key="data-folder").set_value(str(place)).run())
    lost = word("match.some", lost=1, count="3", pictures="2", total="7", labels="teapot")
    assert lost in shown_text(page)
    page = press(page, "start-scan")
    opened = runs.open_one(page.session_state[MistakesKey.RUN])
    assert len(opened.table) == 6 and opened.table["true"].notna().sum() == 4
    assert list(runs.broken(opened)["path"]) == ["House/broken.png"] and runs.unmatched(opened) == {"teapot": 2}
    assert word("overview.without", count="2") in shown_text(page)
    assert word("unmatched.labels", labels="teapot (2)") in shown_text(page)
    told = word("runs.broken", sentence=word("runs.on", data=f"{empty.name}/data", count="6"), broken="1")
    assert told in shown_text(page)
    listed = press(page, "runs-back").dataframe[-1].value
    assert list(listed["pictures"]) == [word("runs.broken", sentence="6", broken="1")]


def test_of_a_run_in_which_nothing_could_be_read_nothing_else_is_stated(empty: Path) -> None:
    (empty / "data" / "house").mkdir(parents=True)
    for number in range(3):
        (empty / "data" / "house" / f"{number}.png").write_bytes(b"no pixels")
    core.scan(core.load(MODEL, "cpu"), empty / "data", kept_runs.folder() / "dark")
    page = well(open_run(run="dark"))
    assert f"(+3 unreadable) · {word('overview.nothing')}" in shown_text(page)
    assert list(page.dataframe[0].value["path"]) == [f"house/{number}.png" for number in range(3)]
    for name in ("overview.unlabeled", "gallery.empty", "scatter.none", "maps.none"):
        assert word(name) not in shown_text(page)
    assert page.button(key="runs-back")


def test_a_mapping_is_what_differs_from_the_names(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = open_collection(folder_of_pictures(empty / "data"))
    edited = {"teapot": "boat", "House": None, "umbrella_": "umbrella"}

    def editor(rows: list[dict], **_: object) -> list[dict]:
        assert [one["label"] for one in rows] == ["teapot", "House", "umbrella_"]  # what does not match comes first
        assert [one["class"] for one in rows] == [None, "house", "umbrella"]
        return [{"label": one["label"], "class": edited[one["label"]]} for one in rows]

    monkeypatch.setattr(st, "data_editor", editor)
    mapping = labels.match_labels(core.load(MODEL, "cpu"), found)
    assert mapping == {"teapot": "boat", "House": ""}
    facts = core.scanning.start.run_facts(core.load(MODEL, "cpu"), found, mapping, True)
    assert facts["unmatched"] == ["House"] and facts["labels"]["teapot"] == 1


def zipped(*files: tuple[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files:
            archive.writestr(name, content)
    return packed.getvalue()


def test_a_zip_is_kept_scanned_and_its_pictures_are_seen(empty: Path) -> None:
    place = folder_of_pictures(empty / "data")
    good = zipped(*((str(one.relative_to(place)), one.read_bytes()) for one in sorted(place.rglob("*.png"))))
    page = choose(well(open_run()), data.ZIP)

    def upload(content: bytes) -> AppTest:
        uploader = next(one for one in page.file_uploader if MistakesKey.ZIP_UPLOADER in one.key)
        return uploader.set_value([("my pictures.zip", content, "application/zip")]).run()

    page = upload(b"PK and nothing more")
    assert len(page.error) == 1 and page.error[0].value.startswith("my pictures.zip cannot be read as a zip")
    page = upload(zipped(("notes.txt", b"no picture")))
    assert len(page.error) == 1 and str(kept_runs.folder()) not in page.error[0].value
    assert not list(zips.folder().iterdir())
    page = well(upload(good))
    assert word("data.zip.kept", name="my-pictures.zip") in shown_text(page)
    page = press(page, "start-scan")
    opened = runs.open_one(page.session_state[MistakesKey.RUN])
    assert len(opened.table) == 6 and all(runs.thumbnails(opened, range(6)))
    page = press(page, "remove-run")  # and its zip with it
    assert not kept_runs.earlier() and not list(zips.folder().iterdir())
    assert MistakesKey.RUN not in page.query_params


def test_a_csv_with_pictures_without_labels(empty: Path) -> None:
    place = folder_of_pictures(empty / "data")
    (place / "list.csv").write_text("path,label\nHouse/1.png,house\nHouse/2.png,\nteapot/5.png,\n")
    page = choose(well(open_run()), data.CSV)
    page = well(page.text_input(key="data-csv").set_value(str(place / "list.csv")).run())
    assert word("match.without", count="2") in shown_text(page)
    (place / "list.csv").write_text("path\nHouse/1.png\nHouse/2.png\n")
    scans.collection.clear()
    page = press(page.run(), "start-scan")
    assert word("overview.unlabeled") in shown_text(page)  # and there is neither matrix nor calibration
    groups = [one.key for one in page.button_group]
    assert MistakesKey.SUMMARY not in groups and control(page, "answers") not in groups
    assert not [one for one in page.selectbox if one.key == control(page, "true")]
    order = page.radio(key=control(page, "sort"))
    assert order.options == [word("sort.unsure"), word("sort.disagreement"), word("sort.listed")]
    assert word("scatter.legend", wrong="0") not in shown_text(page)
    page.session_state[MistakesKey.NUMBER] = 0
    page = well(page.run())
    assert "<span>no true class</span>" in html(page) and word("case.nearest") not in shown_text(page)


def test_a_run_that_is_opened_from_the_list_brings_its_model(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "session_state", {Key.MODEL: MODEL, Key.MAP: "stage4.attention"})
    earlier.show_run(PLAIN)
    assert state.get(Key.MODEL) == "scenes-tag/plain" and selection.run_name() == PLAIN
    earlier.show_run("nothing")
    assert selection.run_name() == PLAIN and len(state.get(Key.NOTICES)) == 1


def test_a_run_that_lies_elsewhere_is_opened_by_its_folder(empty: Path, scanned: Path) -> None:
    page, place = well(open_run(model="scenes-tag/plain")), str(scanned / RUN)
    page = well(page.text_input(key=FOLDER).set_value(f' "{place}" ').run())
    assert page.query_params[MistakesKey.RUN] == place and page.query_params[Key.MODEL] == MODEL
    assert word("gallery.count", count="64") in shown_text(page)
    assert word("gallery.count", count="64") in shown_text(well(open_run(run=place)))  # its address travels
    assert scans.request(runs.open_one(place).run).name == place  # and it would go on there
    assert not [one for one in page.button if one.key == "remove-run"]  # what is not the app's own stays
    with pytest.raises(InvalidInput, match="by hand"):
        scans.remove(runs.open_one(place).run)
    assert (scanned / RUN / "run.json").is_file()


def test_removing_a_run_leaves_the_others(empty: Path, scanned: Path) -> None:
    for name in (RUN, PLAIN):
        shutil.copytree(scanned / name, kept_runs.folder() / name)
    page = well(open_run(run=RUN))
    assert word("runs.remove.sure", folder=kept_runs.folder() / RUN) in shown_text(page)
    page = press(page, "remove-run")
    assert [run.folder.name for run in kept_runs.earlier()] == [PLAIN] and word("scan.new") in shown_text(page)


def test_earlier_runs_are_listed_with_their_accuracy(home: Path) -> None:
    page = well(open_run())
    table = page.dataframe[-1].value
    assert list(table["model"]) == [short_title(run) for run in kept_runs.earlier()]
    assert sorted(table["pictures"]) == ["64", "64"] and list(table["data"]) == [word("runs.scenes-tag", seed=2)] * 2
    for run, right in zip(kept_runs.earlier(), table["right"], strict=True):
        lines = run.table()
        assert right == pytest.approx(100 * np.mean(lines["true"] == lines["predicted"]))


@pytest.mark.parametrize("name", ["nothing", "..", "../runs", "zips"])
def test_an_address_with_a_run_that_is_not_there_costs_one_sentence(home: Path, name: str) -> None:
    page = well(open_run(run=name))
    assert [one.value for one in page.warning] == [f"There is no run {name!r}. Choose one from the list."]
    assert "run" not in page.query_params
    assert word("scan.new") in shown_text(page)
