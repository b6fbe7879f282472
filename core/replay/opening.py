"""Open a recorded view from a JSON file or an HTML report. The content is untrusted."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from core.files import open_regular, reason
from core.images import open_image
from core.messages import Message
from core.replay.measuring import Number, Question
from core.replay.recording import FORMAT, VERSION, Record
from core.types import InvalidInput, Picture

MAX_BYTES = 64 * 1024 * 1024
MOST_VALUES = 4096 * 4096
"""The most values of an array."""
EMBEDDED = re.compile(rb'<script type="application/json" id="view">(.*?)</script>', re.DOTALL)
"""The element of an HTML report that contains the record."""


class _Faulty(Exception):
    """An entry of a record that is missing or not valid."""


def open_record(source: str | Path | bytes, name: str = "") -> Record:
    """A recorded view from a path, or from the bytes of a file called ``name``.

    Raises:
        InvalidInput: the file cannot be read, is no recorded view, is of a later version, or has an entry that is
            missing or not valid.
    """
    data, name = (source, name or Message("The file")) if isinstance(source, bytes) else _read(Path(source))
    if len(data) > MAX_BYTES:
        raise InvalidInput(
            "{name} is larger than {most} MB. Open a report of a view, or its JSON.", name=name, most=MAX_BYTES >> 20
        )
    embedded = EMBEDDED.search(data)
    try:
        facts = json.loads(embedded[1] if embedded else data)
    except (ValueError, RecursionError):
        facts = None
    if not isinstance(facts, dict) or facts.get("format") != FORMAT:
        raise InvalidInput("{name} is not a view that Fovea recorded. Open a report of a view, or its JSON.", name=name)
    try:
        version = _entry(facts, "version", int)
        if version > VERSION:
            raise InvalidInput("{name} was recorded by a later version of Fovea. Update Fovea to open it.", name=name)
        if version < 1:
            raise _Faulty("version")
        return Record(facts, _picture(facts), _question(facts), _numbers(facts))
    except _Faulty as fault:
        raise InvalidInput(
            "In {name} the entry '{entry}' is missing or not valid. Record the view again.", name=name, entry=fault
        ) from fault


def _read(path: Path) -> tuple[bytes, str]:
    """The bytes of a file, and its name."""
    try:
        with open_regular(path) as file:
            return file.read(MAX_BYTES + 1), path.name
    except OSError as error:
        raise InvalidInput(
            "{path} cannot be read: {reason}. Check the file and its permissions.", path=path, reason=reason(error)
        ) from error


def _entry(facts: Mapping[str, Any], path: str, kinds: type | tuple[type, ...]) -> Any:
    """The entry at a dotted path, of one of those types."""
    value: Any = facts
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    if not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool):
        raise _Faulty(path)
    return value


def _picture(facts: Mapping[str, Any]) -> Picture:
    """The picture, with its square."""
    name = _entry(facts, "picture.name", str)
    try:
        data = base64.b64decode(_entry(facts, "picture.png", str), validate=True)
        picture = open_image(data, name=name[:200] or "picture")
    except (binascii.Error, ValueError) as error:  # InvalidInput is a ValueError
        raise _Faulty("picture.png") from error
    if _entry(facts, "picture.centered", bool):
        return picture
    box = _entry(facts, "picture.box", list)
    try:
        return open_image(picture, tuple(box))
    except (InvalidInput, TypeError, OverflowError) as error:
        raise _Faulty("picture.box") from error


def _question(facts: Mapping[str, Any]) -> Question:
    """The question; whether the model can answer it is found by the replay."""
    classes = _entry(facts, "model.classes", list)
    if not all(isinstance(one, str) for one in classes):
        raise _Faulty("model.classes")
    for path in ("model.slug", "model.checksum", "recorded", "picture.sha256"):
        _entry(facts, path, str)
    try:
        datetime.fromisoformat(facts["recorded"])
    except ValueError as error:
        raise _Faulty("recorded") from error
    parameters = _entry(facts, "question.parameters", dict)
    if not all(isinstance(one, int | float | str) for one in parameters.values()):
        raise _Faulty("question.parameters")
    target = _index(facts, "target", len(classes))
    if target is None:
        raise _Faulty("question.target")
    return Question(
        _entry(facts, "question.method", str),
        target,
        _index(facts, "contrast", len(classes)),
        tuple(sorted(parameters.items())),
        _entry(facts, "question.tap", str),
        _index(facts, "head", MOST_VALUES),
        _index(facts, "query", MOST_VALUES),
    )


def _index(facts: Mapping[str, Any], name: str, end: int) -> int | None:
    """A place in a list, or None."""
    value = _entry(facts, f"question.{name}", (int, type(None)))
    if value is not None and not 0 <= value < end:
        raise _Faulty(f"question.{name}")
    return value


def _numbers(facts: Mapping[str, Any]) -> dict[str, Number]:
    """Every number by name."""
    return {name: _number(name, one) for name, one in _entry(facts, "numbers", dict).items()}


def _number(name: str, value: Any) -> Number:
    """A number, an array, or None where it is undefined."""
    path = f"numbers.{name}"
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            found = float(value)
        except OverflowError as error:  # OverflowError: an integer with hundreds of digits
            raise _Faulty(path) from error
        if not math.isfinite(found):
            raise _Faulty(path)
        return found
    one = {"value": value}
    shape, text = _entry(one, "value.shape", list), _entry(one, "value.float32", str)
    if not all(type(side) is int and 0 < side <= MOST_VALUES for side in shape):
        raise _Faulty(path)
    try:
        values = np.frombuffer(base64.b64decode(text, validate=True), "<f4").reshape(shape)
    except (ValueError, TypeError, OverflowError) as error:  # binascii.Error is a ValueError
        raise _Faulty(path) from error
    return values
