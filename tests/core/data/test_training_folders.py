"""Training takes the folders that a scan takes: splits by any name, deep folders, links, leftovers, broken pictures."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.data.folders import open_folder
from core.data.pictures import open_collection
from core.types import InvalidInput
from tests.core.small_scans import draw


def fill(root: Path, *places: str, each: int = 2) -> Path:
    """A folder with so many pictures in each of these folders."""
    for index, name in enumerate(places):
        for n in range(each):
            draw(root / name / f"{n}.png", 10 * index + n)
    return root


SPLITS = [("train", "val"), ("Training", "Testing"), ("train", "valid"), ("seg_train/seg_train", "seg_test/seg_test"),
          ("data/TRAIN", "data/test"), ("training_set", "validation_set"), ("train/images", "val/images")]  # fmt: skip


@pytest.mark.parametrize(("train", "val"), SPLITS)
def test_splits_by_every_name_are_trained_on_and_measured(tmp_path: Path, train: str, val: str) -> None:
    fill(tmp_path, f"{train}/cat", f"{train}/dog", f"{train}/dog/deep/er", each=3)
    fill(tmp_path, f"{val}/cat", f"{val}/dog")
    data = open_folder(tmp_path)
    assert data.classes == ("cat", "dog") and data.training.labels.tolist() == [0] * 3 + [1] * 6
    assert data.validation.labels.tolist() == [0, 0, 1, 1]
    found = open_collection(tmp_path)  # what a scan makes of the same folder
    assert [data.classes[label] for label in data.validation.labels] == list(found.labels)
    assert all(np.array_equal(data.validation.read(i), found.read(i).pixels) for i in range(4))
    assert ("is used for validation" in data.note) == ("est" in val.lower())


def test_of_three_splits_that_of_validation_is_measured_on(tmp_path: Path) -> None:
    for number, name in enumerate(("train", "valid", "test")):
        fill(tmp_path, f"{name}/cat", f"{name}/dog", each=number + 1)
    data = open_folder(tmp_path)
    assert (len(data.training), len(data.validation), data.note) == (2, 4, "")


def test_a_folder_trains_as_it_is_scanned(tmp_path: Path) -> None:
    fill(tmp_path / "d", "cat/a", "cat/b/c", "dog", each=10)
    Image.new("RGB", (9, 9)).save(tmp_path / "d/dog/x.jfif", "JPEG")
    Image.new("RGB", (9, 9)).save(tmp_path / "d/dog/y.JPE", "JPEG")
    for name in ("cat/._0.png", "cat/@eaDir/0.png", "dog/Thumbs.db", "dog/.ipynb_checkpoints/0.png", "__MACOSX/a.png"):
        (tmp_path / "d" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "d" / name).write_bytes(b"x")
    (tmp_path / "d/dog/old.gif").write_bytes(b"GIF89a")
    os.symlink(tmp_path / "d/cat", tmp_path / "d/kitten")
    os.symlink("..", tmp_path / "d/dog/up")
    data = open_folder(tmp_path / "d")
    assert data.classes == ("cat", "dog", "kitten")
    labels = [*data.training.labels, *data.validation.labels]
    scanned = open_collection(tmp_path / "d")
    assert [labels.count(label) for label in range(3)] == [20, 12, 20] and len(scanned) == 52 + 1  # and the GIF
    assert [scanned.labels.count(name) for name in data.classes] == [20, 13, 20]
    assert "not JPEG, PNG or WebP are left out: 1, dog/old.gif first." in data.note


def test_names_that_are_no_utf8_are_trained_on(tmp_path: Path) -> None:
    root = os.fsencode(tmp_path / "d")
    for name in (b"K\xe4fer/1.png", b"K\xe4fer/\xfc.png", b"dog/1.png", b"dog/\xe9.png"):
        os.makedirs(os.path.dirname(os.path.join(root, name)), exist_ok=True)
        draw(Path(os.fsdecode(os.path.join(root, name))), 1)
    with open(os.path.join(root, b"dog", b"\xe9.png"), "wb") as file:
        file.write(b"x")
    data = open_folder(tmp_path / "d")
    assert data.classes == ("Käfer", "dog") and len(data.training) + len(data.validation) == 4
    told = []
    for split in (data.training, data.validation):
        for index in range(len(split)):
            try:
                split.read(index)
            except InvalidInput as error:
                told.append(str(error))
    assert len(told) == 1 and told[0].startswith("dog/\\xe9.png is not a JPEG, PNG or WebP picture")


@pytest.mark.parametrize("half", ["train", "val"])
def test_an_empty_class_is_refused_by_its_name(tmp_path: Path, half: str) -> None:
    fill(tmp_path, *(f"{split}/{name}" for split in ("train", "val") for name in ("cat", "dog", "eel")))
    for picture in (tmp_path / half / "dog").iterdir():
        picture.unlink()
    (tmp_path / half / "dog" / "notes.txt").write_text("none")
    with pytest.raises(InvalidInput, match=rf"^The class folder dog in .+/{half} contains no JPEG, PNG or WebP. .+\.$"):
        open_folder(tmp_path)
    with pytest.raises(InvalidInput, match=rf"^The class folder dog in .*{half} contains no JPEG, PNG or WebP. .+\.$"):
        open_folder(tmp_path / half)  # not parted


def test_broken_pictures_are_reported_with_their_folder(tmp_path: Path) -> None:
    fill(tmp_path, "a/cat/deep", "a/dog")
    (tmp_path / "a/cat/deep/0.png").write_bytes(b"x")
    os.mkfifo(tmp_path / "a/dog/2.png")
    data, told = open_folder(tmp_path), []
    for split in (data.training, data.validation):
        for index in range(len(split)):
            try:
                split.read(index)
            except InvalidInput as error:
                told.append(str(error))
    assert any(one.startswith("a/cat/deep/0.png is not") for one in told) and len(told) == 2
    assert any("a/dog/2.png" in one for one in told)
