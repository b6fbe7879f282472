"""Colors and depths of files: profiles against their own matrices, sensors of few bits, large photographs."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from core.images import open_image
from core.types import InvalidInput

# Primaries as XYZ under D50 (columns red, green, blue) and the exponent of the transfer curve.
SRGB = np.array([[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]])
P3 = np.array([[0.51512, 0.29198, 0.15710], [0.24120, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]])
ADOBE = np.array([[0.60974, 0.20528, 0.14919], [0.31111, 0.62567, 0.06322], [0.01947, 0.06087, 0.74457]])
PROPHOTO = np.array([[0.79767, 0.13519, 0.03135], [0.28804, 0.71187, 0.00009], [0.00000, 0.00000, 0.82491]])
PROFILES = {"P3": (P3, 2.2), "Adobe RGB": (ADOBE, 2.19921875), "ProPhoto": (PROPHOTO, 1.8), "sRGB": (SRGB, 2.2)}


def icc(columns: np.ndarray, gamma: float, space: bytes = b"RGB ") -> bytes:
    """A minimal matrix profile of version 2, written by hand (ICC.1:2001-04)."""

    def fixed(value: float) -> bytes:
        return struct.pack(">i", round(value * 65536))

    def xyz(column: np.ndarray) -> bytes:
        return b"XYZ \0\0\0\0" + b"".join(map(fixed, column))

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    white = np.array([0.9642, 1.0, 0.8249])
    described = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"made\0" + bytes(79)
    tags = {b"desc": described, b"wtpt": xyz(white), b"cprt": b"text\0\0\0\0none\0\0\0\0"}
    if space == b"GRAY":
        tags[b"kTRC"] = curve
    else:
        tags |= {name: xyz(column) for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns.T, strict=True)}
        tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    table, body, start = b"", b"", 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        data += bytes(-len(data) % 4)
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data
    head = struct.pack(">I4sI4s4s4s", start + len(body), b"\0\0\0\0", 0x02400000, b"mntr", space, b"XYZ ")
    head += struct.pack(">6H", 2020, 1, 1, 0, 0, 0) + b"acsp" + bytes(24) + struct.pack(">I", 0)
    head += b"".join(map(fixed, white)) + bytes(128 - len(head) - 12)
    return head + struct.pack(">I", len(tags)) + table + body


def by_hand(pixels: np.ndarray, columns: np.ndarray, gamma: float) -> np.ndarray:
    """Pixels (..., 3) of a profile as sRGB 0..255: to light, to XYZ, to sRGB's light, clipped, and encoded."""
    light = np.linalg.solve(SRGB, columns @ ((pixels.reshape(-1, 3).T / 255.0) ** gamma)).clip(0, 1)
    encoded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return 255 * encoded.T.reshape(pixels.shape)


def saved(pixels: np.ndarray | Image.Image, kind: str = "PNG", **options: object) -> bytes:
    held = io.BytesIO()
    (pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)).save(held, kind, **options)
    return held.getvalue()


COLORS = np.random.default_rng(0).integers(40, 216, (16, 16, 3), dtype=np.uint8)


@pytest.mark.parametrize("name", ["P3", "Adobe RGB", "ProPhoto"])
@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
def test_colors_of_a_profile_become_srgb(name: str, kind: str) -> None:
    columns, gamma = PROFILES[name]
    pixels = COLORS if kind != "JPEG" else np.full((16, 16, 3), (200, 80, 60), np.uint8)
    how = {"lossless": True} if kind == "WEBP" else {"quality": 100, "subsampling": 0} if kind == "JPEG" else {}
    found = open_image(saved(pixels, kind, icc_profile=icc(columns, gamma), **how)).pixels.astype(float)
    expected = by_hand(pixels, columns, gamma)
    assert np.abs(found - expected).max() <= (6 if kind == "JPEG" else 2)
    assert np.abs(found - pixels).max() > 10  # which is not what the numbers in the file say


def test_a_profile_applies_to_gray_transparent_and_indexed_pictures() -> None:
    columns, gamma = PROFILES["Adobe RGB"]
    alpha = np.full((16, 16, 1), 128, np.uint8)
    expected = by_hand(COLORS, columns, gamma) * (128 / 255) + 255 * (127 / 255)
    found = open_image(saved(np.dstack([COLORS, alpha]), icc_profile=icc(columns, gamma)))
    assert np.abs(found.pixels - expected).max() <= 2
    gray = np.arange(256, dtype=np.uint8).reshape(16, 16)
    light = (gray / 255.0) ** 1.8
    lit = 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    found = open_image(saved(gray, icc_profile=icc(columns, 1.8, b"GRAY"))).pixels
    assert np.abs(found - lit[..., None]).max() <= 3
    indexed = Image.fromarray(gray % 3)
    indexed.putpalette([200, 80, 60, 10, 220, 30, 90, 90, 90])
    colors = np.array([[200, 80, 60], [10, 220, 30], [90, 90, 90]])
    found = open_image(saved(indexed, icc_profile=icc(columns, gamma))).pixels
    assert np.abs(found - by_hand(colors, columns, gamma)[gray % 3]).max() <= 2


