"""Hostile pictures: damaged, huge, mislabeled, and named so that they cannot be shown."""

from __future__ import annotations

import io
import os
import random
import socket
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

Make = Callable[[Path], Path]
DAMAGED = 36
"""How many files of each format are cut, and in how many bytes are changed."""
OTHERS = {
    "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\nshowpage\n", "svg": b"<svg xmlns='a'><image/></svg>",
    "pdf": b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n", "html": b"<html><img src=x onerror=alert(1)>", "elf": b"\x7fELF" * 40,
    "gzip": b"\x1f\x8b\x08" + bytes(40), "psd": b"8BPS\0\1" + bytes(40), "tiff": b"II*\0\x08\0\0\0\0\0",
    "bmp": b"BM" + bytes(60), "ico": b"\0\0\1\0\1\0" + bytes(40), "fits": b"SIMPLE  =" + b" " * 3000, "text": b"hello",
    "zeros": bytes(5000), "ones": b"\xff" * 5000, "empty": b"", "one": b"\x89", "jpeg head": b"\xff\xd8\xff\xe0",
    "png head": b"\x89PNG\r\n\x1a\n", "webp head": b"RIFF\x1a\0\0\0WEBPVP8L", "heic": b"\0\0\0\x18ftypheic" + bytes(50),
}  # fmt: skip
"""Other kinds of files, called pictures."""


def pixels(side: int = 96, seed: int = 0) -> Image.Image:
    """A picture with noise."""
    return Image.fromarray(np.random.default_rng(seed).integers(0, 255, (side, side, 3), dtype=np.uint8))


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """The bytes of a picture's file."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@cache
def sound() -> dict[str, bytes]:
    """A sound file of each format."""
    image, gray = pixels(), pixels().convert("L")
    deep = Image.fromarray(np.arange(96 * 96, dtype=np.uint16).reshape(96, 96) * 7)
    return {
        "jpeg": encoded(image, "jpeg"),
        "progressive": encoded(image, "jpeg", progressive=True),
        "png": encoded(image, "png"),
        "deep png": encoded(deep, "png"),
        "webp": encoded(image, "webp"),
        "lossless webp": encoded(gray, "webp", lossless=True),
    }


def written(data: bytes | Callable[[], bytes], folder: Path, name: str = "picture.jpg") -> Path:
    """A file in a folder."""
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data())
    return path


def damaged() -> Iterator[tuple[str, Make]]:
    """Files that are cut short, and files with some wrong bytes."""
    for kind, data in sound().items():
        draw = random.Random(kind)
        for number in range(DAMAGED):
            end = draw.randrange(1, min(len(data), 400) if number % 2 else len(data))
            yield f"{kind} {number}, cut after {end} bytes", partial(written, data[:end])
            wrong = bytearray(data)
            for _ in range(draw.choice((1, 3, 30))):
                wrong[draw.randrange(min(len(data), draw.choice((64, 700, len(data)))))] = draw.randrange(256)
            yield f"{kind}, wrong bytes {number}", partial(written, bytes(wrong))


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *chunks: bytes, bits: int = 8, color: int = 2) -> bytes:
    """A PNG of any stated size with these chunks."""
    head = struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + b"".join(chunks) + chunk(b"IEND", b"")


def many_scans(scans: int) -> bytes:
    """A progressive JPEG whose last scan is repeated."""
    data = encoded(Image.new("RGB", (2000, 1500), "gray"), "jpeg", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * scans + b"\xff\xd9"


def resized(data: bytes, width: int, height: int) -> bytes:
    """A JPEG that states another size."""
    start = max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2"))
    return data[: start + 5] + struct.pack(">HH", height, width) + data[start + 9 :]


def frames(kind: str, count: int) -> bytes:
    """An animation."""
    return encoded(pixels(64), kind, save_all=True, append_images=[pixels(64, seed) for seed in range(count)])


def with_profile(profile: bytes) -> bytes:
    """A JPEG with these bytes as its color profile."""
    return encoded(pixels(), "jpeg", icc_profile=profile)


def with_orientation(value: object) -> bytes:
    """A JPEG with that orientation."""
    exif = Image.Exif()
    exif[0x0112] = value
    return encoded(pixels(), "jpeg", exif=exif)


def large() -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Files that are much larger when they are decoded."""
    flat = zlib.compress(bytes(30_000 * 3 + 1) * 200)
    for width, height in [(12_000, 12_000), (100_000, 1), (1, 100_000), (2**31 - 1, 2**31 - 1), (0, 9), (6300, 6300)]:
        yield f"png of {width} × {height}", partial(png, width, height, chunk(b"IDAT", flat))
        yield (
            f"jpeg of {width % 65536} × {height % 65536}",
            partial(resized, sound()["jpeg"], width % 65536, height % 65536),
        )
    for side in (4000, 6300, 7000):
        yield f"webp of {side} × {side}", lambda side=side: encoded(Image.new("RGB", (side, side)), "webp", method=0)
        yield (
            f"lossless webp of {side} × {side}",
            lambda side=side: encoded(Image.new("RGBA", (side, side), (9, 9, 9, 99)), "webp", lossless=True, method=0),
        )
        yield f"png of {side} × {side} pixels", lambda side=side: encoded(Image.new("RGB", (side, side)), "png")
        yield f"jpeg of {side} × {side} pixels", lambda side=side: encoded(Image.new("RGB", (side, side)), "jpeg")
        yield (
            f"progressive of {side} × {side}",
            lambda side=side: encoded(Image.new("RGB", (side, side)), "jpeg", progressive=True),
        )
    yield "jpeg of 10000 × 10000 pixels", lambda: encoded(Image.new("L", (10_000, 10_000)), "jpeg", quality=1)
    for scans in (50, 100, 500, 3000):
        yield f"progressive with {scans} more scans", partial(many_scans, scans)


