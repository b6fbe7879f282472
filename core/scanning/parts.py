"""The parts of a run: Parquet files of rows, each written atomically and never changed.

``part-<first>-<stop>.parquet`` covers the pictures number first..stop-1 of the collection: its rows are the pictures
with a prediction; broken pictures, and those without a finite output, are in its metadata with the reason. Parts are
always complete, so a killed scan resumes with the pictures that no part covers.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from core.files import native, put, reason, to_json
from core.types import InvalidInput

NAME = re.compile(r"part-(\d{9,})-(\d{9,})\.parquet")

SCHEMA = pa.schema(
    {
        "number": pa.int64(),
        "path": pa.string(),
        "label": pa.string(),
        "true": pa.string(),
        "predicted": pa.string(),
        "confidence": pa.float32(),
        "correct": pa.bool_(),
        "loss": pa.float32(),
        "agreement": pa.float32(),
        "sha256": pa.string(),
        "bytes": pa.int64(),
        "changed": pa.int64(),
        "top": pa.list_(pa.int32()),
        "probabilities": pa.list_(pa.float32()),
        "answers": pa.list_(pa.float32()),
        "attention": pa.list_(pa.float32()),  # a gate may be 1 except for the last digits
        "cam": pa.list_(pa.float16()),
        "features": pa.list_(pa.float16()),
    }
)
"""The columns of a part; null if the model lacks the value or it was not requested."""


@dataclass(frozen=True)
class Part:
    """A part's file, and the pictures ``first`` to ``stop`` - 1 that it covers."""

    path: Path
    first: int
    stop: int


@dataclass(frozen=True)
class Broken:
    """A picture without a row: its number, its path, the reason, its stamp, and its label.

    It could not be read, or, if it was ``seen``, the model had no finite output for it.
    """

    number: int
    path: str
    reason: str
    stamp: tuple[int, int]
    seen: bool = False
    label: str | None = None


def list_parts(folder: Path) -> list[Part]:
    """The existing parts, in order."""
    found = ((one, NAME.fullmatch(one.name)) for one in folder.iterdir())
    return sorted((Part(one, int(hit[1]), int(hit[2])) for one, hit in found if hit), key=lambda part: part.first)


def covered(parts: Iterable[Part], pictures: int) -> np.ndarray:
    """The pictures that the parts cover: (n,) bool."""
    there = np.zeros(pictures, bool)
    for part in parts:
        there[part.first : part.stop] = True
    return there


def encode(columns: Mapping[str, Any], broken: Sequence[Broken] = ()) -> bytes:
    """A part as the bytes of its file; a column that is an array of more than one axis becomes lists."""
    shapes, arrays = {}, []
    for field in SCHEMA:
        values = columns.get(field.name)
        if isinstance(values, np.ndarray) and values.ndim > 1:
            shapes[field.name] = values.shape[1:]
            arrays.append(to_lists(values, field.type))
        elif values is None:
            arrays.append(pa.nulls(len(columns["number"]), field.type))
        else:
            # NaN stands for a missing number.
            arrays.append(pa.array(values, field.type, from_pandas=True))
    stated = [[one.number, one.path, one.reason, *one.stamp, one.seen, one.label] for one in broken]
    facts = {"broken": to_json(stated, ascii_only=True), "shapes": to_json(shapes)}
    file = io.BytesIO()
    pq.write_table(pa.table(arrays, SCHEMA.with_metadata(facts)), file, compression="zstd")
    return file.getvalue()


def to_lists(values: np.ndarray, kind: pa.ListType) -> pa.ListArray:
    """An array (n, ...) as n lists."""
    width = int(np.prod(values.shape[1:]))
    flat = np.ascontiguousarray(values, kind.value_type.to_pandas_dtype()).reshape(-1)
    return pa.ListArray.from_arrays(pa.array(np.arange(len(values) + 1, dtype=np.int32) * width), pa.array(flat))


def write_part(folder: Path, first: int, stop: int, data: bytes) -> None:
    """Write a part into the folder atomically.

    Raises:
        InvalidInput: it cannot be written.
    """
    write_file(folder / f"part-{first:09}-{stop:09}.parquet", data)


def write_file(path: Path, data: bytes) -> None:
    """Write a file of a run atomically.

    Raises:
        InvalidInput: it cannot be written, for example because the disk is full; nothing is left of it then.
    """
    try:
        put(path, data)
    except OSError as error:
        raise InvalidInput(
            "{folder} cannot be written: {reason}. What was scanned is kept: free some space or restore the "
            "folder, then scan again to continue.",
            folder=path.parent,
            reason=reason(error),
        ) from error


def read_broken(part: Part) -> list[Broken]:
    """The pictures of a part without a row.

    Raises:
        InvalidInput: the file is damaged.
    """
    stated = read_facts(part)["broken"]
    return [
        Broken(number, path, reason, (size, changed), *rest) for number, path, reason, size, changed, *rest in stated
    ]


def read_shapes(part: Part) -> dict[str, list[int]]:
    """The shape of one picture's array in each column of a part that holds arrays; InvalidInput as ``read_broken``."""
    return read_facts(part)["shapes"]


def read_facts(part: Part) -> dict[str, Any]:
    """The metadata of a part; InvalidInput as ``read_broken``."""
    try:
        given = pq.read_schema(native(part.path)).metadata
        return {name: json.loads(given[name.encode()]) for name in ("broken", "shapes")}
    except (OSError, pa.ArrowException, TypeError, KeyError, ValueError) as error:
        raise damaged(part.path) from error


def damaged(path: Path) -> InvalidInput:
    """The error for a file that cannot be read."""
    return InvalidInput("{path} is damaged. Remove it and scan into the same folder again.", path=path)
