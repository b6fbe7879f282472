"""Zips as people make them: paths of every system, names in every code, passwords; and what must never be unpacked."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

import core
from core.data.pictures import open_collection, open_picture
from core.types import InvalidInput
from tests.core.small_scans import draw, fill, pack


def entries(file: Path, *names: str) -> Path:
    """A zip of one picture by many names, written as they are."""
    data = draw(file.parent / "one.png", 1).read_bytes()
    with zipfile.ZipFile(file, "w") as packed:
        for name in names:
            entry = zipfile.ZipInfo("x")
            entry.filename = name
            packed.writestr(entry, data)
    return file


@pytest.mark.parametrize(
    ("name", "path", "label"),
    [("./a/1.png", "a/1.png", "a"), ("a\\1.png", "a/1.png", "a"), (".\\a\\\\1.png", "a/1.png", "a"),
     ("12:30/a/1.png", "12:30/a/1.png", "a"), ("a//1.png", "a/1.png", "a"), ("top/a/1.png", "top/a/1.png", "a"),
     ("a/./1.png", "a/1.png", "a"), ("a/../a/1.png", "a/1.png", "a"),
     ("b\\..\\a\\1.png", "a/1.png", "a"), ("a/b/.././/../a/1.png", "a/1.png", "a"),
     ("a/x:y.png", "a/x:y.png", "a"), ("a/..png.png", "", None),
     ("Käfer/1.png", "Käfer/1.png", "Käfer"), ("a/tab\t.png", "a/tab\\x09.png", "a")],
)  # fmt: skip
def test_harmless_zips_are_read(tmp_path: Path, name: str, path: str, label: str | None) -> None:
    file = entries(tmp_path / "x.zip", name)
    if not path:  # a hidden one
        with pytest.raises(InvalidInput, match="There is no picture"):
            open_collection(file)
        return
    found = open_collection(file)
    assert found.paths[0] == path and found.labels[0] == label
    assert np.array_equal(found.read(0).pixels, open_picture(found.origin, path).pixels)


@pytest.mark.parametrize("name", ["../x.png", "a/../../x.png", "/x.png", "\\x.png", "C:/x.png", "c:\\x.png",
                                  "..\\x.png", "a\\..\\..\\x.png", "\\\\server\\share\\x.png", "//server/x.png",
                                  "./../x.png", "a/../../a/x.png", "a/../C:/x.png"])  # fmt: skip
def test_zips_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInput, match=r"a path outside the zip. .+\.$"):
        open_collection(entries(tmp_path / "x.zip", "a/1.png", name))


def test_names_in_utf8_that_do_not_say_so_are_read(tmp_path: Path) -> None:
    file = pack(fill(tmp_path / "d", 1, ("Käfer", "b")), tmp_path / "x.zip")
    data = bytearray(file.read_bytes())
    for mark, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        place = -1
        while (place := data.find(mark, place + 1)) >= 0:
            data[place + at : place + at + 2] = b"\0\0"  # the flags
    file.write_bytes(data)
    found = open_collection(file)
    assert found.names == ("Käfer", "b") and found.read(0).pixels.any()


def test_of_two_entries_by_one_name_the_later_one_holds(tmp_path: Path) -> None:
    one, other = (draw(tmp_path / f"{n}.png", n).read_bytes() for n in (1, 2))
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as packed:
        packed.writestr("a/1.png", one)
        with pytest.warns(UserWarning, match="Duplicate"):
            packed.writestr("a/1.png", other)
    found = open_collection(tmp_path / "x.zip")
    assert len(found) == 1 and found.read(0).sha256 == core.open_image(other).sha256


def test_zips_with_a_password_are_reported(tmp_path: Path) -> None:
    file = pack(fill(tmp_path / "d", 2, ("a",)), tmp_path / "x.zip")
    whole = file.read_bytes()

    def lock(count: int) -> None:
        data = bytearray(whole)
        for mark, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
            place = -1
            for _ in range(count):
                place = data.find(mark, place + 1)
                data[place + at] |= 1
        file.write_bytes(data)

    lock(2)
    with pytest.raises(InvalidInput, match=r"^x.zip is protected by a password. Create the zip without one\.$"):
        open_collection(file)
    lock(1)
    found = open_collection(file)
    with pytest.raises(InvalidInput, match=r"^a/00.png cannot be unpacked: it is protected by a password. .+\.$"):
        found.read(0)
    assert found.read(1).pixels.any()
