"""Open untrusted bytes as an upright RGB picture; the type comes from the content, and sizes are checked first."""

from __future__ import annotations

import io
import math
import warnings
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from core.checking import brief
from core.files import encodable, reason
from core.images.colors import eight_bits, to_srgb
from core.images.deep import dark_samples
from core.images.framing import LONGEST, Framing, reduced, reduced_size, reframe
from core.messages import Message
from core.types import InvalidInput, Picture, frozen

FORMATS = ("JPEG", "PNG", "WEBP")
MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000
MAX_JPEG, MAX_PROGRESSIVE = 110_000_000, 64_000_000
"""Pixels of a JPEG, which is decoded at a reduced size: some phones have 108 million. A progressive one is held in
memory at full size."""
MAX_SCANS, SCANNED = 500, 1_500_000_000
"""Scans of a progressive JPEG, and its pixels times its scans: each scan passes over the whole picture again."""
SMALLEST = 8  # pixels
SCALABLE = ("RGB", "L", "CMYK")
"""Modes whose pixels may be averaged before they become RGB."""

Source = str | Path | bytes | Image.Image | np.ndarray | Picture

TURNS = ("FLIP_LEFT_RIGHT", "ROTATE_180", "FLIP_TOP_BOTTOM", "TRANSPOSE", "ROTATE_270", "TRANSVERSE", "ROTATE_90")
"""Pillow's transpositions for the EXIF orientations 2 to 8."""


# Pillow warns about large pictures; the limit is checked here, before decoding.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


