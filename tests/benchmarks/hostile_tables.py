"""Hostile tables, zips and folders of pictures."""

from __future__ import annotations

import io
import os
import random
import struct
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from tests.benchmarks.hostile_pictures import NAMES, Make, sound, written

ROWS = 1_000_000
ENTRIES = 300_000
CUT = 24
COMPRESSIONS = {
    "stored": zipfile.ZIP_STORED, "deflate": zipfile.ZIP_DEFLATED, "bzip2": zipfile.ZIP_BZIP2, "lzma": zipfile.ZIP_LZMA,
}  # fmt: skip


def table_with_pictures(data: bytes | Callable[[], bytes], folder: Path) -> Path:
    """A CSV next to two pictures, a.png and b.png."""
    for name in ("a.png", "b.png"):
        written(sound()["png"], folder, name)
    return written(data, folder, "table.csv")


def tables() -> Iterator[tuple[str, Make]]:
    """CSVs that are huge, malformed, or lead elsewhere."""
    big = {
        "a million rows of one picture": lambda: b"path,label\n" + b"a.png,x\n" * ROWS,
        "a million rows of missing pictures": lambda: "".join(f"{i}.png,x\n" for i in range(ROWS)).encode(),
        "a million rows with fifty cells": lambda: b"a.png" + b",x" * 49 + (b"\na.png" + b",x" * 49) * (ROWS // 2),
        "a million empty rows": lambda: b"a.png,x\n" + b"\n" * ROWS + b"b.png,y\n",
        "a million cells in a row": lambda: b"a.png," * ROWS,
        "100 MB in a cell": lambda: b"a.png,x\nb.png," + b"y" * (99 << 20),
        "an open quotation mark": lambda: b'a.png,"x\n' * (ROWS // 2),
        "101 MB": lambda: b"a.png,x\n" * (101 << 17),
        "a hundred thousand labels": lambda: "".join(f"a.png,label {i}\n" for i in range(100_000)).encode(),
    }
    plain = b"path,label,split\na.png,x,train\nb.png,y,val\n"
    small = [b"", b"\n", b",", b"\0", b"\xef\xbb\xbf", plain.decode().encode("utf-16"), plain.decode().encode("utf-32"),
             b"a.png,x\0y\nb.png,z", b"sep=;\na.png;x", b"sep=", b"#a.png\n#b.png", b"a.png,\xff\xfe\nb.png,\xe9",
             b"path\n../../../../etc/passwd\n/etc/passwd\n", b"path\n/dev/zero\n/dev/stdin\n",
             b"path\na.png/../a.png\n",
             b"path,path\na.png,b.png", b"label,split\nx,y", b'"a.png""', b"a.png\rb.png\r\nb.png", b"=1+1,a.png",
             b"path\n" + b"\\x00.png\n\\xff.png", b"PK\3\4", b"\xd0\xcf\x11\xe0", b"root:x:0:0\n" * 90,
             "path,label\na.png,\u202e\nb.png,\ud800".encode(errors="surrogatepass"), b"a.png;x,y|z\tw\n" * 60,
             b"https://127.0.0.1:9/a.png,x\nfile:///etc/passwd,y",
             b"path\n" + b"a" * 5000 + b".png\na.png"]  # fmt: skip
    for name, make in big.items():
        yield f"table of {name}", partial(table_with_pictures, make)
    for number, data in enumerate(small):
        yield f"table {number}: {data[:24]!r}", partial(table_with_pictures, data)
    draw = random.Random(3)
    for number in range(CUT):
        wrong = bytearray(plain * 3)
        for _ in range(number + 1):
            wrong[draw.randrange(len(wrong))] = draw.randrange(256)
        yield f"table with {number + 1} wrong bytes", partial(table_with_pictures, bytes(wrong))


def packed(files: dict[str, bytes], kind: str = "deflate") -> bytes:
    """A zip of these files."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", COMPRESSIONS[kind]) as one:
        for name, data in files.items():
            one.writestr(name, data)
    return file.getvalue()


def bomb(kind: str, megabytes: int = 1500) -> bytes:
    """A zip with a file that unpacks to so much, although its table of contents states little."""
    file, name = io.BytesIO(), "a/bomb.png"
    with zipfile.ZipFile(file, "w", COMPRESSIONS[kind]) as one, one.open(name, "w") as entry:
        for _ in range(megabytes):
            entry.write(bytes(1 << 20))
    data = bytearray(file.getvalue())
    stated = data.rindex(b"PK\1\2") + 24
    data[stated : stated + 4] = struct.pack("<I", 1 << 20)
    return bytes(data)


def many_entries(count: int) -> bytes:
    """A zip of so many empty pictures."""
    return packed({f"{number % 100}/{number}.png": b"" for number in range(count)}, "stored")


def zips() -> Iterator[tuple[str, Make]]:
    """Zips that are damaged, unpack to more than they state, or lead elsewhere."""
    good = {"a/1.png": sound()["png"], "b/2.jpg": sound()["jpeg"]}
    named = partial(written, name="data.zip")
    for kind in COMPRESSIONS:
        yield f"zip, {kind}", lambda folder, kind=kind: named(packed(good, kind), folder)
        yield (
            f"zip bomb, {kind}",
            lambda folder, kind=kind: named(bomb(kind, 300 if kind == "stored" else 1500), folder),
        )
    for count in (ENTRIES, 20_000):
        yield f"zip of {count} entries", lambda folder, count=count: named(many_entries(count), folder)
    inner = packed({"inner.zip": packed(good)})
    others = [{}, {"a/": b""}, {"a.txt": b"x"}, {"../a.png": b"x"}, {"/etc/a.png": b"x"}, {"C:/a.png": b"x"},
              {"a/../../b.png": b"x"}, {"a\\..\\..\\b.png": b"x"}, {"a/./b.png": sound()["png"]},
              {"__MACOSX/a.png": b"x"},
              {"a" * 60_000 + ".png": b"x"}, {"a/b.png": sound()["png"], "a/b.PNG": b"x"}, {"caf\xe9/\u202e.png": b"x"},
              {"a/" * 9000 + "b.png": b"x"}, {"\n/\x1b.png": b"x"}, {"a/inner.png": inner}]  # fmt: skip
    for number, files in enumerate(others):
        yield f"zip with strange paths {number}", lambda folder, files=files: named(packed(files), folder)
    data, draw = packed(good), random.Random(4)
    for number in range(CUT):
        end = draw.randrange(len(data))
        yield f"zip {number}, cut after {end} bytes", lambda folder, end=end: named(data[:end], folder)
        wrong = bytearray(data)
        for _ in range(3 + number):
            wrong[-draw.randrange(1, 300)] = draw.randrange(256)
        yield f"zip with wrong bytes {number}", lambda folder, wrong=bytes(wrong): named(wrong, folder)


def folder_with(kind: str, folder: Path) -> Path:
    """A folder of pictures with something else among them."""
    root = folder / "pictures"
    inside = root / "a"
    inside.mkdir(parents=True)
    written(sound()["png"], inside, "good.png")
    path = inside / "other.png"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind in ("/dev/zero", "/etc/passwd", "loop", "missing"):
        path.symlink_to({"loop": path}.get(kind, kind))
    elif kind == "cycle":
        (inside / "again").symlink_to(root)
    elif kind == "deep":
        os.makedirs(os.path.join(inside, *["d"] * 400))
    elif kind == "many":
        for number in range(20_000):
            (inside / f"{number}.png").touch()
    elif kind == "names":
        for name in NAMES:
            written(sound()["png"], inside, os.fsdecode(name))
        os.mkdir(os.fsencode(root) + b"/class \xe9\xff")
        written(sound()["png"], root / os.fsdecode(b"class \xe9\xff"), "one.png")
    elif kind == "locked":
        path.mkdir(mode=0)
    return root


def folders() -> Iterator[tuple[str, Make]]:
    """Folders with pipes, devices, links in circles, and names that are not text."""
    for kind in ("pipe", "/dev/zero", "/etc/passwd", "loop", "missing", "cycle", "deep", "many", "names", "locked"):
        yield f"folder with {kind}", partial(folder_with, kind)
