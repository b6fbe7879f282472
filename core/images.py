"""Untrusted bytes to a picture, a picture to the square that a model sees, and a map over that square back to it.

Coordinates are those of the picture's pixels: the pixel in row y and column x covers x..x+1, y..y+1, and its centre
lies at (x + 0.5, y + 0.5). All functions are pure and may be called from any thread; nothing is written to disk.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from core.types import Box, InvalidInput, Picture, frozen

FORMATS = ("JPEG", "PNG", "WEBP")
MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000
LONGEST = 1600  # pixels; a larger picture is reduced to this, so that one picture holds 7.7 MB at most
SMALLEST = 8  # pixels
BASELINE = (124, 116, 104)  # the mean colour of ImageNet, the shipped models' normalised zero

Framing = Literal["centre", "fit"] | Box
Source = str | Path | bytes | Image.Image | np.ndarray | Picture

TURNS = ("FLIP_LEFT_RIGHT", "ROTATE_180", "FLIP_TOP_BOTTOM", "TRANSPOSE", "ROTATE_270", "TRANSVERSE", "ROTATE_90")
"""What brings pictures of the EXIF orientations 2 to 8 upright, as Pillow names it."""


def open_image(source: Source, framing: Framing = "centre", name: str | None = None) -> Picture:
    """An upright RGB picture from a path, bytes, a PIL image, an array or a picture, framed as ``reframe`` says.

    Content decides the type of a file: JPEG, PNG or WebP; an animation gives its first frame. An array is (h, w),
    (h, w, 3) or (h, w, 4), uint8 or floats in 0..1. Transparency lies on white, 16 bits are scaled to 8, and a picture
    longer than ``LONGEST`` is reduced to it: a box of one's own is in pixels of the picture that comes back. A Picture
    is reframed too.

    Raises InvalidInput for anything else, for a damaged or an empty file, for more than ``MAX_BYTES`` or ``MAX_PIXELS``
    (found before decoding), and for less than ``SMALLEST`` pixels on a side.
    """
    if isinstance(source, Picture):
        picture = source if name is None else replace(source, name=name)
    elif isinstance(source, (str, Path)):
        picture = load_bytes(_read_file(Path(source)), name or Path(source).name)
    elif isinstance(source, (bytes, bytearray, memoryview)):
        picture = load_bytes(bytes(source), name or "picture")
    elif isinstance(source, Image.Image):
        picture = _load_image(source, name or Path(getattr(source, "filename", "")).name or "picture")
    elif isinstance(source, np.ndarray):
        picture = _load_image(_image_of_array(source), name or "picture")
    else:
        raise InvalidInput(f"Give a path, bytes, a PIL image or a numpy array, not {type(source).__name__}.")
    return reframe(picture, framing)


def load_bytes(data: bytes, name: str = "picture") -> Picture:
    """The centred picture in the bytes of one file; ``sha256`` is of exactly these. Raises as ``open_image``."""
    if not data:
        raise InvalidInput(f"{name} is empty; choose a JPEG, PNG or WebP file with a picture in it.")
    if len(data) > MAX_BYTES:
        raise InvalidInput(f"{name} is larger than {MAX_BYTES >> 20} MB; save it smaller and open that.")
    if math.prod(_webp_size(data)) > MAX_PIXELS:  # Pillow allocates a WebP's whole canvas when it opens one
        raise _too_large(name)
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            _check_size(*image.size, name)
            image.draft(None, _reduced_size(*image.size))  # a large JPEG is decoded at 1/2, 1/4 or 1/8
            pixels = _upright_rgb(image)
    except InvalidInput:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(name) from error
    except UnidentifiedImageError as error:
        raise InvalidInput(f"{name} is not a JPEG, PNG or WebP picture; save it as one of them.") from error
    except Exception as error:  # on bad bytes decoders raise OSError, SyntaxError, ValueError, EOFError, zlib.error ...
        raise InvalidInput(f"{name} is damaged or incomplete; save or copy it again and open that.") from error
    return _centred(pixels, name, sha256(data).hexdigest())


def reframe(picture: Picture, framing: Framing) -> Picture:
    """The same picture with another square for the model.

    ``"centre"`` is the largest centred square, ``"fit"`` the smallest centred square that holds the whole picture; both
    lie on whole pixels. A box (left, top, right, bottom) of one's own is made square about its centre by its longer
    side, at most the picture's longer side. Along each axis it is then moved, as little as needed, to lie within the
    picture, or to hold the picture's whole width or height where it is larger than that.

    Raises InvalidInput for a box without area or outside of the picture.
    """
    height, width = picture.pixels.shape[:2]
    if isinstance(framing, str) and framing in ("centre", "fit"):
        side = min(width, height) if framing == "centre" else max(width, height)
        left, top = (width - side) // 2, (height - side) // 2
    else:
        side, left, top = _own_square(framing, width, height)
    return replace(picture, box=(float(left), float(top), float(left + side), float(top + side)))


def square(picture: Picture, size: int, fill: tuple[int, int, int] = BASELINE) -> np.ndarray:
    """The model's square: the picture's box as (size, size, 3) uint8, what lies outside of the picture in ``fill``.

    Resampled by PIL's BILINEAR, which antialiases when it reduces; a box of ``size`` whole pixels is copied unchanged.
    Else pixels just outside of the box count at its edge, as they do where a picture is resized first and cropped then.
    """
    left, top, right, bottom = picture.box
    height, width = picture.pixels.shape[:2]
    west, north = math.ceil(max(0, -left)), math.ceil(max(0, -top))
    east, south = math.ceil(max(0, right - width)), math.ceil(max(0, bottom - height))
    canvas = picture.pixels
    if west or north or east or south:
        # Padding before resampling keeps the picture at its exact place, fractions of a pixel included.
        canvas = np.full((north + height + south, west + width + east, 3), fill, np.uint8)
        canvas[north : north + height, west : west + width] = picture.pixels
    box = (left + west, top + north, right + west, bottom + north)
    return np.array(Image.fromarray(canvas).resize((size, size), Image.Resampling.BILINEAR, box=box))


def to_picture(values: np.ndarray, box: Box, shape: tuple[int, ...], smooth: bool = False) -> np.ndarray:
    """A map (h, w) over the square ``box``, laid back over a picture of ``shape`` (H, W, ...): (H, W) float32.

    Each pixel takes the cell that its centre lies in; ``smooth`` takes the bilinear mean of the nearest cell centres
    instead. NaN where a pixel's centre lies outside of the box, that is where the model never looked.
    """
    values = np.asarray(values, np.float32)
    if values.ndim != 2 or not values.size:
        raise InvalidInput(f"Give one map of shape (h, w) to lay over a picture, not an array of shape {values.shape}.")
    left, top, right, bottom = box
    down = (np.arange(shape[0]) + 0.5 - top) / (bottom - top) * values.shape[0]
    across = (np.arange(shape[1]) + 0.5 - left) / (right - left) * values.shape[1]
    inside_down = (down >= 0) & (down < values.shape[0])
    inside_across = (across >= 0) & (across < values.shape[1])
    laid = np.full(shape[:2], np.nan, np.float32)
    rows = _lay(values, down[inside_down], smooth)
    laid[np.ix_(inside_down, inside_across)] = _lay(rows.T, across[inside_across], smooth).T
    return laid


def cell_box(grid: tuple[int, int], row: int, column: int, box: Box) -> Box:
    """The part of the picture that one cell of a ``grid`` (h, w) over the square ``box`` covers, in picture pixels."""
    rows, columns = grid
    if not (0 <= row < rows and 0 <= column < columns):
        raise InvalidInput(f"Choose a cell within the grid of {rows} x {columns}, not row {row}, column {column}.")
    left, top, right, bottom = box
    wide, high = (right - left) / columns, (bottom - top) / rows
    return left + column * wide, top + row * high, left + (column + 1) * wide, top + (row + 1) * high


def encode_jpeg(pixels: np.ndarray, longest: int = 640, quality: int = 88) -> bytes:
    """The bytes of a JPEG of pixels (h, w, 3) uint8, for display; reduced to a longer side of ``longest`` pixels."""
    buffer = io.BytesIO()
    _reduced(Image.fromarray(pixels), longest).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def thumbnail(picture: Picture, side: int = 96) -> bytes:
    """The bytes of a JPEG of the model's square, ``side`` x ``side`` pixels."""
    return encode_jpeg(square(picture, side), longest=side)


