"""The page Compare, and what its rows hold: read back by a decoder written from the text of the overlay alone."""

from __future__ import annotations

import json
import struct
from typing import Any, NamedTuple

import numpy as np
from streamlit.testing.v1 import AppTest


class Read(NamedTuple):
    """A blob of rows: its header, and the maps at rest (h, w) by the slug of the row and the side."""

    header: dict[str, Any]
    maps: dict[tuple[str, str], np.ndarray]

    @property
    def rows(self) -> dict[str, dict[str, Any]]:
        """The header's entries of the rows by slug."""
        return {row["slug"]: row for row in self.header["rows"]}


def framed(blob: bytes, at: int) -> tuple[dict[str, Any], int]:
    """A JSON text after its own length, and where it ends."""
    (length,) = struct.unpack_from("<I", blob, at)
    return json.loads(blob[at + 4 : at + 4 + length]), at + 4 + length


def read_rows(blob: bytes) -> Read:
    """A blob of ``pack_rows``, value by value."""
    header, at = framed(blob, 0)
    at += sum(one["bytes"] for one in header["pictures"])
    maps = {}
    for row in header["rows"]:
        for side in ("attention", "attribution"):
            entry = row[side]
            if entry is None:
                continue
            ranges = struct.unpack_from(f"<{2 * entry['maps']}f", blob, at)
            at += 8 * entry["maps"]
            cells, tokens = entry["height"] * entry["width"], entry["tokens"]
            kind, steps = ("H", 65535) if entry["wide"] else ("B", 255)
            codes = struct.unpack_from(f"<{cells}{kind}", blob, at)
            at += (cells + (entry["maps"] - 1) * (tokens or cells)) * struct.calcsize(kind)
            at += 4 * entry["windows"] * tokens
            low, high = ranges[:2]
            if entry["signed"]:
                values = [(code - steps // 2 - 1) / (steps // 2) * high for code in codes]
            else:
                values = [low + (code - 1) / (steps - 1) * (high - low) for code in codes]
            maps[row["slug"], side] = np.reshape(values, (entry["height"], entry["width"]))
    assert at == len(blob), "nothing is left over"
    return Read(header, maps)


def rows_on(page: AppTest) -> Read:
    """The rows that a page shows."""
    (found,) = [one.proto.bytes for one in page.get("bidi_component") if "rows" in one.proto.component_name]
    _, start = framed(found, 0)
    return read_rows(found[start:])


def html_on(page: AppTest) -> str:
    """The HTML that a page shows, styles aside."""
    return "\n".join(one.proto.body for one in page.get("html") if not one.proto.body.startswith("<style"))
