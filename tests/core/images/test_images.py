"""Pictures in: each format and each fault, made on the fly."""

from __future__ import annotations

import io
import os
import struct
import zlib
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile, WebPImagePlugin

from core.images import MAX_BYTES, open_image
from core.types import InvalidInput
from tests.core.refusals import short_refusal

pytestmark = pytest.mark.filterwarnings("ignore:(Corrupt EXIF|Truncated|Tag data|Image size)")
BLACK = np.zeros((40, 60, 3), np.uint8)
RANDOM = np.random.default_rng(0).integers(0, 256, (24, 36, 3), dtype=np.uint8)


def saved(image: Image.Image | np.ndarray, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(buffer, kind, **options)
    return buffer.getvalue()


def oriented(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, bits: int, color: int, rows: list[bytes], extra: bytes = b"") -> bytes:
    """A PNG written by hand, for what Pillow does not write."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, len(rows), bits, color, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows), 1))
    return b"\x89PNG\r\n\x1a\n" + header + extra + body + chunk(b"IEND", b"")


def refusal(source: object, **options: object) -> str:
    """The sentence with which a source is refused."""
    return short_refusal(open_image, source, **options)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_path_and_bytes_give_the_same_picture_whatever_the_name_says(tmp_path: Path, kind: str) -> None:
    ramp = (np.add.outer(np.arange(24) * 4, np.arange(36) * 2)[..., None] + np.array([0, 20, 40])).astype(np.uint8)
    data, path = saved(ramp, kind, quality=100, lossless=True), tmp_path / "liar.png"
    path.write_bytes(data)
    one, two, three = open_image(path), open_image(str(path)), open_image(data, name="mine")
    assert (one.name, three.name, open_image(data).name) == ("liar.png", "mine", "picture")
    assert one.sha256 == two.sha256 == three.sha256 == sha256(data).hexdigest()
    assert np.abs(one.pixels.astype(int) - ramp).max() <= (3 if kind == "JPEG" else 0)
    assert np.array_equal(one.pixels, three.pixels) and not one.pixels.flags.writeable


def test_arrays_and_pil_images_are_known_by_pixels_and_shape() -> None:
    picture, opaque = open_image(RANDOM), np.dstack([RANDOM, np.full((24, 36), 255, np.uint8)])
    for same in (RANDOM.astype(np.float32) / 255, Image.fromarray(RANDOM), opaque):
        assert open_image(same).key == picture.key and np.array_equal(open_image(same).pixels, RANDOM)
    assert open_image(RANDOM.reshape(36, 24, 3)).sha256 != picture.sha256
    assert np.array_equal(open_image(RANDOM[..., 0]).pixels, np.repeat(RANDOM[..., :1], 3, 2))
    again = open_image(picture, "fit", name="mine")
    assert again.pixels is picture.pixels and again.box == (0, -6, 36, 30) and again.name == "mine"


def test_gray_and_colors_of_one_to_sixteen_bits_and_inks() -> None:
    for bits in (1, 2, 4, 8):
        levels = np.arange(8) % 2**bits
        row = int("".join(f"{level:0{bits}b}" for level in levels), 2).to_bytes(bits, "big")
        assert np.array_equal(open_image(png(8, bits, 0, [row] * 8)).pixels[5, :, 2], levels * 255 // (2**bits - 1))
    values = np.linspace(0, 65535, 32 * 32).round().astype(np.uint16).reshape(32, 32)
    gray, rows = np.rint(values / 257), [row.astype(">u2").tobytes() for row in values]
    for source in (saved(values), Image.fromarray(values)):
        assert np.array_equal(open_image(source).pixels, np.repeat(gray[..., None], 3, 2))  # scaled, not clipped
    gray[3, 3] = 255
    clear = open_image(png(32, 16, 0, rows, chunk(b"tRNS", struct.pack(">H", values[3, 3]))))
    assert np.array_equal(clear.pixels[..., 1], gray)
    colors = np.stack([values, values[::-1], values.T], 2)
    deep = open_image(png(32, 16, 2, [row.astype(">u2").tobytes() for row in colors]))
    assert np.abs(deep.pixels - colors / 257).max() <= 1
    for ink in ((0, 255, 255, 0), (255, 0, 0, 0), (0, 0, 0, 255), (0, 0, 0, 0), (51, 102, 153, 51)):
        expected = [255 * (1 - part / 255) * (1 - ink[3] / 255) for part in ink[:3]]
        printed = open_image(saved(Image.new("CMYK", (16, 16), ink), "JPEG", quality=95))
        assert np.abs(printed.pixels - expected).max() <= 3


def test_transparency_lies_on_white() -> None:
    alpha = np.random.default_rng(1).integers(0, 256, (24, 36, 1), dtype=np.uint8)
    for colors in (RANDOM, RANDOM[..., :1]):
        expected = colors * (alpha / 255.0) + 255 * (1 - alpha / 255.0)
        layered = np.dstack([colors, alpha])
        for source in (saved(layered), saved(layered, "WEBP", lossless=True, exact=True), Image.fromarray(layered)):
            assert np.abs(open_image(source).pixels - expected).max() <= 1
    keyed = png(8, 8, 2, [bytes(range(24))] * 8, chunk(b"tRNS", struct.pack(">HHH", 3, 4, 5)))
    assert open_image(keyed).pixels[0, :3].tolist() == [[0, 1, 2], [255, 255, 255], [6, 7, 8]]
    indices = np.arange(64, dtype=np.uint8).reshape(8, 8) % 3
    palette, colors = Image.fromarray(indices), np.array([[200, 0, 0], [0, 100, 0], [0, 0, 50]])
    palette.putpalette(colors.ravel().tolist())
    assert np.array_equal(open_image(saved(palette)).pixels, colors[indices])
    colors[1:] = [[255, 255, 255], [204, 204, 214]]
    assert np.abs(open_image(saved(palette, transparency=bytes([255, 0, 51]))).pixels - colors[indices]).max() <= 1


def test_of_an_animation_the_first_frame() -> None:
    red, *others = [Image.new("RGB", (16, 16), color) for color in ("red", "lime", "blue")]
    for kind in ("WEBP", "PNG", "MPO"):
        first = open_image(saved(red, kind, save_all=True, append_images=others))
        assert np.abs(first.pixels - np.array([255, 0, 0])).max() <= 2


# Where the EXIF standard says that the stored first row and first column belong, for orientations 1 to 8.
SIDES = ["top left", "top right", "bottom right", "bottom left", "left top", "right top", "right bottom", "left bottom"]


@pytest.mark.parametrize(("orientation", "sides"), list(enumerate(SIDES, 1)))
def test_exif_orientation(orientation: int, sides: str) -> None:
    turned = sides.startswith(("left", "right"))
    expected = np.zeros((36, 24, 3) if turned else (24, 36, 3), np.uint8)
    for row, column in np.ndindex(24, 36):
        y, x = (column, row) if turned else (row, column)
        expected[-1 - y if "bottom" in sides else y, -1 - x if "right" in sides else x] = RANDOM[row, column]
    exif = oriented(orientation)
    for data in (saved(RANDOM, exif=exif), saved(RANDOM, "WEBP", lossless=True, exif=exif)):
        for source in (data, Image.open(io.BytesIO(data))):
            assert np.array_equal(open_image(source).pixels, expected)
    jpeg = open_image(saved(RANDOM.repeat(8, 0).repeat(8, 1), "JPEG", quality=98, subsampling=0, exif=exif))
    assert np.abs(jpeg.pixels[4::8, 4::8].astype(int) - expected).max() <= 12
    for broken in (b"nonsense", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x05\0\0\0\x01\xff\xff"):
        assert open_image(saved(RANDOM, exif=b"Exif\0\0" + broken)).pixels.shape == RANDOM.shape


def test_large_pictures_are_reduced_upright_and_whole() -> None:
    stored = np.full((1000, 3000, 3), (255, 0, 0), np.uint8)
    stored[:, 1500:] = (0, 0, 255)
    for kind in ("JPEG", "PNG"):
        pixels = open_image(saved(stored, kind, exif=oriented(6))).pixels  # turned clockwise: left becomes above
        halves = np.abs(pixels[:790] - np.array([255, 0, 0])), np.abs(pixels[810:] - np.array([0, 0, 255]))
        assert pixels.shape == (1600, 533, 3) and max(half.max() for half in halves) <= 3
    lazy = Image.open(io.BytesIO(saved(stored, "JPEG")))
    assert open_image(lazy).pixels.shape == (533, 1600, 3) and lazy.size == (3000, 1000)


def test_what_is_refused(tmp_path: Path) -> None:
    empty, large, other = tmp_path / "empty.png", tmp_path / "large.png", tmp_path / "other.png"
    empty.touch()
    large.write_bytes(bytes(MAX_BYTES + 1))
    assert "empty.png is empty" in refusal(empty) and "is empty" in refusal(b"")
    assert "larger than 10 MB" in refusal(large)
    assert "There is no file" in refusal(tmp_path / "missing.png") and "not a file" in refusal(tmp_path)
    os.mkfifo(tmp_path / "pipe.png")  # to open it would wait forever
    (tmp_path / "link.png").symlink_to("/dev/zero")
    assert "not a file" in refusal(tmp_path / "pipe.png") and "not a file" in refusal(tmp_path / "link.png")
    assert "cannot be read" in refusal("x" * 5000) and "not a JPEG" in refusal(b"a text, no picture")
    for kind in ("EPS", "TIFF", "BMP", "PPM", "PDF", "GIF"):
        other.write_bytes(saved(RANDOM, kind))
        assert "other.png is not a JPEG, PNG or WebP" in refusal(other)
    assert "7 × 9 pixels" in refusal(saved(Image.new("RGB", (7, 9)))) and "0 × 20" in refusal(np.zeros((20, 0, 3)))
    assert "too narrow" in refusal(saved(Image.new("1", (9, 20_000)))) and "not None" in refusal(None)
    assert "mode I " in refusal(Image.new("I", (20, 20))) and "mode F " in refusal(Image.new("F", (20, 20)))
    assert "shape" in refusal(np.zeros((20, 20, 2), np.uint8)) and "shape" in refusal(np.zeros(20))
    assert "int64" in refusal(np.zeros((20, 20), np.int64))
    for wrong in (np.nan, 1.5, -0.5, np.inf):
        assert "between 0 and 1" in refusal(np.full((20, 20), wrong))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_damaged_files_give_a_picture_or_a_sentence(kind: str) -> None:
    data, draw = saved(RANDOM, kind, exif=oriented(6)), np.random.default_rng(2)
    for length in (len(data) // 2, len(data) * 3 // 4, len(data) - 40):
        assert "photo is damaged or incomplete" in refusal(data[:length], name="photo")
    for _ in range(150):
        spoilt = bytearray(data)
        for place in draw.integers(0, 120, 2):
            spoilt[place] = draw.integers(0, 256)
        with suppress(InvalidInput):  # and nothing else
            assert open_image(spoilt).pixels.ndim == 3


def test_bombs_are_refused_before_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    wide, decoded = 12_000, []
    canvas = b"VP8X" + struct.pack("<II", 10, 0) + (wide - 1).to_bytes(3, "little") * 2
    lossless = b"VP8L" + struct.pack("<IBI", 5, 0x2F, wide - 1 | wide - 1 << 14)
    lossy = b"VP8 " + struct.pack("<I", 10) + b"\x10\0\0\x9d\x01\x2a" + struct.pack("<HH", wide, wide)
    bombs = [b"RIFF\0\2\0\0WEBP" + head + bytes(400) for head in (canvas, lossless, lossy)]
    bombs += [png(wide, 1, 0, [bytes(wide // 8)] * wide)]
    bombs += [saved(RANDOM, "JPEG").replace(struct.pack(">HH", 24, 36), struct.pack(">HH", wide, wide))]
    monkeypatch.setattr(ImageFile.ImageFile, "load", decoded.append)
    monkeypatch.setattr(WebPImagePlugin._webp, "WebPAnimDecoder", decoded.append)
    for data in bombs:
        assert len(data) < 100_000 and "0 million pixels" in refusal(data) and not decoded
    assert refusal(saved(RANDOM, "WEBP")) and decoded  # the trap does catch a decoder