def _read_file(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise InvalidInput(f"There is no file {path}; check the path.")
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)  # one byte too many is enough to refuse it
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read ({error.strerror}); check the path and its permissions.") from error


def _check_size(width: int, height: int, name: str) -> None:
    if width * height > MAX_PIXELS:
        raise _too_large(name)
    if min(width, height) < SMALLEST:
        raise InvalidInput(f"{name} has {width} x {height} pixels; choose one with at least {SMALLEST} on each side.")
    if min(_reduced_size(width, height)) < SMALLEST:
        raise InvalidInput(f"{name} is too narrow ({width} x {height} pixels); cut out a part of it and open that.")


def _too_large(name: str) -> InvalidInput:
    return InvalidInput(f"{name} has more than {MAX_PIXELS // 10**6} million pixels; make it smaller and open that.")


def _webp_size(data: bytes) -> tuple[int, int]:
    """Width and height in the header of a WebP (RFC 9649); 0, 0 where the bytes are no WebP."""
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        return 0, 0
    chunk, head = data[12:16], data[16:30]
    if chunk == b"VP8X":
        return int.from_bytes(head[8:11], "little") + 1, int.from_bytes(head[11:14], "little") + 1
    if chunk == b"VP8L":
        bits = int.from_bytes(head[5:9], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return int.from_bytes(head[10:12], "little") & 0x3FFF, int.from_bytes(head[12:14], "little") & 0x3FFF


def _image_of_array(array: np.ndarray) -> Image.Image:
    if array.ndim not in (2, 3) or array.shape[2:] not in ((), (3,), (4,)):
        raise InvalidInput(f"Give an array of shape (h, w), (h, w, 3) or (h, w, 4) as a picture, not {array.shape}.")
    _check_size(array.shape[1], array.shape[0], "The array")
    if np.issubdtype(array.dtype, np.floating):
        if not (array.min() >= -1e-6 and array.max() <= 1 + 1e-6):  # NaN fails both
            raise InvalidInput("An array of floats must lie in 0..1 without NaN; scale it, or give uint8.")
        array = np.rint(array.clip(0, 1) * 255).astype(np.uint8)
    if array.dtype != np.uint8:
        raise InvalidInput(f"Give an array of uint8, or of floats in 0..1, as a picture, not {array.dtype}.")
    return Image.fromarray(np.ascontiguousarray(array))


def _load_image(image: Image.Image, name: str) -> Picture:
    _check_size(*image.size, name)
    if image.mode in ("I", "F"):
        raise InvalidInput(f'A picture of mode {image.mode} has no fixed range; scale it to 0..255 and make it "L".')
    try:
        pixels = _upright_rgb(image)
    except Exception as error:  # a lazily opened file may turn out damaged, a rare mode may have no way to RGB
        raise InvalidInput(f'{name} cannot be made RGB; give image.convert("RGB") instead.') from error
    return _centred(pixels, name, sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest())


def _centred(pixels: np.ndarray, name: str, digest: str) -> Picture:
    return reframe(Picture(frozen(pixels), (0.0, 0.0, 0.0, 0.0), name, digest), "centre")


def _upright_rgb(image: Image.Image) -> np.ndarray:
    """Pixels (h, w, 3) uint8 of a PIL image of any mode, which is left as it was."""
    image.load()
    turn = _turn(image)
    if image.mode.startswith("I;16"):
        image = _eight_bits(image)
    mode = "RGBA" if image.has_transparency_data else "RGB"
    image = _reduced(image if image.mode == mode else image.convert(mode), LONGEST)
    if turn is not None:
        image = image.transpose(turn)
    if mode == "RGBA":
        white = Image.new("RGB", image.size, "white")
        white.paste(image, mask=image)
        image = white
    return np.array(image)


def _turn(image: Image.Image) -> Image.Transpose | None:
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation)
        return Image.Transpose[TURNS[orientation - 2]] if orientation in range(2, 9) else None
    except Exception:  # a picture with broken EXIF is still a picture
        return None


