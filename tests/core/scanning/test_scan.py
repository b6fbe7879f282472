"""Scans: the rows are what ``read``, ``attribute`` and ``agreement`` say of each picture alone, and what goes wrong."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import core
from core.scanning.inference import SIDE, agreements, infer, small
from core.types import InvalidInput, Stopped
from tests.conftest import CLASSES
from tests.core.small_models import small as make_small
from tests.core.small_scans import assert_same, draw, fill

SENTENCE = r"^[^\n]+\.$"


def test_each_row_is_what_the_model_says_of_the_picture_alone(classifier: core.Classifier, tmp_path: Path) -> None:
    data = fill(tmp_path / "data", each=5)
    table = core.scan(classifier, data, tmp_path / "run")
    run, last = core.open_run(tmp_path / "run"), list(classifier.stages)[-1]
    assert list(table["path"]) == [f"{name}/{n:02}.png" for name in CLASSES[:4] for n in range(5)]
    for place in (0, 7, 19):
        row, picture = table.iloc[place], core.open_image(data / table["path"][place])
        reading = core.read(classifier, picture)
        truth = CLASSES.index(row["true"])
        assert row["label"] == row["true"] == row["path"].split("/")[0] and row["sha256"] == picture.sha256
        assert row["predicted"] == CLASSES[reading.predicted] and row["correct"] == (reading.predicted == truth)
        assert row["confidence"] == pytest.approx(reading.probabilities.max(), rel=1e-4)
        assert row["loss"] == pytest.approx(-np.log(reading.probabilities[truth]), rel=1e-3, abs=1e-4)
        best = np.argsort(-reading.probabilities)[:5]
        assert list(run.array("top")[place]) == list(best)
        assert np.allclose(run.array("probabilities")[place], reading.probabilities[best], rtol=1e-3, atol=1e-5)
        cam = core.attribute(classifier, picture, "grad-cam", stage=last).values
        assert np.allclose(run.array("cam")[place], cam / max(cam.max(), 1e-30), atol=2e-3)
        places = [one for one in reading.maps if one.kind != core.Kind.CHANNEL]
        if not places:
            assert pd.isna(row["agreement"]) and not run.keeps("attention")
            continue
        map_ = core.to_grid(places[-1])
        kept = run.array("attention")[place]
        assert np.allclose(kept, small(map_[None])[0], rtol=2e-3, atol=1e-5) and kept.shape <= (SIDE, SIDE)
        expected = core.agreement(map_, cam).rank_correlation.value if np.ptp(map_) and np.ptp(cam) else np.nan
        # A batch rounds otherwise: two ranks may swap.
        assert row["agreement"] == pytest.approx(expected, abs=5e-3, nan_ok=True)


@pytest.mark.parametrize("family", ["resnet", "vit", "swin", "densenet"])
def test_torchvisions_models_are_scanned_too(family: str, data: Path, tmp_path: Path) -> None:
    module, size = make_small(family)
    classifier = core.adopt(module, core.ModelCard(f"made/{family}", "", "plain", CLASSES, size=size), "cpu")
    table = core.scan(classifier, data, tmp_path / "run")
    run = core.open_run(tmp_path / "run")
    assert len(table) == 36 and run.keeps("attention") == (family in ("vit", "swin")) and run.keeps("cam")
    assert table["agreement"].notna().any() == run.keeps("attention") and run.array("features").shape[1] <= 256
    blank = run.array("cam").max((1, 2)) == 0  # where all the evidence is against the answer
    assert table["agreement"][blank].isna().all()
    assert (table["agreement"].notna()[~blank] == run.keeps("attention")).all()


def test_without_agreement_the_rest_is_the_same(tiny: Callable, data: Path, tmp_path: Path) -> None:
    with_it = core.scan(tiny("cbam"), data, tmp_path / "with")
    without = core.scan(tiny("cbam"), data, tmp_path / "without", agreement=False)
    run = core.open_run(tmp_path / "without")
    assert without["agreement"].isna().all() and not run.keeps("cam") and run.keeps("attention")
    pd.testing.assert_frame_equal(with_it.drop(columns="agreement"), without.drop(columns="agreement"), rtol=1e-5)
    with pytest.raises(InvalidInput, match=r"stores no cam.+\.$"):
        run.array("cam")
    with pytest.raises(InvalidInput, match=r"no array 'maps'.+\.$"):
        run.array("maps")
    with pytest.raises(InvalidInput, match=r"another setting for agreement.+\.$"):
        core.scan(tiny("cbam"), data, tmp_path / "without")


def test_agreement_is_that_of_the_two_maps_it_saw(tiny: Callable) -> None:
    squares = np.random.default_rng(0).integers(0, 255, (6, 64, 64, 3), dtype=np.uint8)
    for slug in ("cbam", "self-attention", "transformer", "recurrent"):
        seen = infer(tiny(slug), squares, np.full(6, -1))
        pairs = list(zip(seen.attention, seen.cam, strict=True))
        expected = [core.agreement(a, b).rank_correlation.value if np.ptp(b) else np.nan for a, b in pairs]
        assert np.allclose(seen.agreement, expected, atol=1e-9, equal_nan=True) and np.isnan(seen.losses).all()


def test_a_map_that_is_the_same_everywhere_agrees_with_nothing() -> None:
    maps = np.random.default_rng(0).random((3, 4, 4))
    maps[1] = 0.25
    found = agreements(maps, maps[[0, 1, 2]] + np.array([0, 0, 1])[:, None, None])
    assert found[0] == pytest.approx(1) and np.isnan(found[1]) and found[2] == pytest.approx(1)
    assert np.isnan(agreements(maps[:1], np.zeros((1, 8, 8)))[0])


def test_a_picture_without_a_class_counts_in_no_accuracy(tiny: Callable, data: Path, tmp_path: Path) -> None:
    draw(data / "alone.png", 1)
    fill(data, 2, ("unheard of",))
    table = core.scan(tiny("cbam"), data, tmp_path / "run", mapping={"elm": None})
    run = core.open_run(tmp_path / "run")
    own = table.set_index("path")
    assert own.loc["alone.png", ["label", "true", "correct", "loss"]].isna().all()
    assert own.loc["unheard of/00.png", "label"] == "unheard of" and pd.isna(own.loc["unheard of/00.png", "true"])
    assert run.unmatched() == {"elm": 9, "unheard of": 2} and table["correct"].notna().sum() == 27
    assert set(table["true"].dropna()) == {"ash", "birch", "cedar"}
    assert table["correct"].mean() == (table["true"] == table["predicted"])[table["true"].notna()].mean()


def test_broken_pictures_are_listed_and_do_not_stop_it(tiny: Callable, data: Path, tmp_path: Path) -> None:
    (data / "ash" / "03.png").write_bytes(b"no picture")
    (data / "elm" / "00.jpg").write_bytes((data / "elm" / "00.png").read_bytes()[:200])
    (data / "birch" / "04.gif").write_bytes(b"GIF89a")
    table = core.scan(tiny("cbam"), data, tmp_path / "run")
    run = core.open_run(tmp_path / "run")
    assert run.finished and len(table) == 35 and "ash/03.png" not in set(table["path"])
    broken = run.broken()
    assert list(broken["path"]) == ["ash/03.png", "birch/04.gif", "elm/00.jpg"]
    assert broken["reason"].str.fullmatch(r"[^\n]+\.").all() and broken["reason"].str.contains("not a JPEG").sum() == 2
    with pytest.raises(InvalidInput, match="no prediction for picture 3"):
        run.picture(3)
    draw(data / "ash" / "03.png", 5)  # mended: scanning again takes it
    assert len(core.scan(tiny("cbam"), data, tmp_path / "run")) == 36 and len(run.broken()) == 2
    for path in data.glob("*/*"):
        path.write_bytes(b"")
    assert core.scan(tiny("cbam"), data, tmp_path / "run").empty and len(run.broken()) == 38 and run.finished


def test_stopped_it_keeps_what_was_scanned_and_goes_on(tiny: Callable, data: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []

    def stop(done: int, total: int) -> None:
        seen.append((done, total))
        if done:
            raise Stopped

    with pytest.raises(Stopped):
        core.scan(tiny("cbam"), data, tmp_path / "run", progress=stop)
    run = core.open_run(tmp_path / "run")
    assert seen == [(0, 36), (16, 36)] and run.scanned == 16 == len(run.table()) and not run.finished
    seen.clear()
    core.scan(tiny("cbam"), data, tmp_path / "run", progress=lambda *counts: seen.append(counts))
    assert seen == [(16, 36), (32, 36), (36, 36)]
    core.scan(tiny("cbam"), data, tmp_path / "whole")
    assert_same(run, core.open_run(tmp_path / "whole"))
    assert core.scan(tiny("cbam"), data, tmp_path / "run").equals(run.table())  # nothing is left to do


def test_a_full_disk_is_one_sentence(
    tiny: Callable, data: Path, tmp_path: Path, often: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = []

    def fsync(file: int) -> None:
        written.append(file)
        if len(written) > 2:  # run.json and the first part
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("core.files.os.fsync", fsync)
    with pytest.raises(InvalidInput, match=r"cannot be written: no space left on the disk. What was scanned.+\.$"):
        core.scan(tiny("cbam"), data, tmp_path / "run")
    monkeypatch.undo()
    run = core.open_run(tmp_path / "run")
    assert run.scanned == 16 and sorted(one.name for one in run.folder.iterdir())[1:] == ["run.json"]
    core.scan(tiny("cbam"), data, tmp_path / "run")
    core.scan(tiny("cbam"), data, tmp_path / "whole")
    assert_same(run, core.open_run(tmp_path / "whole"))


def change(data: Path) -> None:
    draw(data / "elm" / "08.png", 77)


def remove(data: Path) -> None:
    (data / "elm" / "08.png").unlink()


@pytest.mark.parametrize(
    ("accident", "words"),
    [
        (change, "elm/08.png was changed after the scan began"),
        (remove, "elm/08.png is missing"),
        (shutil.rmtree, "is missing"),  # a picture, or the folder itself
    ],
)
def test_what_changes_in_the_middle_ends_it_with_a_sentence(
    accident: Callable[[Path], None], words: str, tiny: Callable, tmp_path: Path
) -> None:
    data = fill(tmp_path / "data", each=60)  # more than is read ahead

    def happen(done: int, _: int) -> None:
        if done == 16:
            accident(data)

    with pytest.raises(InvalidInput, match=words) as told:
        core.scan(tiny("plain"), data, tmp_path / "run", progress=happen)
    assert "\n" not in str(told.value) and str(told.value).endswith(".")
    run = core.open_run(tmp_path / "run")
    kept = run.table()
    assert 16 <= len(kept) == run.scanned < 240
    if accident is change:
        assert len(core.scan(tiny("plain"), data, tmp_path / "run")) == 240
        core.scan(tiny("plain"), data, tmp_path / "whole")
        assert_same(run, core.open_run(tmp_path / "whole"))
    else:
        with pytest.raises(InvalidInput, match=SENTENCE):
            core.scan(tiny("plain"), data, tmp_path / "run")
        assert run.table().equals(kept)


def test_a_vanished_run_is_one_sentence(tiny: Callable, data: Path, tmp_path: Path, often: None) -> None:
    def vanish(done: int, _: int) -> None:
        if done == 16:
            shutil.rmtree(tmp_path / "run")

    with pytest.raises(InvalidInput, match=SENTENCE):
        core.scan(tiny("cbam"), data, tmp_path / "run", progress=vanish)
    with pytest.raises(InvalidInput, match=r"no run in .+\.$"):
        core.open_run(tmp_path / "run")


def test_a_folder_holds_one_scan(tiny: Callable, data: Path, tmp_path: Path) -> None:
    core.scan(tiny("cbam"), data, tmp_path / "run")
    with pytest.raises(InvalidInput, match=r"the model tiny/cbam. .+\.$"):
        core.scan(tiny("plain"), data, tmp_path / "run")
    with pytest.raises(InvalidInput, match=r"another mapping of labels to classes. .+\.$"):
        core.scan(tiny("cbam"), data, tmp_path / "run", mapping={"elm": "ash"})
    draw(data / "ash" / "new.png", 3)
    with pytest.raises(InvalidInput, match=r"other pictures. .+\.$"):
        core.scan(tiny("cbam"), data, tmp_path / "run")
    (tmp_path / "file").touch()
    with pytest.raises(InvalidInput, match=r"cannot be written: .+\.$"):
        core.scan(tiny("cbam"), data, tmp_path / "file" / "run")
    with pytest.raises(InvalidInput, match=r"cannot be mapped to 'shrub'.+\.$"):
        core.scan(tiny("cbam"), data, tmp_path / "other", mapping={"elm": "shrub"})