def open_image(source: Source, framing: Framing = "center", name: str | None = None) -> Picture:
    """An upright RGB picture from a path, bytes, a PIL image, an array or a picture, framed as by ``reframe``.

    Content decides the type of a file: JPEG, PNG or WebP; of an animation the first frame is used. An array is (h, w),
    (h, w, 3) or (h, w, 4), uint8 or floats in 0..1. Colors of an embedded profile become sRGB, transparency becomes
    white, 16 bits are scaled to 8 (values of fewer bits are stretched, with a note in ``notes``), and a picture longer
    than ``LONGEST`` is reduced to it: a custom box is in pixels of the returned picture. A Picture is only reframed.

    Raises InvalidInput for anything else, for a damaged or an empty file, for more than ``MAX_BYTES`` or ``MAX_PIXELS``
    (of a JPEG ``MAX_JPEG``, of a progressive one ``MAX_PROGRESSIVE``; found before decoding), and for less than
    ``SMALLEST`` pixels on a side.
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
        raise InvalidInput("Give a path, bytes, a PIL image or a numpy array, not {given}.", given=brief(source))
    return reframe(picture, framing)


def load_bytes(data: bytes, name: str = "picture") -> Picture:
    """The centered picture in the bytes of one file; ``sha256`` is of exactly these. Raises as ``open_image``."""
    if not data:
        raise InvalidInput("{name} is empty. Choose a JPEG, PNG or WebP picture.", name=name)
    if len(data) > MAX_BYTES:
        raise InvalidInput(
            "{name} is larger than {megabytes} MB. Save a smaller version.", name=name, megabytes=MAX_BYTES >> 20
        )
    if math.prod(_webp_size(data)) > MAX_PIXELS:  # Pillow allocates a WebP's whole canvas when it opens one
        raise _too_large(name)
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            _check_size(*image.size, name, most_pixels(image))
            if image.info.get("progressive"):
                _check_scans(image, data, name)
            image.draft(None, reduced_size(*image.size))  # a large JPEG is decoded at 1/2, 1/4 or 1/8
            pixels, notes = _upright_rgb(image, data)
    except InvalidInput:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(name) from error
    except UnidentifiedImageError as error:
        raise InvalidInput("{name} is not a JPEG, PNG or WebP picture. Save it as one of them.", name=name) from error
    except Exception as error:  # on bad bytes decoders raise OSError, SyntaxError, ValueError, EOFError, zlib.error ...
        raise InvalidInput("{name} is damaged or incomplete. Save or copy it again.", name=name) from error
    return _centered(pixels, name, sha256(data).hexdigest(), notes)


def most_pixels(image: Image.Image) -> int:
    """The most pixels that an opened file may have to be decoded."""
    if image.format not in ("JPEG", "MPO"):  # MPO contains several pictures; some phones write it
        return MAX_PIXELS
    return MAX_PROGRESSIVE if image.info.get("progressive") else MAX_JPEG


def _check_scans(image: Image.Image, data: bytes, name: str) -> None:
    scans = data.count(b"\xff\xda")  # the marker of a scan, which cannot occur in its values
    if scans > MAX_SCANS or scans * math.prod(image.size) > SCANNED:
        raise InvalidInput(
            "{name} has {count} scans, too many to decode. Save it as a JPEG again.", name=name, count=scans
        )


def _read_file(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise InvalidInput(
                "{path} is not a file. Check the path."
                if path.exists()
                else "There is no file {path}. Check the path.",
                path=path,
            )
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)  # one byte more than allowed, to refuse it
    except OSError as error:
        raise InvalidInput(
            "{path} cannot be read: {reason}. Check the file and its permissions.", path=path, reason=reason(error)
        ) from error


def _check_size(width: int, height: int, name: str, most: int = MAX_PIXELS) -> None:
    if width * height > most:
        raise _too_large(name, most)
    if min(width, height) < SMALLEST:
        raise InvalidInput(
            "{name} has only {width} × {height} pixels. Choose a picture with at least {least} per side.",
            name=name,
            width=width,
            height=height,
            least=SMALLEST,
        )
    if min(reduced_size(width, height)) < SMALLEST:
        raise InvalidInput(
            "{name} is too narrow: {width} × {height} pixels. Crop it first.",
            name=name,
            width=width,
            height=height,
        )


def _too_large(name: str, most: int = MAX_PIXELS) -> InvalidInput:
    return InvalidInput(
        "{name} has more than {millions} million pixels. Save a smaller version.",
        name=name,
        millions=most // 10**6,
    )


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
        raise InvalidInput(
            "A picture must be an array of shape (h, w), (h, w, 3) or (h, w, 4), not {shape}.", shape=array.shape
        )
    _check_size(array.shape[1], array.shape[0], "The array")
    if np.issubdtype(array.dtype, np.floating):
        if not (array.min() >= -1e-6 and array.max() <= 1 + 1e-6):  # NaN fails both
            raise InvalidInput("A picture of floats must lie between 0 and 1 without NaN. Scale it, or give uint8.")
        array = np.rint(array.clip(0, 1) * 255).astype(np.uint8)
    if array.dtype != np.uint8:
        raise InvalidInput(
            "A picture must be an array of uint8, or of floats from 0 to 1, not {dtype}.", dtype=array.dtype
        )
    return Image.fromarray(np.ascontiguousarray(array))


def _load_image(image: Image.Image, name: str) -> Picture:
    _check_size(*image.size, name)
    if image.mode in ("I", "F"):
        raise InvalidInput(
            'A picture of mode {mode} has no fixed range of values. Scale it to 0..255 and convert it to "L".',
            mode=image.mode,
        )
    try:
        pixels, notes = _upright_rgb(image)
    except Exception as error:  # a lazily opened file may be damaged, and rare modes may not convert to RGB
        raise InvalidInput(
            '{name} cannot be converted to RGB. Give image.convert("RGB") instead.', name=name
        ) from error
    return _centered(pixels, name, sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest(), notes)


def _centered(pixels: np.ndarray, name: str, digest: str, notes: tuple[str, ...]) -> Picture:
    return reframe(Picture(frozen(pixels), (0.0, 0.0, 0.0, 0.0), encodable(name), digest, notes=notes), "center")


def _upright_rgb(image: Image.Image, data: bytes = b"") -> tuple[np.ndarray, tuple[str, ...]]:
    """Pixels (h, w, 3) uint8 of a PIL image of any mode, which stays unchanged, and notes on changes of its values.

    ``data`` are the bytes of its file, if there is one.
    """
    image.load()
    turn, profile = _turn(image), image.info.get("icc_profile")
    notes: tuple[str, ...] = ()
    deep = np.asarray(image) if image.mode.startswith("I;16") else dark_samples(image, data) if data else None
    if deep is not None:
        image, bits = eight_bits(deep, image.info.get("transparency"))
        if bits < 16:
            notes = (Message("The file holds {bits}-bit values in 16 bits. They are rescaled to 16 bits.", bits=bits),)
    if image.mode in SCALABLE and not image.has_transparency_data:  # a smaller picture is converted faster
        image = reduced(image, LONGEST)
    image = to_srgb(image, profile)
    mode = "RGBA" if image.has_transparency_data else "RGB"
    image = reduced(image if image.mode == mode else image.convert(mode), LONGEST)
    if turn is not None:
        image = image.transpose(turn)
    if mode == "RGBA":
        white = Image.new("RGB", image.size, "white")
        white.paste(image, mask=image)
        image = white
    return np.array(image), notes


def _turn(image: Image.Image) -> Image.Transpose | None:
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
        return Image.Transpose[TURNS[orientation - 2]] if orientation in range(2, 9) else None
    except Exception:  # a picture with broken EXIF is still a picture
        return None
