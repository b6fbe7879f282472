"""The packed blob of rows: raw values on one scale, reasons for missing maps, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from app.components.overlay import ROW_ADDRESS, ROW_WORDS, WORDS, Layer, Row, Rows, Shown, pack_rows, readable_row
from core.types import InvalidInput
from tests.app.compare.compare_page import Read, read_rows

ENGLISH = {key: f"<{key}>" for key in (*WORDS, *ROW_WORDS)}
PICTURE = Shown(b"\xff\xd8 not looked into \xff\xd9", (120, 80))


def packed(*rows: Row, **more) -> Read:
    return read_rows(pack_rows([PICTURE], rows, words=ENGLISH, **more))


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("side", [8, 40])
def test_maps_that_differ_by_a_factor_of_ten_stay_so(signed: bool, side: int) -> None:
    """Nothing is normalized: the browser gets raw values, and lays one scale over all of them."""
    values = np.random.default_rng(5).random((side, side)).astype(np.float32) - (0.5 if signed else 0)
    rows = [
        Row(slug, slug, attribution=Layer("map", "Map", factor * values, signed=signed))
        for slug, factor in (("small", 1.0), ("large", 10.0))
    ]
    found = packed(*rows)
    small, large = found.maps["small", "attribution"], found.maps["large", "attribution"]
    assert large == pytest.approx(10 * small, abs=1e-4)
    assert small == pytest.approx(values, abs=float(np.ptp(values)) / 250)
    assert np.abs(large).max() == pytest.approx(10 * np.abs(values).max(), rel=1e-2)
    if side > 32:  # the end of the colors of a fine map is raw as well
        ends = [found.rows[slug]["attribution"]["clip"] for slug in ("small", "large")]
        assert ends[1] == pytest.approx(10 * ends[0], rel=1e-6) and ends[0] > 0
    assert found.header["settings"]["scale"] == "strip"


def test_a_row_has_all_that_it_shows() -> None:
    weights = np.full((1, 16, 16), 1 / 16, np.float32)
    rows = Rows(weights, np.arange(16)[None], even=1 / 16)
    attention = Layer("tap", "Tap", np.arange(16.0).reshape(4, 4), more=rows)
    found = packed(
        Row("a", "A", attention=attention, attribution=Layer("m", "M", np.ones((2, 2)))),
        Row("b", "B", missing=("no attention", "no method")),
        Row("c", "C", note="broken"),
        Row("d", "D", pending=True),
    )
    assert list(found.rows) == list("abcd") and set(found.maps) == {("a", "attention"), ("a", "attribution")}
    assert found.rows["a"]["attention"]["tokens"] == 16 and found.maps["a", "attention"].max() == 15
    assert (found.rows["b"]["attention_missing"], found.rows["b"]["attribution_missing"]) == (
        "no attention",
        "no method",
    )
    assert found.rows["c"]["note"] == "broken" and found.rows["d"]["pending"]


def test_two_rows_of_one_slug_are_refused() -> None:
    with pytest.raises(InvalidInput, match="different slugs"):
        packed(Row("a", "A"), Row("a", "B"))


def test_the_digest_is_that_of_the_content() -> None:
    first, again = packed(Row("a", "A")), packed(Row("a", "A"))
    other = packed(Row("a", "A", attention=Layer("m", "M", np.ones((2, 2)))))
    assert first.header["digest"] == again.header["digest"] != other.header["digest"]


def test_settings_in_an_address() -> None:
    assert {"zoom", "scale", "opacity"} <= set(ROW_ADDRESS.values())
    assert readable_row("zoom", "4") and not readable_row("zoom", "3")
    assert readable_row("scale", "own") and not readable_row("scale", "both")
    assert readable_row("opacity", "40") and not readable_row("opacity", "400")
