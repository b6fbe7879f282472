"""An open run on the page Mistakes: matrix, classes, calibration, and every control of the gallery."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

import core
from app.figures import confusion_cells, reliability
from app.runtime import kept_runs
from app.runtime.mistakes import runs
from app.runtime.mistakes.filters import Answers, Filter, Sort
from app.views.mistakes import overview, selection
from app.views.mistakes.keys import MistakesKey
from app.words import percent, word
from tests.app.mistakes.conftest import COUNT, MODEL
from tests.app.mistakes.mistakes_page import control, folder_of_pictures, open_run
from tests.app.pages import press, shown_text, well


def test_the_head_says_what_the_table_says(home: Path) -> None:
    text, table = shown_text(well(open_run(run="scenes-tag-cbam"))), core.open_run(home / "scenes-tag-cbam").table()
    right = int((table["true"] == table["predicted"]).sum())
    low, high = core.evaluation.summary.wilson(right, COUNT).low, core.evaluation.summary.wilson(right, COUNT).high
    told = {"share": percent(right / COUNT), "low": percent(low), "high": percent(high)}
    assert word("overview.accuracy", **told) in text and word("overview.mistakes", count=COUNT - right) in text
    assert word("gallery.count", count=COUNT) in text


@pytest.mark.parametrize("view", [overview.MATRIX, overview.CLASSES, overview.CALIBRATION])
def test_each_view_of_the_run_is_drawn(home: Path, view: str) -> None:
    page = well(open_run(run="scenes-tag-cbam"))
    page = well(page.button_group(key=MistakesKey.SUMMARY).set_value(view).run())
    table = core.open_run(home / "scenes-tag-cbam").table()
    if view == overview.CLASSES:
        shown = next(one.value for one in page.dataframe if "precision" in one.value).set_index("class")
        for name, rows in table.groupby("true"):
            assert shown["right"][name] == pytest.approx(100 * (rows["predicted"] == name).mean())
            assert shown["pictures"][name] == len(rows)
    elif view == overview.CALIBRATION:
        confidence, right = table["confidence"].to_numpy(np.float64), (table["true"] == table["predicted"]).to_numpy()
        bins = np.ceil(confidence * 10)  # one by one: (low, high], as the equation has it
        error = sum(
            abs(right[bins == one].mean() - confidence[bins == one].mean()) * (bins == one).mean() for one in set(bins)
        )
        assert word("overview.ece", error=percent(error), bins=10) in shown_text(page)
    else:
        assert word("overview.matrix.help") in shown_text(page)


def test_too_many_classes_for_a_matrix_are_listed_as_pairs(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overview, "LARGEST", 3)
    page = well(open_run(run="scenes-tag-cbam"))
    table = core.open_run(home / "scenes-tag-cbam").table()
    wrong = table[table["true"] != table["predicted"]]
    pairs = wrong.groupby(["true", "predicted"]).size()
    shown = next(one.value for one in page.dataframe if "predicted" in one.value)
    assert len(shown) == len(pairs) and shown["count"].sum() == len(wrong)
    assert all(pairs[line["true"], line["predicted"]] == line["count"] for _, line in shown.iterrows())
    assert shown["count"].is_monotonic_decreasing


def test_a_cell_of_the_matrix_is_where_its_marker_is() -> None:
    counts = np.array([[5, 1, 0], [0, 2000, 3], [7, 0, 12_345]])
    figure = confusion_cells(counts, ["a", "b", "c"], "{true} as {predicted}: {count}", 2, 0)
    markers = next(one for one in figure.data if one.type == "scatter" and one.mode == "markers")
    for index, (row, column) in enumerate(np.ndindex(3, 3)):
        assert (markers.y[index], markers.x[index]) == (row, column)
        assert markers.text[index] == f"{'abc'[row]} as {'abc'[column]}: {counts[row, column]:,}"
    (outline,) = figure.layout.shapes
    assert (outline.x0, outline.x1, outline.y0, outline.y1) == (-0.5, 0.5, 1.5, 2.5)
    texts = [one for one in figure.data if one.type == "scatter" and one.mode == "text"]
    written = {(x, y): text for one in texts for x, y, text in zip(one.x, one.y, one.text, strict=True)}
    assert written == {(0, 0): "5", (1, 0): "1", (1, 1): "2.0k", (2, 1): "3", (0, 2): "7", (2, 2): "12k"}
    row = confusion_cells(counts, ["a", "b", "c"], "", 1, None).layout.shapes[0]
    assert (row.x0, row.x1, row.y0, row.y1) == (-0.5, 2.5, 0.5, 1.5)


def test_a_bar_of_the_calibration_stands_where_its_confidence_is() -> None:
    told = "{low} to {high}: {share} of {count}"
    edges, share, counts = np.array([0, 0.5, 1]), np.array([np.nan, 0.75]), np.array([0, 8])
    figure = reliability(edges, share, counts, "confidence", "right", told)
    (bars,) = (one for one in figure.data if one.type == "bar")
    assert list(bars.x) == [0.25, 0.75] and bars.y[1] == 0.75 and np.isnan(bars.y[0])
    assert bars.text[1] == "50 to 100: 75.0\u00a0% of 8" and bars.marker.opacity[1] == 1


def test_every_control_changes_the_one_filter(home: Path) -> None:
    page = well(open_run(run="scenes-tag-cbam"))
    table = core.open_run(home / "scenes-tag-cbam").table()

    def count(page: AppTest, kept: pd.Series) -> None:
        left = int(kept.sum())
        assert word("gallery.one" if left == 1 else "gallery.count", count=left) in shown_text(well(page))

    right = table["correct"].astype(bool)
    page = page.button_group(key=control(page, "answers")).set_value(Answers.WRONG).run()
    count(page, ~right)
    page = page.selectbox(key=control(page, "predicted")).set_value("boat").run()
    count(page, ~right & (table["predicted"] == "boat"))
    page = page.selectbox(key=control(page, "true")).set_value("car").run()
    count(page, ~right & (table["predicted"] == "boat") & (table["true"] == "car"))
    assert page.session_state[MistakesKey.FILTER] == Filter(true="car", predicted="boat", answers=Answers.WRONG)
    page = press(page, "chip.clear")
    page = page.slider(key=control(page, "confidence")).set_value((50.0, 100.0)).run()
    count(page, table["confidence"] >= 0.5)
    page = page.slider(key=control(page, "agreement")).set_value((-1.0, 0.4)).run()
    count(page, (table["confidence"] >= 0.5) & (table["agreement"] <= 0.4))
    page = press(page, "chip.clear")
    assert page.slider(key=control(page, "confidence")).value == (0.0, 100.0)
    page = page.radio(key=control(page, "sort")).set_value(Sort.LOSS).run()
    assert page.session_state[MistakesKey.FILTER] == Filter(sort=Sort.LOSS)
    page = page.selectbox(key=control(page, "true")).set_value("car").run()
    page = page.selectbox(key=control(page, "predicted")).set_value("umbrella").run()
    assert word("gallery.empty") in shown_text(well(page))


def test_pages_follow_the_filter_and_the_opened_picture(home: Path) -> None:
    page = well(open_run(run="scenes-tag-cbam"))
    order = runs.filtered(runs.open_one("scenes-tag-cbam"), Filter())
    page.session_state[MistakesKey.NUMBER] = int(order[60])  # opened elsewhere: it is on the third page
    page = well(page.run())
    assert page.session_state[MistakesKey.SHEET] == 3
    page = well(page.button_group(key=control(page, "answers")).set_value(Answers.RIGHT).run())
    assert page.session_state[MistakesKey.SHEET] == 1


def test_what_a_removed_control_selected_no_longer_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "session_state", {})
    control, pages = selection.control_key("true"), selection.page_key()
    st.session_state |= {control: "boat", pages: 3}
    selection.controlled("true", control)
    assert selection.current().true == "boat" and selection.control_key("true") == control
    pages = selection.page_key()
    st.session_state[pages] = 3
    selection.turned(pages)
    assert selection.page() == 3 and selection.page_key() == pages
    selection.select_all()
    selection.controlled("true", control)
    selection.turned(pages)
    assert not selection.current().narrow and selection.page() == 1


def test_a_cell_that_is_clicked_twice_is_deselected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "session_state", {})
    overview.choose_cell("car", "boat")
    assert selection.current() == Filter(true="car", predicted="boat")
    overview.choose_cell("car", "tree")
    overview.choose_cell("car", "tree")
    assert selection.current() == Filter()


def test_a_gone_picture_leaves_its_place_in_the_gallery(empty: Path) -> None:
    place = folder_of_pictures(empty / "data")
    core.scan(core.load(MODEL, "cpu"), place, kept_runs.folder() / "one")
    (place / "House" / "2.png").unlink()
    Image.fromarray(np.zeros((9, 9, 3), np.uint8)).save(place / "House" / "3.png")  # another picture now
    opened = runs.open_one("one")
    tiles = dict(zip(opened.table["path"], runs.thumbnails(opened, range(6)), strict=True))
    assert [path for path, jpeg in tiles.items() if jpeg is None] == ["House/2.png", "House/3.png"]
    well(open_run(run="one"))
