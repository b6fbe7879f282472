"""What the data were read as, on the page Mistakes: the split and the columns, stated and changed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import core
from app.runtime import kept_runs
from app.runtime.mistakes import runs, scans
from app.views.mistakes.keys import MistakesKey
from app.words import word
from core.data.columns import ONE_HOT
from tests.app.mistakes.conftest import MODEL
from tests.app.mistakes.mistakes_page import folder_of_pictures, open_run
from tests.app.pages import press, shown_text, well


@pytest.fixture
def place(empty: Path) -> Path:
    """Splits of a few pictures, and a table that lists them with more columns than it needs."""
    folder_of_pictures(empty / "data" / "train")
    folder_of_pictures(empty / "data" / "valid")
    for one in ("valid/House/broken.png", "train/House/broken.png", "valid/umbrella_/4.png"):
        (empty / "data" / one).unlink()
    lines = "".join(f"{n},train\\House\\{n}.png,house,{n / 2},umbrella\n" for n in (1, 2, 3))
    (empty / "data" / "list.csv").write_text(f",filepaths,labels,score,other kind\n{lines}")
    return empty / "data"


def bring(kind: str, path: Path) -> AppTest:
    page = well(open_run()).button_group(key=MistakesKey.DATA).set_value(kind).run()
    return well(page.text_input(key=f"data-{kind}").set_value(str(path)).run())


def test_the_split_is_stated_and_another_one_can_be_chosen(place: Path) -> None:
    page = bring("folder", place)
    picker = page.selectbox(key=f"taken.split.{place}")
    assert picker.value == "valid" and picker.options == ["train", "valid", word("taken.split.all")]
    assert word("scan.start", count="5") in [one.label for one in page.button]
    page = well(picker.set_value("train").run())
    assert page.selectbox(key=f"taken.split.{place}").value == "train"
    assert word("scan.start", count="6") in [one.label for one in page.button]
    assert word("scan.start", count="11") in [
        one.label for one in well(page.selectbox(key=f"taken.split.{place}").set_value("all").run()).button
    ]
    page = well(page.selectbox(key=f"taken.split.{place}").set_value("train").run())
    page = press(page, "start-scan")
    run = runs.open_one(page.session_state[MistakesKey.RUN]).run
    assert len(run.table()) == 6 and run.facts["taken"]["split"] == "train"
    assert scans.request(run).split == "train"
    assert word("taken.stated.split", split="train") in shown_text(page)


def test_the_columns_are_stated_and_others_can_be_chosen(place: Path) -> None:
    file = place / "list.csv"
    page = bring("csv", file)
    path, label = (page.selectbox(key=f"taken.{one}.{file}") for one in ("path", "label"))
    assert (path.value, label.value) == ("filepaths", "labels")
    assert label.options == [word("taken.none"), "column 1", "filepaths", "labels", "score", "other kind"]
    page = well(label.set_value("other kind").run())
    assert page.selectbox(key=f"taken.label.{file}").value == "other kind"
    assert word("match.all", pictures="3", count="1") in shown_text(page)
    page = press(page, "start-scan")
    run = runs.open_one(page.session_state[MistakesKey.RUN]).run
    assert list(run.table()["true"]) == ["umbrella"] * 3
    assert dict(scans.request(run).columns) == {"path": "filepaths", "label": "other kind", "split": ""}
    assert word("taken.stated.columns", path="filepaths", label="other kind") in shown_text(page)
    scans.run_scan(core.load(MODEL, "cpu"), scans.request(run), lambda *_: None)  # it goes on as it is
    page = bring("csv", file)
    page = page.selectbox(key=f"taken.path.{file}").set_value("score").run()
    assert not page.exception and len(page.warning) >= 1 and "hardly any line" in page.warning[0].value
    assert page.selectbox(key=f"taken.path.{file}").value == "filepaths"


def test_a_table_with_a_column_for_each_class(place: Path) -> None:
    file = place / "hot.csv"
    file.write_text("image,house,umbrella\ntrain/House/1,1,0\ntrain/umbrella_/4,0,1\n")
    page = bring("csv", file)
    label = page.selectbox(key=f"taken.label.{file}")
    assert label.value == ONE_HOT and word("taken.one_hot") in label.options
    assert word("match.all", pictures="2", count="2") in shown_text(page)
    assert "The pictures were found with .png added to their names." in shown_text(page).replace("\\", "")
    assert word("match.unlabeled", count="2") in shown_text(well(label.set_value("").run()))


def test_what_could_not_be_otherwise_is_no_question(place: Path) -> None:
    page = bring("folder", place / "train")
    assert not [one for one in page.selectbox if str(one.key).startswith("taken.")]
    page = well(page.button_group(key=MistakesKey.DATA).set_value("scenes").run())
    assert not [one for one in page.selectbox if str(one.key).startswith("taken.")]
    assert np.isfinite(len(kept_runs.earlier()))
