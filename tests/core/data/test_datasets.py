"""Folders of pictures found, listed and read; scenes drawn; and each fault told in one sentence."""

from __future__ import annotations

import pickle
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from torchvision.datasets import imagenette

from core.data.datasets import IMAGENETTE, Split, find_folder, hold, open_dataset, open_folder
from core.images import open_image, square
from core.types import InvalidInput
from tests.core.class_folders import fill
from tests.core.refusals import short_refusal

pytestmark = pytest.mark.usefixtures("nowhere")


def refusal(*arguments: object) -> str:
    """The sentence with which a folder is refused."""
    return short_refusal(open_folder, *arguments)


def test_a_folder_is_found_by_name_by_the_variable_or_at_home(
    tmp_path: Path, nowhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner, other = fill(tmp_path / "data" / "imagenette2-160"), fill(tmp_path / "other")
    assert find_folder() is None and find_folder(tmp_path) is None and find_folder(tmp_path / "none") is None
    for root in (inner, inner.parent):
        assert find_folder(root) == find_folder(str(root)) == inner
        monkeypatch.setenv("FOVEA_DATA", str(root))
        assert find_folder() == inner and find_folder(other) == other
    assert (open_folder(None).name, open_folder(other).name) == ("imagenette2-160", "other")
    assert open_dataset("imagenette").name == open_dataset("anything").name == "imagenette2-160"
    (other / "val").rename(other / "test")
    assert find_folder(other) is None
    fetched = fill(nowhere / "imagenette2-160")
    assert find_folder() == inner
    monkeypatch.delenv("FOVEA_DATA")
    assert find_folder() == fetched


def test_pictures_come_in_one_order_with_their_labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = fill(tmp_path, ("pear", "apple", "fig"))
    for name in ("notes.txt", "thumbs.db"):
        (root / "train" / "apple" / name).write_text("no picture")
    (root / "train" / "readme.txt").write_text("no class")
    listed = Path.iterdir

    def disordered(folder: Path) -> Iterator[Path]:
        entries = list(listed(folder))
        random.shuffle(entries)
        return iter(entries)

    monkeypatch.setattr(Path, "iterdir", disordered)
    for _ in range(3):  # whatever order the file system has
        data = open_folder(root)
        assert data.classes == ("apple", "fig", "pear")
        levels = [[int(one.read(i)[0, 0, 0]) for i in range(len(one))] for one in (data.training, data.validation)]
        assert levels == [[10, 11, 12, 20, 21, 22, 0, 1, 2], [110, 111, 120, 121, 100, 101]]
    assert data.training.labels.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2] and data.training.labels.dtype == np.int64
    assert data.validation.labels.tolist() == [0, 0, 1, 1, 2, 2]


def test_imagenettes_folders_get_their_plain_names(tmp_path: Path) -> None:
    known = imagenette.Imagenette._WNID_TO_CLASS
    assert IMAGENETTE.keys() == known.keys()
    assert all(name in known[folder] for folder, name in IMAGENETTE.items())
    data = open_folder(fill(tmp_path, tuple(IMAGENETTE), 1, 1))
    assert data.classes == tuple(IMAGENETTE[folder] for folder in sorted(IMAGENETTE))


SIDES = [((40, 30), (30, 40)), ((320, 480), (240, 160)), ((161, 400), (398, 160))]  # (w, h) -> (h, w)


@pytest.mark.parametrize(("size", "expected"), SIDES)
def test_a_picture_is_rgb_with_a_short_side_of_160_at_most(
    tmp_path: Path, size: tuple[int, int], expected: tuple[int, int]
) -> None:
    root = fill(tmp_path)
    for name, mode in (("apple", "L"), ("pear", "RGB")):
        Image.effect_noise(size, 60).convert(mode).save(root / "train" / name / "0.png")
    for i in (0, 3):
        pixels = open_folder(root).training.read(i)
        assert pixels.shape == (*expected, 3) and pixels.dtype == np.uint8 and pixels.std() > 5


def test_pictures_are_measured_as_the_app_sees_them(tmp_path: Path) -> None:
    root = fill(tmp_path)
    Image.effect_noise((300, 420), 60).convert("RGB").save(root / "val/apple/0.png")
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.effect_noise((300, 420), 60).save(root / "val/apple/1.PNG", exif=turned)
    validation = open_folder(root).validation
    for i, name in enumerate(("0.png", "1.PNG")):
        seen = square(open_image(root / "val/apple" / name), 128)
        assert np.array_equal(square(open_image(validation.read(i)), 128), seen)