def strange() -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Rare and wrong contents of each format."""
    bomb = zlib.compress(bytes(300 << 20))
    row = zlib.compress(bytes(8 * 3 + 1) * 8)
    texts = [chunk(b"zTXt", b"a\0\0" + bomb), chunk(b"iCCP", b"a\0\0" + bomb),
             chunk(b"iTXt", b"a\0\1\0\0\0" + bomb), chunk(b"eXIf", b"II*\0" + bytes(99)), chunk(b"tRNS", bytes(6)),
             chunk(b"PLTE", bytes(4)), chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0)),
             b"".join([chunk(b"tEXt", b"a\0b")] * 50_000)]  # fmt: skip
    for number, one in enumerate(texts):
        yield f"png with chunk {number}", lambda one=one: png(64, 64, one, chunk(b"IDAT", row))
    yield "png with 100,000 empty parts", lambda: png(64, 64, *[chunk(b"IDAT", b"")] * 100_000, chunk(b"IDAT", row))
    for bits, color in [(1, 0), (2, 3), (4, 3), (16, 0), (16, 2), (16, 4), (16, 6), (8, 3), (8, 5), (3, 2), (32, 2)]:
        yield (
            f"png of {bits} bits, color {color}",
            lambda bits=bits, color=color: png(
                64, 64, chunk(b"IDAT", zlib.compress(bytes(64 * 64 * 9))), bits=bits, color=color
            ),
        )
    for mode in ("1", "L", "LA", "P", "RGBA", "CMYK", "I;16"):
        kind = "jpeg" if mode == "CMYK" else "png"
        yield f"{kind} of mode {mode}", lambda mode=mode, kind=kind: encoded(Image.new(mode, (64, 64)), kind)
    for kind, count in [("png", 200), ("webp", 200)]:
        yield f"animated {kind}", partial(frames, kind, count)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    draw = random.Random(1)
    for number in range(12):
        wrong = bytearray(profile)
        for _ in range(20):
            wrong[draw.randrange(len(wrong))] = draw.randrange(256)
        yield f"jpeg with wrong color profile {number}", partial(with_profile, bytes(wrong))
    for size in (0, 1, 100, 60_000, 1_000_000):
        yield f"jpeg with {size} bytes as its profile", partial(with_profile, bytes(size))
    for value in range(11):
        yield f"jpeg with orientation {value}", partial(with_orientation, value)


def special(kind: str, folder: Path) -> Path:
    """A path that is no regular file, or not easy to show."""
    path = folder / "picture.png"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "loop":
        path.symlink_to(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(os.path.relpath(path))
    elif kind == "locked":
        written(sound()["png"], folder, path.name).chmod(0)
    return path


NAMES = (
    b"caf\xe9.png", b"\xff\xfe\xfd.png", b"line\nbreak.png", b"tab\t.png", b"\x1b[31mred.png", b"a" * 250 + b".png",
    "\u202egnp.exe.png".encode(), b"\\x41.png", b" .png", b"%2e%2e.png", b"a'\"<b>&.png", b"-rf.png", b"nul.png",
)  # fmt: skip


def pictures() -> Iterator[tuple[str, Make]]:
    """Every hostile picture by its name: ``make(folder)`` writes it and returns its path."""
    yield from damaged()
    for kind, data in OTHERS.items():
        yield f"{kind} called a picture", partial(written, data)
    for kind, make in (*large(), *strange()):
        yield kind, partial(written, make)
    for kind in ("pipe", "device", "loop", "folder", "socket", "locked", "missing"):
        yield f"{kind} called a picture", partial(special, kind)
    for name in NAMES:
        yield f"name {name[:20]!r}", lambda folder, name=name: written(sound()["png"], folder, os.fsdecode(name))