def test_srgb_by_any_name_and_broken_profiles_change_no_pixel() -> None:
    own = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    cmyk = icc(SRGB, 2.2).replace(b"RGB ", b"CMYK", 1)
    for profile in (own, b"nonsense", icc(SRGB, 2.2)[:200], icc(SRGB, 2.2, b"GRAY"), cmyk):
        assert np.array_equal(open_image(saved(COLORS, icc_profile=profile)).pixels, COLORS)


@pytest.mark.parametrize("bits", [8, 10, 12, 14])
def test_values_of_few_bits_in_a_16_bit_file_are_stretched_and_it_is_stated(bits: int) -> None:
    values = np.linspace(0, 2**bits - 1, 32 * 32).round().astype(np.uint16).reshape(32, 32)
    for source in (saved(values), Image.fromarray(values)):
        found = open_image(source)
        assert np.abs(found.pixels[..., 0] - values * (255 / (2**bits - 1))).max() <= 0.5
        assert f"{bits}-bit" in found.notes[0] and open_image(found, "fit").notes == found.notes
    whole = open_image(saved((values.astype(np.uint32) * 65535 // (2**bits - 1)).astype(np.uint16)))
    assert not whole.notes and whole.pixels.max() == 255
    assert not open_image(saved(np.zeros((9, 9), np.uint16))).notes


def png(values: np.ndarray, *more: tuple[bytes, bytes]) -> bytes:
    """A 16-bit PNG of values (h, w, 2, 3 or 4), by hand, its rows filtered in all five ways in turn (RFC 2083, 6)."""
    height, width, channels = values.shape
    rows = values.astype(">u2").tobytes()
    raw = np.zeros((height + 1, (width + 1) * 2 * channels), int)  # zeros above and on the left
    raw[1:, 2 * channels :] = np.frombuffer(rows, np.uint8).reshape(height, -1)
    now, left = raw[1:, 2 * channels :], raw[1:, : -2 * channels]
    up, corner = raw[:-1, 2 * channels :], raw[:-1, : -2 * channels]
    near = np.stack([abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)]).argmin(0)
    guesses = [0 * now, left, up, (left + up) // 2, np.choose(near, [left, up, corner])]
    lines = [bytes([y % 5]) + ((now - guesses[y % 5])[y] % 256).astype(np.uint8).tobytes() for y in range(height)]
    head = struct.pack(">IIBBBBB", width, height, 16, {2: 4, 3: 2, 4: 6}[channels], 0, 0, 0)
    chunks = [
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in ((b"IHDR", head), *more, (b"IDAT", zlib.compress(b"".join(lines))), (b"IEND", b""))
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize("channels", [2, 3, 4])
@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_colors_of_few_bits_in_a_16_bit_file_are_stretched_too(bits: int, channels: int) -> None:
    most = 2**bits - 1
    values = np.random.default_rng(bits).integers(0, most + 1, (20, 30, channels))
    values[0, 0] = most
    found = open_image(png(values), name="scan.png")
    colors, alpha = (values, 1.0) if channels == 3 else (values[..., :-1], values[..., -1:] / most)
    off = np.abs(found.pixels - 255 * (colors / most * alpha + 1 - alpha)).max()
    assert off <= (1.5 if bits < 16 else 2)  # color, alpha and their blend are rounded
    assert (f"{bits}-bit" in found.notes[0]) if bits < 16 else not found.notes


def test_alpha_and_a_transparent_color_of_a_file_of_few_bits() -> None:
    values = np.full((9, 9, 4), (255, 100, 0, 65535))
    assert open_image(png(values)).pixels[4, 4].tolist() == [255, 100, 0]  # whole alpha in 16 bits
    values = np.full((9, 9, 3), (255, 100, 0))
    values[:4] = 100
    found = open_image(png(values, (b"tRNS", struct.pack(">HHH", 100, 100, 100)))).pixels
    assert (found[0] == 255).all() and found[8, 8].tolist() == [255, 100, 0]
    black = open_image(png(np.zeros((9, 9, 3), int)))
    assert not black.notes and not black.pixels.any()
    with pytest.raises(InvalidInput, match="damaged"):
        open_image(png(values)[:-40])


@pytest.mark.filterwarnings("ignore:Image size")
def test_large_photographs_of_telephones_are_decoded_at_a_reduced_size() -> None:
    for kind in ("JPEG", "MPO"):
        found = open_image(saved(Image.new("RGB", (8064, 6048), (200, 20, 20)), kind))
        assert found.pixels.shape == (1200, 1600, 3) and np.abs(found.pixels - np.array([200, 20, 20])).max() <= 2
    with pytest.raises(InvalidInput, match="more than 64 million pixels"):
        open_image(saved(Image.new("L", (9000, 8000)), "JPEG", progressive=True))
    with pytest.raises(InvalidInput, match="more than 110 million pixels"):
        open_image(saved(Image.new("L", (12000, 9200)), "JPEG"))
