"""Folders and zips as people have them: names of every kind, links, what systems leave behind, and splits."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest

import core
from core.data.layout import kind_of
from core.data.names import readable, shown, stored
from core.data.pictures import open_collection, open_picture
from core.scanning import open_run
from core.types import InvalidInput
from tests.core.small_scans import draw, fill, pack

# --- names

STRANGE = [b"caf\xe9.png", b"\xff\xfe.png", b"a\nb.png", b"a\\x41.png", b"a\\xe9.png", b"tab\t.png", "é.png".encode(),
           b"back\\slash.png", b"\xe9/\xe8.png", b" lead.png", b"quote'\".png", "图片.png".encode(),
           b"\\x5c.png"]  # fmt: skip


def test_every_name_can_be_shown_stored_and_found_again() -> None:
    raw = [os.fsdecode(one) for one in STRANGE]
    told = [shown(one) for one in raw]
    assert len(set(told)) == len(told) and [stored(one) for one in told] == raw
    assert all(one.encode() and one.isprintable() for one in told)
    assert [shown(one) for one in ("é.png", "a b/c.png", "back\\slash.png")] == [
        "é.png",
        "a b/c.png",
        "back\\slash.png",
    ]
    assert shown(os.fsdecode(b"caf\xe9.png")) == "caf\\xe9.png" and readable("caf\\xe9") == "café"


def test_names_that_are_no_utf8_cost_no_row(tmp_path: Path, tiny: object) -> None:
    root = os.fsencode(tmp_path / "d\udce9")
    for number, name in enumerate(STRANGE):
        place = os.path.join(root, b"K\xe4fer" if number % 2 else b"b", name)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        draw(Path(os.fsdecode(place)), number)
    with open(os.path.join(root, b"b", b"broken\xe9.png"), "wb") as file:
        file.write(b"no picture")
    table = core.scan(tiny("plain"), Path(os.fsdecode(root)), tmp_path / "run")
    run = open_run(tmp_path / "run")
    assert len(table) == len(STRANGE) and list(run.broken()["path"]) == ["b/broken\\xe9.png"]
    assert set(table["label"]) == {"Käfer", "b"} and table["sha256"].is_unique
    assert all(
        run.picture(number).sha256 == digest for number, digest in zip(table["number"], table["sha256"], strict=True)
    )
    again = core.scan(tiny("plain"), run.facts["data"], tmp_path / "run")  # by what the run says of its data
    assert list(again["path"]) == list(table["path"])


def test_labels_of_a_mac_are_classes(tmp_path: Path) -> None:
    apart = unicodedata.normalize("NFD", "Käfer")
    draw(tmp_path / "d" / apart / "1.png", 1)
    assert open_collection(tmp_path / "d").names == (apart,)
    assert core.data.matching.match_classes([apart], ["Käfer"]) == {apart: 0}


# --- links and leftovers


def test_links_are_followed_and_loops_end(tmp_path: Path) -> None:
    fill(tmp_path / "real", 2, ("cat", "dog"))
    root = tmp_path / "d"
    (root / "own").mkdir(parents=True)
    draw(root / "own" / "1.png", 5)
    for name, target in (("cat", tmp_path / "real/cat"), ("dog", "../real/dog"), ("again", "cat"), ("self", "."),
                         ("up", ".."), ("gone", "nowhere"), ("round", "round")):  # fmt: skip
        os.symlink(target, root / name)
    os.symlink("..", root / "own" / "parent")
    os.symlink("nowhere.png", root / "own" / "lost.png")
    os.symlink("circle.png", root / "own" / "circle.png")
    os.symlink("1.png", root / "own" / "twin.png")
    found = open_collection(root)
    paths = list(found.paths)
    assert [path for path in paths if path.startswith(("cat", "dog", "again"))] == [
        f"{name}/0{n}.png" for name in ("again", "cat", "dog") for n in (0, 1)
    ]
    assert {"own/1.png", "own/twin.png", "own/lost.png", "own/circle.png"} <= set(paths) and len(paths) < 40
    assert not any(path.startswith(("self/", "up/")) or "/parent/" in path for path in paths) and len(paths) == 10
    for index, path in enumerate(paths):
        if path in ("own/lost.png", "own/circle.png"):
            with pytest.raises(InvalidInput, match="There is no file"):
                found.read(index)
        else:
            assert found.read(index).sha256 == open_picture(found.origin, path).sha256
    os.symlink(root, tmp_path / "linked")
    assert list(open_collection(tmp_path / "linked").labels) == list(found.labels)


def test_folders_that_lead_through_each_other_end(tmp_path: Path) -> None:
    for one in range(5):
        draw(tmp_path / str(one) / "1.png", one)
    for one in range(5):
        for other in range(5):
            os.symlink(tmp_path / str(other), tmp_path / str(one) / f"to{other}")
    assert 5 <= len(open_collection(tmp_path)) <= 5 * 5**3


LEFT = ("._1.png", "@eaDir/1.png", "$RECYCLE.BIN/1.png", ".ipynb_checkpoints/1-checkpoint.png", "__MACOSX/a/1.png",
        "Thumbs.db", ".DS_Store", ".hidden/1.png", "#recycle/1.png", "lost+found/1.png", "@Recycle/1.png",
        "System Volume Information/1.png", "desktop.ini", "~$1.png", ".@__thumb/1.png", "a/notes.txt")  # fmt: skip


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_what_systems_leave_behind_is_passed_over(tmp_path: Path, kind: str) -> None:
    fill(tmp_path / "d", 2, ("a", "b"))
    for name in (*LEFT, *(f"a/{one}" for one in LEFT), "train/._x/1.png"):
        (tmp_path / "d" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "d" / name).write_bytes(b"x")
    place = tmp_path / "d" if kind == "folder" else pack(tmp_path / "d", tmp_path / "d.zip")
    assert list(open_collection(place).paths) == ["a/00.png", "a/01.png", "b/00.png", "b/01.png"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_pipes_sockets_and_devices_are_broken_pictures(tmp_path: Path) -> None:
    fill(tmp_path / "d", 1, ("a",))
    os.mkfifo(tmp_path / "d/a/pipe.png")
    os.symlink("/dev/zero", tmp_path / "d/a/zero.png")
    os.mkdir(tmp_path / "d/a/folder.png")
    found = open_collection(tmp_path / "d")
    assert list(found.paths) == ["a/00.png", "a/pipe.png", "a/zero.png"]
    for index in (1, 2):
        with pytest.raises(InvalidInput, match=r"^a/(pipe|zero).png is not a regular file. .+\.$"):
            found.read(index)
        with pytest.raises(InvalidInput, match="is not a regular file"):
            open_picture(found.origin, found.paths[index])


# --- splits

LAYOUTS = [
    (("train", "val"), "val"), (("train", "valid", "test"), "valid"), (("Training", "Testing"), "Testing"),
    (("TRAIN", "TEST"), "TEST"), (("training_set", "test_set"), "test_set"), (("seg_train", "seg_test"), "seg_test"),
    (("train_images", "validation_images"), "validation_images"), (("trainSet", "devSet"), "devSet"),
    (("train2017", "val2017"), "val2017"), (("test", "val"), "val"), (("train", "dev", "eval"), "dev"),
    (("train", "test", "pred"), "test"), (("Train", "Validation", "Test"), "Validation"),
]  # fmt: skip


@pytest.mark.parametrize(("names", "chosen"), LAYOUTS)
@pytest.mark.parametrize(
    "where", ["{split}/{name}", "data/set/{split}/{name}", "{name}/{split}", "{split}/{split}/{name}"]
)
@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_of_several_splits_one_is_taken(
    tmp_path: Path, names: tuple[str, ...], chosen: str, where: str, kind: str
) -> None:
    for number, split in enumerate(names):
        for at, name in enumerate(("cat", "dog")):
            for n in range(number + 1):
                draw(tmp_path / "d" / where.format(split=split, name=name) / f"{n}.png", 100 * number + 10 * at + n)
    place = tmp_path / "d" if kind == "folder" else pack(tmp_path / "d", tmp_path / "d.zip")
    found = open_collection(place)
    count = names.index(chosen) + 1
    assert (found.taken.split, found.taken.splits) == (chosen, tuple(sorted(names)))
    assert sorted(found.labels) == ["cat"] * count + ["dog"] * count
    first = draw(tmp_path / "same.png", 100 * names.index(chosen)).read_bytes()
    assert found.read(0).sha256 == core.open_image(first).sha256
    for number, split in enumerate(names):
        other = open_collection(place, split=split)
        assert len(other) == 2 * (number + 1) and other.taken.split == split and set(other.names) == {"cat", "dog"}
        again = open_collection(other.origin, split=split)  # as a scan that goes on asks for it
        assert again.identity == other.identity
        assert open_picture(other.origin, other.paths[0]).sha256 == other.read(0).sha256
    whole = open_collection(place, split="all")
    assert len(whole) == sum(2 * (n + 1) for n in range(len(names))) and whole.names == ("cat", "dog")
    with pytest.raises(InvalidInput, match=r"no split 'fourth'. Choose one of: .+, all\.$"):
        open_collection(place, split="fourth")


def test_splits_without_folders_of_classes_are_splits_too(tmp_path: Path) -> None:
    for name in ("train/1.png", "test/1.png", "test/2.png"):
        draw(tmp_path / "d" / name, 1)
    found = open_collection(tmp_path / "d")
    assert found.taken.split == "test" and list(found.labels) == [None, None]


@pytest.mark.parametrize("names", [("train", "bus", "car"), ("test", "trial"), ("valid", "invalid"), ("dev", "ops")])
def test_classes_that_are_called_like_a_split_are_classes(tmp_path: Path, names: tuple[str, ...]) -> None:
    fill(tmp_path / "d", 1, names)
    found = open_collection(tmp_path / "d")
    assert found.names == tuple(sorted(names)) and found.taken.splits == ()
    with pytest.raises(InvalidInput, match="no split 'val', because the data set is not divided into splits"):
        open_collection(tmp_path / "d", split="val")
    assert open_collection(tmp_path / "d", split="all").names == found.names


def test_words_that_name_splits() -> None:
    kinds = {
        "train": "train",
        "x_train": None,
        "Train-Set": "train",
        "images/val": "val",
        "trainval": None,
        "contest": None,
    }
    assert {name: kind_of(name) for name in kinds} == kinds


def test_a_folder_that_cannot_be_read_is_one_broken_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = fill(tmp_path / "data", 2, ("cat", "dog"))
    draw(tmp_path / "elsewhere" / "closed" / "a.png", 1)
    (root / "dog" / "more").symlink_to(tmp_path / "elsewhere")
    scan = os.scandir

    def scandir(path: str | Path):
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", scandir)
    found = open_collection(root)
    assert list(found.paths) == ["cat/00.png", "cat/01.png", "dog/00.png", "dog/01.png", "dog/more/closed/"]
    assert list(found.labels) == ["cat", "cat", "dog", "dog", "dog"]
    with pytest.raises(InvalidInput, match=r"^The folder dog/more/closed cannot be read. .+\.$"):
        found.read(4)
    with pytest.raises(InvalidInput, match="cannot be read"):
        open_collection(tmp_path / "elsewhere" / "closed")
