"""Collections: which pictures there are, in which order, what they are labeled, and what a zip must not do."""

from __future__ import annotations

import errno
import unicodedata
import zipfile
from pathlib import Path

import numpy as np
import pytest
from torchvision.models._meta import _IMAGENET_CATEGORIES

from core import files, scenes
from core.data import archive, pictures
from core.data.collection import Changed
from core.data.folders import IMAGENETTE
from core.data.matching import match_classes
from core.data.pictures import open_collection, open_picture
from core.data.samples import open_sample, sample_truth
from core.tasks import TASKS, Task
from core.types import InvalidInput
from tests.core.small_scans import draw, fill


def pack(folder: Path, file: Path, *more: tuple[str, bytes]) -> Path:
    """A zip of a folder, and of more entries by any name."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(folder.rglob("*.*")):
            packed.write(path, path.relative_to(folder))
        for name, data in more:
            packed.writestr(name, data)
    return file


def test_a_folder_is_listed_in_order_with_its_subfolders_as_labels(tmp_path: Path) -> None:
    fill(tmp_path, 2, ("b", "a"))
    draw(tmp_path / "a" / "deep" / "x.png", 1)
    draw(tmp_path / "alone.jpg", 2)
    for other in ("a/notes.txt", ".hidden/x.png", "a/._00.png"):
        (tmp_path / other).parent.mkdir(exist_ok=True)
        (tmp_path / other).write_bytes(b"x")
    found = open_collection(tmp_path)
    paths = ["alone.jpg", "a/00.png", "a/01.png", "a/deep/x.png", "b/00.png", "b/01.png"]
    assert list(found.paths) == paths and list(found.labels) == [None, "a", "a", "a", "b", "b"]
    assert found.names == ("a", "b") and found.stamps[1, 0] == (tmp_path / "a" / "00.png").stat().st_size
    assert found.identity == open_collection(tmp_path).identity
    (tmp_path / "b").rename(tmp_path / "c")
    assert found.identity != open_collection(tmp_path).identity


def test_folders_that_hold_everything_are_passed_through(tmp_path: Path) -> None:
    fill(tmp_path / "one" / "two" / "pets", 2, ("cat", "dog"))
    assert list(open_collection(tmp_path).labels) == ["cat", "cat", "dog", "dog"]
    fill(tmp_path / "other" / "val", 1, ("cat", "dog"))
    fill(tmp_path / "other" / "train", 3, ("cat", "dog"))
    found = open_collection(tmp_path / "other")
    assert list(found.paths) == ["cat/00.png", "dog/00.png"] and found.origin == str(tmp_path / "other" / "val")
    plain = fill(tmp_path / "plain", 3, ("",))
    assert list(open_collection(plain).labels) == [None] * 3


def test_a_zip_is_the_same_as_its_folder(tmp_path: Path) -> None:
    folder = fill(tmp_path / "data", 3, ("cat", "dog"))
    file = pack(folder, tmp_path / "data.zip", ("__MACOSX/cat/._00.png", b""), ("read me.txt", b""))
    one, other = open_collection(folder), open_collection(file)
    assert (list(one.paths), list(one.labels)) == (list(other.paths), list(other.labels))
    assert all(np.array_equal(one.read(i).pixels, other.read(i).pixels) for i in range(6))
    assert open_picture(other.origin, "dog/02.png").sha256 == open_picture(one.origin, "dog/02.png").sha256
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "data.zip"]  # nothing was unpacked
    wrapped = pack(tmp_path, tmp_path / "wrapped.zip")
    assert open_collection(wrapped).names == ("cat", "dog")
    halves = {f"set/{half}/{name}": b"x" for half in ("train", "val") for name in ("cat/1.png", "dog/1.png")}
    assert open_collection(pack(tmp_path / "none", tmp_path / "halves.zip", *halves.items())).names == ("cat", "dog")
    folder.rename(tmp_path / "away")
    pack(tmp_path / "away", file, ("cat/more.png", b"x"))
    with pytest.raises(Changed, match=r"data.zip was changed.+\.$"):
        other.read(0)
    file.unlink()
    with pytest.raises(Changed, match=r"data.zip was changed or removed.+\.$"):
        other.read(0)


@pytest.mark.parametrize("name", ["../out.png", "a/../../out.png", "/out.png", "C:/out.png", "a\\..\\..\\out.png"])
def test_a_zip_leads_nowhere(name: str, tmp_path: Path) -> None:
    file = pack(fill(tmp_path / "data", 1), tmp_path / "evil.zip", (name.replace("\\", "|"), b"x"))
    if "\\" in name:  # which Python would write as a slash
        file.write_bytes(file.read_bytes().replace(name.replace("\\", "|").encode(), name.encode()))
    with pytest.raises(InvalidInput, match=r"a path outside the zip. .+\.$"):
        open_collection(file)


def test_a_bomb_does_not_go_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    zeros = ("cat/zeros.png", bytes(60 << 20))
    file = pack(fill(tmp_path / "data", 1, ("cat",)), tmp_path / "bomb.zip", zeros)
    assert file.stat().st_size < 100_000
    found = open_collection(file)
    found.read(0)
    with pytest.raises(InvalidInput, match="larger than 10 MB"):  # and no more than that was unpacked
        found.read(1)
    for name, limit, words in (("UNPACKED", 50 << 20, "unpacks to"), ("CONTENTS", 50, "contains too many"),
                               ("LARGEST_ZIP", 1000, "is larger than")):  # fmt: skip
        with monkeypatch.context() as patch:
            patch.setattr(archive, name, limit)
            with pytest.raises(InvalidInput, match=rf"bomb.zip {words}.+\.$"):
                open_collection(file)
    assert archive.LARGEST_ZIP == 500 << 20


def test_a_damaged_zip_and_damaged_entries_are_reported(tmp_path: Path) -> None:
    file = pack(fill(tmp_path / "data", 2, ("cat",)), tmp_path / "a.zip")
    data = bytearray(file.read_bytes())
    data[60:90] = bytes(30)  # within the first picture
    file.write_bytes(data)
    found = open_collection(file)
    with pytest.raises(InvalidInput, match=r"cat/00.png cannot be unpacked: .+\.$"):
        found.read(0)
    found.read(1)
    file.write_bytes(data[:200])
    with pytest.raises(InvalidInput, match=r"a.zip cannot be read as a zip. .+\.$"):
        open_collection(file)


@pytest.mark.parametrize("head", ["path,label\n", "Class;File\n", ""])
def test_a_csv_lists_paths_from_where_it_lies(head: str, tmp_path: Path) -> None:
    fill(tmp_path / "data", 2, ("cat",))
    away = draw(tmp_path / "away.png", 1)
    lines = [("data/cat/00.png", "cat"), (str(away), "a dog"), ("data/cat/01.png", ""), ("missing.png", "cat")]
    turned = head.startswith("Class")
    text = "".join((f"{label};{path}\n" if turned else f"{path},{label}\n") for path, label in lines)
    (tmp_path / "list.csv").write_text("\ufeff" + head + text)
    found = open_collection(tmp_path / "list.csv")
    assert list(zip(found.paths, found.labels, strict=True)) == [(path, label or None) for path, label in lines]
    assert found.read(1).pixels.shape == (40, 40, 3) and open_picture(found.origin, "data/cat/00.png").name == "00.png"
    with pytest.raises(InvalidInput, match=r"no file .+missing.png. .+\.$") as told:
        found.read(3)
    assert not isinstance(told.value, Changed)  # a broken line, not the end of a scan


@pytest.mark.parametrize("head", ["image_name,species", "picture id,kind of object", ""])
def test_a_heading_by_any_name_is_no_picture(head: str, tmp_path: Path) -> None:
    fill(tmp_path / "data", 2, ("cat",))
    (tmp_path / "data" / "cat" / "00.png").rename(tmp_path / "data" / "cat" / "nameless")
    lines = ["data/cat/nameless,cat", "data/cat/01.png,cat"]  # a picture needs no ending
    (tmp_path / "list.csv").write_text("\n".join([head, *lines] if head else lines))
    found = open_collection(tmp_path / "list.csv")
    assert list(found.paths) == ["data/cat/nameless", "data/cat/01.png"] and found.names == ("cat",)
    assert found.read(0).pixels.any()


@pytest.mark.parametrize("line", ["data/cat", "data/cat/00.png/x", "a\0b.png", "x" * 5000])
def test_a_line_that_names_no_file_is_a_broken_picture(line: str, tmp_path: Path) -> None:
    fill(tmp_path / "data", 1, ("cat",))
    (tmp_path / "list.csv").write_text(f"data/cat/00.png,cat\n{line},cat\n")
    found = open_collection(tmp_path / "list.csv")
    with pytest.raises(InvalidInput, match=r"^[^\n]+\.$") as told:
        found.read(1)
    assert not isinstance(told.value, Changed) and found.read(0).pixels.any()


def test_a_disk_that_fails_ends_it_only_where_the_folder_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = open_collection(fill(tmp_path / "data", 1, ("cat",)))

    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(files.os, "open", fail)
    with pytest.raises(InvalidInput, match=r"cannot be read: the disk cannot be read or written.+\.$") as told:
        found.read(0)
    assert not isinstance(told.value, Changed)
    monkeypatch.setattr(Path, "is_dir", lambda _: False)
    with pytest.raises(Changed, match=r"The folder .+ is missing.+\.$"):
        found.read(0)


def test_a_zip_is_opened_once_for_its_pictures_and_again_when_it_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, opened = pack(fill(tmp_path / "data", 3, ("cat",)), tmp_path / "data.zip"), []
    monkeypatch.setattr(pictures, "Archive", lambda place: opened.append(place) or archive.Archive(place))
    seen = [open_picture(str(file), f"cat/0{n}.png").sha256 for n in (0, 1, 2, 0)]
    assert len(opened) == 1 and len(set(seen)) == 3
    draw(tmp_path / "data" / "cat" / "00.png", 99)
    pack(tmp_path / "data", file)
    assert open_picture(str(file), "cat/00.png").sha256 not in seen and len(opened) == 2
    file.unlink()
    with pytest.raises(InvalidInput, match=r"data.zip cannot be read as a zip.+\.$"):
        open_picture(str(file), "cat/00.png")


def test_what_is_no_collection_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOVEA_DATA", str(tmp_path))
    (tmp_path / "empty").mkdir()
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00")
    for data in ("nowhere", tmp_path / "empty", tmp_path / "bytes.csv", "imagenette"):
        with pytest.raises(InvalidInput, match=r"^[^\n]+\.$"):
            open_collection(data)
    for seed, count in ((-1, 5), (pictures.SEEDS, 5), (1, 0)):
        with pytest.raises(InvalidInput, match=r"^The (seed|number) of .*scenes must be a whole number .+\.$"):
            open_collection("scenes", seed=seed, pictures=count)


def test_scenes_of_any_seed_are_samples_and_half_of_them_carry_the_tag() -> None:
    found = open_collection("scenes-tag", seed=7, pictures=400)
    kinds = [path.split("/")[0] for path in found.paths]
    assert 160 < kinds.count("scenes-tag") < 240 and found.names == scenes.OBJECTS
    assert set(found.paths).isdisjoint(open_collection("scenes-tag", seed=8, pictures=400).paths)
    first = {kind: kinds.index(kind) for kind in ("scenes", "scenes-tag")}
    for kind, place in first.items():
        seed = int(found.paths[place].split("/")[1])
        tag = scenes.plan(seed).label if kind == "scenes-tag" else None
        assert np.array_equal(found.read(place).pixels, scenes.draw(seed, tag=tag).pixels)
        assert found.labels[place] == scenes.plan(seed).object
        large = open_sample(found.paths[place]).pixels  # the same, as Explore opens it
        assert np.abs(large.reshape(128, 4, 128, 4, 3).mean((1, 3)) - found.read(place).pixels).mean() < 4
    assert open_collection("scenes", pictures=9).paths[0] == f"scenes/{scenes.seeds('val', 1)[0]}"


def test_labels_are_matched_by_name_number_or_as_stated() -> None:
    classes = ("tench, Tinca tinca", "golf ball", "crane", "crane", "French horn")
    labels = ("Tench", "tinca_tinca", "GOLF-BALL", "crane", "n03394916", "n00000000", "other")
    assert match_classes(labels, classes) == dict(zip(labels, (0, 0, 1, None, 4, None, None), strict=True))
    told = match_classes(labels, classes, {"other": "golf ball", "Tench": "", "elsewhere": "golf ball"})
    assert told["other"] == 1 and told["Tench"] is None and "elsewhere" not in told
    with pytest.raises(InvalidInput, match=r"'other' cannot be mapped to 'crane': .+\.$"):
        match_classes(labels, classes, {"other": "crane"})


@pytest.mark.parametrize(
    ("classes", "labels", "expected"),
    [
        (("A", "a"), ("A", "a"), (0, 1)),
        (("-1", "0", "1"), ("-1", "0", "1"), (0, 1, 2)),
        (("-1", "0"), ("1", "-1", " 0 "), (None, 0, 1)),  # no class is called 1
        (("C", "C_", "C-"), ("C", "C_", "C-", "c", "C__"), (0, 1, 2, 0, None)),
        (("AB", "B"), ("AB-", "B+", "ab", "b_"), (None, None, 0, 1)),
        (("level -1", "level 2"), ("level 1", "LEVEL -1", "level - 2"), (None, 0, 1)),
        (("straße", "STRASSE"), ("straße", "STRASSE", "Strasse"), (0, 1, None)),
        (("straße", "Weg"), ("STRASSE", "weg"), (0, 1)),
        (("Käfer", "Hund"), (unicodedata.normalize("NFD", "Käfer"), unicodedata.normalize("NFD", "KÄFER")), (0, 0)),
        ((unicodedata.normalize("NFD", "Käfer"), "Hund"), ("Käfer", "käfer"), (0, 0)),
        (("golf ball", "golf-ball"), ("golf ball", "golf-ball", "Golf-Ball", "golf_ball"), (0, 1, 1, None)),
        (("Tench", "tench, Tinca tinca"), ("tench", "Tench", "tinca tinca"), (0, 0, 1)),
    ],
)
def test_an_exact_name_wins_before_anything_is_ignored(
    classes: tuple[str, ...], labels: tuple[str, ...], expected: tuple[int | None, ...]
) -> None:
    assert tuple(match_classes([one], classes)[one] for one in labels) == expected
    assert tuple(match_classes(labels, classes).values()) == expected  # whatever other labels there are
    told = {one: classes[index] for one, index in zip(labels, expected, strict=True) if index is not None}
    assert all(match_classes([one], classes, {one: name})[one] == classes.index(name) for one, name in told.items())


def test_imagenettes_numbers_mean_imagenets_classes() -> None:
    found = match_classes(IMAGENETTE, _IMAGENET_CATEGORIES)
    assert [_IMAGENET_CATEGORIES[index].lower() for index in found.values()] == [
        "tench", "english springer", "cassette player", "chain saw", "church", "french horn", "garbage truck",
        "gas pump", "golf ball", "parachute"]  # fmt: skip
    numbers = sorted([*IMAGENETTE, *(f"n1{n:07}" for n in range(990))])
    assert list(match_classes(numbers, _IMAGENET_CATEGORIES).values()) == list(
        range(1000)
    )  # the whole of ImageNet is in order


@pytest.mark.parametrize("task", TASKS, ids=lambda one: one.slug)
def test_a_task_of_any_seed_is_a_collection_of_samples(task: Task) -> None:
    found, other = (open_collection(task.slug, seed=seed, pictures=6) for seed in (7, 8))
    assert len(found) == 6 and found.names == task.classes and set(found.paths).isdisjoint(other.paths)
    assert found.identity != other.identity
    for index, path in enumerate(found.paths):
        assert path.startswith(f"{task.slug}/") and found.labels[index] == sample_truth(path)
    read, again = found.read(5), open_picture(found.origin, found.paths[5])
    assert read.pixels.shape == (128, 128, 3) and read.name == found.paths[5] and read.sha256 == again.sha256
    large = open_sample(found.paths[5]).pixels  # the same, as Explore opens it
    assert np.abs(large.reshape(128, 4, 128, 4, 3).mean((1, 3)) - read.pixels).mean() < 4
    assert open_collection(task.slug, pictures=1).paths[0] == f"{task.slug}/{scenes.seeds('val', 1)[0]}"
    with pytest.raises(InvalidInput, match=r"^[^\n]+\.$"):
        open_picture(task.slug, f"{task.slug}/x")
