"""A map over a picture, pixel by pixel, as the equations have it; and the zip and the tables that are exported."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from PIL import Image

import core
from core.images import open_image
from core.reporting.archive import described, to_csv, to_parquet, to_zip
from core.reporting.painting import COLORS, DIVERGING, paint, paint_map, palette, to_png
from core.types import InvalidInput, Picture
from tests.core.small_scans import fill

SCRIPT = (Path(__file__).parents[3] / "app" / "components" / "overlay" / "color.js").read_text()
WIDE, HIGH = 48, 32


@pytest.fixture(scope="module")
def photo() -> Picture:
    """Wider than high: the model sees columns 8 to 39."""
    return open_image(np.random.default_rng(2).integers(0, 255, (HIGH, WIDE, 3), dtype=np.uint8))


def expected(photo: Picture, values: np.ndarray, signed: bool, top: float | None = None) -> np.ndarray:
    """The picture with the map, one pixel after the other."""
    rows, columns = values.shape
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    low, high = (low, high) if top is None else (0.0, top)
    peak = max(-low, high) if top is None else top
    found = np.zeros((HIGH, WIDE, 3))
    for y in range(HIGH):
        for x in range(WIDE):
            pixel = photo.pixels[y, x].astype(float)
            if not 8 <= x < 40:
                found[y, x] = 0.38 * (gray(pixel) if signed else pixel) + 0.62 * np.array([17, 20, 32])
                continue
            value = values[y * rows // HIGH, (x - 8) * columns // HIGH]
            pixel = gray(pixel) if signed else pixel
            if not np.isfinite(value):
                found[y, x] = pixel
                continue
            if signed:
                index = int(min(max(128.5 + 127 * value / peak, 0), 255))
                share = abs(index - 128) / 127
            else:
                index = int(min(max(0.5 + 255 * (value - low) / (high - low), 0), 255))
                share = index / 255
            alpha = 0.85 * min(share, 1) ** 0.7
            found[y, x] = (1 - alpha) * pixel + alpha * palette("inferno", signed)[index]
    return found


def gray(pixel: np.ndarray) -> np.ndarray:
    return np.full(3, 56 + 0.75 * (0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2]))


@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
@pytest.mark.parametrize("top", [None, 3.0], ids=["own scale", "shared scale"])
def test_every_pixel_is_where_and_what_it_should_be(photo: Picture, signed: bool, top: float | None) -> None:
    values = np.random.default_rng(3).normal(0.5, 1, (4, 8)).astype(np.float32)
    values = values if signed else np.abs(values)
    values[1, 2] = np.nan
    painted = paint(photo, values, signed=signed, top=top, side=WIDE)
    assert painted.dtype == np.uint8 and np.abs(painted - expected(photo, values, signed, top)).max() <= 1


def test_a_zero_lets_the_picture_through_and_the_strongest_covers_it_most(photo: Picture) -> None:
    values = np.array([[0.0, 0.0], [0.0, 1.0]])
    painted = paint(photo, values, side=WIDE)
    assert np.array_equal(painted[:16, 8:40], photo.pixels[:16, 8:40])
    assert np.abs(painted[20, 30] - (0.15 * photo.pixels[20, 30] + 0.85 * palette("inferno", False)[255])).max() <= 1
    assert np.array_equal(paint(photo, None, side=WIDE)[:, 8:40], photo.pixels[:, 8:40])
    assert np.array_equal(paint(photo, np.zeros((2, 2)), side=WIDE)[:, 8:40], photo.pixels[:, 8:40])


def test_the_colors_are_those_of_the_app() -> None:
    for name in COLORS:
        table = "".join(re.findall(r'"([0-9a-f]+)"', SCRIPT.split(f"{name}: ")[1].split(",\n")[0]))
        assert palette(name, False).astype(int).ravel().tolist() == list(bytes.fromhex(table))
    assert re.findall(r"[0-9a-f]{6}", SCRIPT.split("const DIVERGING = ")[1].split(";")[0]) == list(DIVERGING)
    signed = palette("inferno", True)
    assert signed[128].tolist() == [0xF7] * 3 and signed[1].tolist() == [0x3F, 0x1D, 0x73]
    assert signed[255].tolist() == [0xA3, 0x4A, 0x04]


def test_a_picture_is_brought_to_a_size_and_its_map_stays_on_its_place(photo: Picture) -> None:
    values = np.zeros((4, 4))
    values[0, 3] = 1  # the upper right of the square: columns 32 to 39 of 48, rows 0 to 7 of 32
    before, after = (paint(photo, one, side=480).astype(int) for one in (np.zeros((4, 4)), values))
    assert after.shape == (320, 480, 3)
    changed = np.argwhere((before != after).any(2))
    assert changed.min(0).tolist() == [0, 320] and changed.max(0).tolist() == [79, 399]


def test_a_map_by_itself_is_its_colors_cell_by_cell() -> None:
    values = np.array([[0.0, 1.0, 2.0], [4.0, 3.0, 1.0]])
    painted = paint_map(values, side=30)
    assert painted.shape == (20, 30, 3)
    for (row, column), value in np.ndenumerate(values):
        index = int(0.5 + 255 * value / 4)
        assert painted[10 * row + 5, 10 * column + 5].tolist() == palette("inferno", False)[index].tolist()


def test_colors_that_there_are_not_are_refused(photo: Picture) -> None:
    with pytest.raises(InvalidInput, match="jet"):
        paint(photo, np.ones((2, 2)), colors="jet")


# --- what is exported


@pytest.fixture(scope="module")
def run(tiny: Callable, tmp_path_factory: pytest.TempPathFactory) -> core.Run:
    root = tmp_path_factory.mktemp("archive")
    core.scan(tiny("cbam"), fill(root / "data", each=3), root / "run")
    return core.open_run(root / "run")


def test_the_tables_come_back_as_they_were(run: core.Run) -> None:
    table, tags = run.table().iloc[[4, 2, 7]], {2: ("shortcut", "a; b"), 7: ()}
    for rows in (table, table.astype({"true": "category", "predicted": "category"})):
        back = pq.read_table(io.BytesIO(to_parquet(rows, tags)))
        assert [one["tags"] for one in back.to_pylist()] == [[], ["shortcut", "a; b"], []]
        expected = table.reset_index(drop=True)
        found = back.to_pandas(types_mapper={back.schema.field("correct").type: pd.BooleanDtype()}.get)
        pd.testing.assert_frame_equal(found.drop(columns="tags"), expected)
        text = pd.read_csv(io.BytesIO(to_csv(rows, tags)), keep_default_na=False)
        assert text["number"].tolist() == [4, 2, 7] and text["tags"].tolist() == ["", "shortcut; a; b", ""]
        assert text["confidence"].tolist() == pytest.approx(table["confidence"].tolist())


def test_an_exported_table_holds_every_probability_and_the_settings(run: core.Run, tiny: Callable) -> None:
    rows, classifier = run.table().iloc[[4, 2, 7]], tiny("cbam")
    whole = described(run, rows)
    for back in (
        pd.read_csv(io.BytesIO(to_csv(whole, {}))),
        pq.read_table(io.BytesIO(to_parquet(whole, {}))).to_pandas(),
    ):
        shares = back[[f"probability: {name}" for name in classifier.card.classes]].to_numpy()
        for number, found in zip((4, 2, 7), shares, strict=True):
            assert found == pytest.approx(core.read(classifier, run.picture(number)).probabilities, abs=1e-5)
        assert set(back["model"]) == {classifier.card.slug} and set(back["weights"]) == {run.facts["weights"]}
        assert set(back["size"].astype(str)) == {"64"} and back["number"].tolist() == [4, 2, 7]


def test_of_many_classes_the_most_likely_are_exported(run: core.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, keeps = run.table().iloc[[3]], core.Run.keeps
    monkeypatch.setattr(core.Run, "keeps", lambda self, name: name != "answers" and keeps(self, name))
    back = pd.read_csv(io.BytesIO(to_csv(described(run, rows), {})))
    assert back["class 1"][0] == rows["predicted"].iloc[0]
    assert back["probability 1"][0] == pytest.approx(rows["confidence"].iloc[0])
    assert back["probability 5"][0] <= back["probability 2"][0] and "class 6" not in back


def test_the_zip_holds_each_picture_with_its_map_in_that_order(run: core.Run) -> None:
    table, told = run.table(), []
    data = to_zip(run, [7, 0], ("attention", "cam"), lambda *one: told.append(one))
    archive = zipfile.ZipFile(io.BytesIO(data))
    names = [f"{row.true}-{row.predicted}" if row.true != row.predicted else row.true for row in
             (table.iloc[7], table.iloc[0])]  # fmt: skip
    files = [f"{n}-{one}-{map_}.png" for n, one in enumerate(names, 1) for map_ in ("attention", "cam")]
    assert archive.namelist() == [*files, "index.csv"]
    index = pd.read_csv(io.BytesIO(archive.read("index.csv")))
    assert index["file"].tolist() == files and index["number"].tolist() == [7, 7, 0, 0]
    assert index["path"].tolist() == [table["path"][n] for n in (7, 7, 0, 0)]
    assert told == [(1, 2), (2, 2)] and archive.testzip() is None
    drawn = np.asarray(Image.open(io.BytesIO(archive.read(archive.namelist()[1]))))
    assert np.array_equal(drawn, paint(run.picture(7), run.array("cam")[7]))
    with Image.open(io.BytesIO(to_png(drawn))) as picture:
        assert picture.format == "PNG"


def test_a_picture_that_is_gone_is_named_in_the_zip(tiny: Callable, tmp_path: Path) -> None:
    data = fill(tmp_path / "data", each=2)
    core.scan(tiny("plain"), data, tmp_path / "run")
    (data / "ash" / "01.png").unlink()
    run = core.open_run(tmp_path / "run")
    archive = zipfile.ZipFile(io.BytesIO(to_zip(run, [0, 1], ("cam",))))
    assert len(archive.namelist()) == 3 and len(archive.read("index.csv").splitlines()) == 2
    assert archive.read("missing.txt").decode().startswith("1: ")
    with pytest.raises(InvalidInput, match="attention"):  # a model without any has no such map
        to_zip(run, [0])