def _eight_bits(image: Image.Image) -> Image.Image:
    """A 16-bit grey image scaled to 8 bits (Pillow's own conversion clips), with its transparent value as alpha."""
    values = np.asarray(image)
    table = ((np.arange(65536) + 128) // 257).astype(np.uint8)
    grey, transparent = table[values], image.info.get("transparency")
    if transparent is None:
        return Image.fromarray(grey)
    return Image.fromarray(np.dstack([grey, np.where(values == transparent, 0, 255).astype(np.uint8)]))


def _reduced_size(width: int, height: int, longest: int = LONGEST) -> tuple[int, int]:
    scale = min(1, longest / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _reduced(image: Image.Image, longest: int) -> Image.Image:
    size = _reduced_size(*image.size, longest)
    return image if size == image.size else image.resize(size, Image.Resampling.BILINEAR, reducing_gap=3.0)


def _own_square(box: Sequence[float], width: int, height: int) -> tuple[float, float, float]:
    """Side, left and top of the square that ``reframe`` makes of a box."""
    try:
        left, top, right, bottom = (float(edge) for edge in box)
    except (TypeError, ValueError) as error:
        raise InvalidInput('Frame a picture by "centre", "fit" or a box (left, top, right, bottom).') from error
    if not all(map(math.isfinite, (left, top, right, bottom))) or right - left < 1 or bottom - top < 1:
        raise InvalidInput("Draw a box that is at least one pixel wide and high, its left before its right.")
    if right <= 0 or bottom <= 0 or left >= width or top >= height:
        raise InvalidInput(f"Draw a box that touches the picture, which has {width} x {height} pixels.")
    side = min(max(right - left, bottom - top), max(width, height))
    left = np.clip((left + right - side) / 2, *sorted((0.0, width - side)))
    top = np.clip((top + bottom - side) / 2, *sorted((0.0, height - side)))
    return side, left, top


def _lay(values: np.ndarray, places: np.ndarray, smooth: bool) -> np.ndarray:
    """The values along the first axis at ``places``, where cell i covers i..i+1."""
    if not smooth:
        return values[places.astype(int)]
    last = len(values) - 1
    places = (places - 0.5).clip(0, last)  # beyond the outer centres the outer cell alone
    low = places.astype(int)
    part = (places - low)[:, None]
    return values[low] * (1 - part) + values[np.minimum(low + 1, last)] * part