def test_a_damaged_or_missing_picture_is_one_sentence(tmp_path: Path) -> None:
    root = fill(tmp_path)
    (root / "train/apple/0.png").write_bytes(b"no picture")
    (root / "val/apple/0.png").write_bytes((root / "val/pear/0.png").read_bytes()[:50])
    data = open_folder(root)
    for split, half in ((data.training, "train"), (data.validation, "val")):
        with pytest.raises(InvalidInput, match=rf"^{half}/apple/0\.png is [^\n]+\.$"):
            split.read(0)
    for path in (root / "val").glob("*/*"):
        path.unlink()
    assert "must contain JPEG, PNG or WebP pictures" in refusal(root)


def test_a_data_set_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    assert "FOVEA_DATA" in refusal(None)
    assert str(tmp_path) in refusal(tmp_path) and "train/ and val/" in refusal(tmp_path)
    assert str(tmp_path / "none") in refusal(tmp_path / "none")


def test_halves_of_different_classes_or_a_single_class_are_one_sentence(tmp_path: Path) -> None:
    assert "the same class folders, two or more" in refusal(fill(tmp_path / "single", ("apple",)))
    root = fill(tmp_path / "unlike")
    (root / "val" / "pear").rename(root / "val" / "peach")
    assert "the same class folders" in refusal(root)


@pytest.mark.parametrize("inner", ["train", "."])
def test_a_folder_without_val_keeps_a_tenth_of_each_class(tmp_path: Path, inner: str) -> None:
    fill(tmp_path / "whole", ("apple", "fig", "pear"), train=20, val=1)
    root = tmp_path / "birds"
    (tmp_path / "whole/train").rename(root / inner if inner == "." else (root.mkdir(), root / inner)[1])
    (root / inner / ".hidden").mkdir()
    data, again = open_folder(root), open_folder(root)
    assert data.classes == ("apple", "fig", "pear") and (data.name, len(data.training)) == ("birds", 54)
    assert data.validation.labels.tolist() == [0, 0, 1, 1, 2, 2] and "no val/ in birds" in data.note
    seen = [[split.read(i)[0, 0, 0] for i in range(len(split))] for split in (data.training, data.validation)]
    assert seen[1] == [again.validation.read(i)[0, 0, 0] for i in range(6)]
    listed = sorted(path.relative_to(root / inner) for path in (root / inner).glob("*/*"))
    levels = [10 * data.classes.index(path.parts[0]) + int(path.stem) for path in listed]
    assert sorted(map(int, seen[0] + seen[1])) == sorted(levels)  # every picture once
    chosen = [level - 10 * label for level, label in zip(map(int, seen[1]), data.validation.labels, strict=True)]
    assert chosen != [0, 1] * 3 and not open_folder(fill(tmp_path / "parted")).note


def test_a_class_of_one_picture_is_not_parted(tmp_path: Path) -> None:
    root = fill(tmp_path, train=1, val=0) / "train"
    assert "train/ and val/" in refusal(root)
    Image.new("RGB", (8, 8)).save(root / "pear" / "2.png")
    data = open_folder(root)
    assert data.training.labels.tolist() == [0, 1] and data.validation.labels.tolist() == [1]


def test_pictures_are_held_where_they_fit_and_read_where_not() -> None:
    pixels, looks = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3), dtype=np.uint8), []

    def read(index: int) -> np.ndarray:
        looks.append(index)
        return pixels[index]

    split = Split(np.arange(40), read)
    size = pixels.nbytes
    assert hold(split, size - 1) is split
    held = hold(split, size)
    looks.clear()
    assert all(np.array_equal(held.read(i), pixels[i]) for i in range(40)) and not looks
    assert held.labels is split.labels and len(hold(Split(np.arange(0), read))) == 0


def test_other_processes_can_read(tmp_path: Path) -> None:
    for data in (open_folder(fill(tmp_path)), open_dataset("scenes-tag")):
        for split in (data.training, data.validation, hold(data.validation, 0)):
            assert np.array_equal(pickle.loads(pickle.dumps(split)).read(1), split.read(1))


TERMS = {("n01440764", "n02102040"): "Imagenette", ("n01440764", "n01443537"): "ImageNet", ("a", "n01440764"): None}


@pytest.mark.parametrize("names", TERMS)
def test_what_is_trained_on_imagenets_folders_states_its_terms(tmp_path: Path, names: tuple[str, ...]) -> None:
    terms = open_folder(fill(tmp_path, names)).terms
    assert (f"Trained on {TERMS[names]}" in terms and "non-commercial" in terms) == bool(TERMS[names])
    assert TERMS[names] or "under the terms of their data set" in terms


def test_the_photographs_are_all_there(photographs: tuple[Path, ...]) -> None:
    data = open_folder(photographs[0].parents[3])
    assert (len(data.training), len(data.validation)) == (9469, 2925)
    assert data.classes[:2] == ("tench", "English springer") and len(data.classes) == 10
    assert data.training.read(0).shape[2] == data.validation.read(0).shape[2] == 3
    assert np.bincount(data.validation.labels).min() > 200
