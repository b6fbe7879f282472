"""The packed blob, read back by a decoder written from the text of app/components/overlay alone. No browser."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.components.overlay import SETTINGS, WORDS, Layer, Rows, Stack, pack
from core.types import InvalidInput

ENGLISH = {key: f"<{key}>" for key in WORDS}
PICTURE = b"\xff\xd8 not looked into \xff\xd9"


def packed(*attention: Layer, attribution: tuple[Layer, ...] = (), **more) -> bytes:
    return pack(PICTURE, (120, 80), (20, 0, 100, 80), attention, attribution, words=ENGLISH, **more)


def unpacked(blob: bytes) -> tuple[dict, dict[str, list[np.ndarray]]]:
    """Header, and for each slug its maps with NaN where nothing is known; value by value, with plain loops.

    A window's row is laid out over the grid, with zero where it has no token.
    """
    (length,) = struct.unpack_from("<I", blob)
    header = json.loads(blob[4 : 4 + length])
    at = 4 + length
    assert blob[at : at + header["picture"]["bytes"]] == PICTURE
    at += header["picture"]["bytes"]
    maps: dict[str, list[np.ndarray]] = {}
    for entry in header["attention"] + header["attribution"]:
        ranges = struct.unpack_from(f"<{2 * entry['maps']}f", blob, at)
        at += 8 * entry["maps"]
        cells, tokens = entry["height"] * entry["width"], entry["tokens"]
        size = tokens or cells
        places_at = at + (cells + (entry["maps"] - 1) * size) * (2 if entry["wide"] else 1)
        places = struct.unpack_from(f"<{entry['windows'] * tokens}i", blob, places_at)
        for index in range(entry["maps"]):
            low, high = ranges[2 * index : 2 * index + 2]
            values = []
            count = size if index else cells
            kind, steps = ("H", 65535) if entry["wide"] else ("B", 255)
            for code in struct.unpack_from(f"<{count}{kind}", blob, at):
                if code == 0:
                    values.append(float("nan"))
                elif entry["signed"]:
                    values.append((code - steps // 2 - 1) / (steps // 2) * high)
                else:
                    values.append(low + (code - 1) / (steps - 1) * (high - low))
            at += count * struct.calcsize(kind)
            if index and tokens:
                window, row = (index - 1) // tokens, [0.0] * cells
                for cell, value in zip(places[window * tokens : (window + 1) * tokens], values, strict=True):
                    if cell >= 0:
                        row[cell] = value
                values = row
            maps.setdefault(entry["slug"], []).append(np.reshape(values, (entry["height"], entry["width"])))
        at += 4 * len(places)
    assert at == len(blob), "nothing is left over"
    return header, maps


@pytest.mark.parametrize("scale", [1e-30, 1e-6, 1.0, 255.0, 1e30])
@pytest.mark.parametrize("signed", [False, True])
def test_values_come_back_within_the_documented_error(scale: float, signed: bool) -> None:
    random = np.random.default_rng(3)
    values = (random.normal(size=(7, 9)) if signed else random.random((7, 9)) + 0.3).astype(np.float32)
    values *= np.float32(scale)
    _, maps = unpacked(packed(Layer("map", "Map", values, signed=signed)))
    bound = np.abs(values).max() / 254 if signed else (values.max() - values.min()) / 508
    assert np.abs(maps["map"][0] - values).max() <= bound * (1 + 1e-5) + scale * 1e-6
    assert maps["map"][0].argmax() == values.argmax()


@pytest.mark.parametrize("signed", [False, True])
def test_a_fine_map_comes_back_finely_and_says_where_its_colors_end(signed: bool) -> None:
    random = np.random.default_rng(4)
    values = (random.normal(size=(20, 33)) ** 5).astype(np.float32)  # a few cells far above all others
    values = values if signed else np.abs(values)
    header, maps = unpacked(
        packed(Layer("map", "Map", values, signed=signed), Layer("next", "Next", values[:, :32] ** 2))
    )
    entry, after = header["attention"]
    assert (entry["wide"], after["wide"], after["clip"]) == (True, False, 0)
    assert np.abs(maps["map"][0] - values).max() <= np.ptp(values) / 65000
    below = sorted(abs(float(one)) for one in values.ravel())
    assert below[int(0.99 * 660) - 1] <= entry["clip"] <= below[int(0.99 * 660) + 1] < below[-1] / 2


def test_a_map_with_rows_is_never_cut() -> None:
    rows = Rows(np.full((1, 1089, 1089), 1 / 1089, np.float32), np.arange(1089)[None], even=1 / 1089)
    header, _ = unpacked(packed(Layer("map", "Map", np.ones((33, 33), np.float32), more=rows)))
    assert (header["attention"][0]["wide"], header["attention"][0]["clip"]) == (False, 0)


def test_zero_of_a_signed_map_is_exact_however_lopsided_it_is() -> None:
    values = np.array([[-0.001, 0.0], [0.0, 900.0]], np.float32)
    _, maps = unpacked(packed(Layer("map", "Map", values, signed=True)))
    assert maps["map"][0][0, 1] == 0 and maps["map"][0][1, 0] == 0
    assert maps["map"][0][1, 1] == 900


def test_the_peak_is_never_wrapped_round() -> None:
    values = np.linspace(0, 1, 256, dtype=np.float32).reshape(16, 16)
    _, maps = unpacked(packed(Layer("map", "Map", values)))
    assert (np.diff(maps["map"][0].ravel()) >= 0).all()
    assert maps["map"][0][-1, -1] == 1


def test_values_that_are_not_finite_are_masked() -> None:
    values = np.array([[np.nan, np.inf], [-np.inf, 0.5], [0.1, 0.9]], np.float32)
    _, maps = unpacked(packed(Layer("map", "Map", values), Layer("none", "None", np.full((2, 2), np.nan))))
    assert np.isnan(maps["map"][0]).tolist() == [[True, True], [True, False], [False, False]]
    assert maps["map"][0][2, 1] == pytest.approx(0.9)
    assert np.isnan(maps["none"][0]).all()


@pytest.mark.parametrize("value", [0.0, 0.25])
def test_a_constant_map_comes_back_constant(value: float) -> None:
    _, maps = unpacked(packed(Layer("map", "Map", np.full((3, 2), value, np.float32))))
    assert (maps["map"][0] == value).all()


def test_slices_come_after_the_map_at_rest_each_with_a_range_of_its_own() -> None:
    slices = np.random.default_rng(5).random((3, 2, 4)).astype(np.float32) ** 4
    slices[2] *= 1e-4
    rest = slices.mean(0)
    film = Layer("map", "Map", rest, rest="mean", more=Stack(slices, ("one", "two", "three"), playable=True))
    header, maps = unpacked(packed(film, Layer("next", "Next", rest)))
    entry, after = header["attention"]
    assert (entry["labels"], entry["playable"], entry["rest"]) == (["one", "two", "three"], True, "mean")
    assert (after["labels"], after["playable"], after["maps"], entry["maps"]) == ([], False, 1, 4)
    for got, true in zip(maps["map"], [rest, *slices], strict=True):
        assert np.abs(got - true).max() <= (true.max() - true.min()) / 508 * (1 + 1e-5) + 1e-9
    assert np.array_equal(maps["next"][0], maps["map"][0])


CELLS = np.array([[3, 0, -1], [1, 5, 4], [-1, -1, 2]])
"""The cells of 2 x 3 in three windows of three tokens, in no order, with some padding."""


def test_rows_of_windows_are_sent_as_they_are_and_laid_back_in_place() -> None:
    random = np.random.default_rng(6)
    weights = random.random((3, 3, 3)).astype(np.float32)
    rest = random.random((2, 3)).astype(np.float32)
    layer = Layer("map", "Map", rest, more=Rows(weights, CELLS, even=1 / 3))
    header, maps = unpacked(packed(layer, Layer("next", "Next", rest)))
    entry = header["attention"][0]
    assert (entry["windows"], entry["tokens"], entry["maps"]) == (3, 3, 10) and entry["even"] == pytest.approx(1 / 3)
    for window in range(3):
        for query in range(3):
            got, row = maps["map"][1 + 3 * window + query], weights[window, query]
            for cell in range(6):
                at = CELLS[window].tolist().index(cell) if cell in CELLS[window] else None
                expected = 0.0 if at is None else row[at]
                assert got.ravel()[cell] == pytest.approx(expected, abs=float(np.ptp(row)) / 507 + 1e-9)


def test_a_windowed_map_costs_its_own_weights_and_never_the_dense_square() -> None:
    """The first stage of a Swin transformer: 64 windows of 49 of its 3,136 cells; the dense square has 9.8 million."""
    cells = np.arange(56 * 56).reshape(8, 7, 8, 7).swapaxes(1, 2).reshape(64, 49)
    weights = np.full((64, 49, 49), 1 / 49, np.float32)
    layer = Layer("map", "Map", np.zeros((56, 56), np.float32), more=Rows(weights, cells, even=1 / 49))
    assert len(packed(layer)) < 1.3 * weights.size


def test_rounding_below_zero_is_no_value_below_zero() -> None:
    _, maps = unpacked(packed(Layer("map", "Map", np.array([[-1e-7, 1.0]], np.float32))))
    assert maps["map"][0].tolist() == [[0, 1]]


def test_the_header_says_what_is_shown_first() -> None:
    one, two = (Layer(slug, slug, np.ones((1, 1), np.float32)) for slug in ("one", "two"))
    header, _ = unpacked(packed(one, two, attribution=(one, two), selected=("two", ""), settings={"mode": "wipe"}))
    assert header["selected"] == ["two", "one"]
    assert header["settings"] == {**SETTINGS, "mode": "wipe"}
    assert header["box"] == [20, 0, 100, 80]
    assert header["words"]["opacity"] == "<overlay.opacity>"


def test_a_pane_may_have_no_layer() -> None:
    header, _ = unpacked(packed())
    assert header["selected"] == ["", ""] and header["attention"] == []


def test_the_digest_knows_two_blobs_apart_by_one_value() -> None:
    values = np.zeros((4, 4), np.float32)
    values[0, 0] = 1
    other = values.copy()
    other[3, 3] = 0.5
    blobs = [packed(Layer("map", "Map", each)) for each in (values, values.copy(), other)]
    digests = [unpacked(blob)[0]["digest"] for blob in blobs]
    assert digests[0] == digests[1] != digests[2]


SOUND = np.ones((2, 2), np.float32)


def rows_of(cells: list[int]) -> Rows:
    """One window of those cells."""
    return Rows(np.ones((1, len(cells), len(cells)), np.float32), np.array([cells]), 1 / len(cells))


@pytest.mark.parametrize(
    ("layers", "more", "message"),
    [
        ([Layer("a", "A", np.ones(4))], {}, "must have shape"),
        ([Layer("a", "A", np.ones((3, 2, 2)))], {}, "must have shape"),
        ([Layer("a", "A", SOUND, more=Stack(np.ones((2, 2, 2)), ("one",)))], {}, "a label for each"),
        ([Layer("a", "A", SOUND, more=Stack(np.ones((1, 2, 3)), ("one",)))], {}, "slices of the shape of its map"),
        ([Layer("a", "A", SOUND, more=rows_of([0, 1, 2]))], {}, "each of its 4 cells once"),
        ([Layer("a", "A", SOUND, more=rows_of([0, 1, 2, 2]))], {}, "each of its 4 cells once"),
        ([Layer("a", "A", SOUND, more=rows_of([0, 1, 2, 3, 4]))], {}, "each of its 4 cells once"),
        ([Layer("a", "A", SOUND, more=Rows(np.ones((1, 3, 3)), np.arange(4)[None], 0.25))], {}, "4 cells once"),
        ([Layer("a", "A", SOUND, more=Stack(-np.ones((1, 2, 2)), ("one",)))], {}, "signed=True"),
        ([Layer("a", "A", -SOUND)], {}, "signed=True"),
        ([Layer("a", "A", SOUND)] * 2, {}, "different slugs"),
        ([Layer("a", "A", SOUND)], {"selected": ("b", "")}, "no layer 'b'"),
        ([Layer("a", "A", SOUND)], {"settings": {"opacty": 1}}, "no setting opacty"),
        ([Layer("a", "A", SOUND)], {"settings": {"colors": "jet"}}, "colors of the overlay must be one of: inferno"),
        ([Layer("a", "A", SOUND)], {"settings": {"opacity": 2}}, "from 0 to 1"),
    ],
)
def test_mistakes_cost_one_sentence(layers: list[Layer], more: dict, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        packed(*layers, **more)


def test_the_component_is_mounted_without_a_pick() -> None:
    def page() -> None:
        import streamlit as st

        from app.components.overlay import WORDS, pack, show_overlay

        result = show_overlay(pack(b"", (1, 1), (0, 0, 1, 1), [], [], words=dict.fromkeys(WORDS, "")), key="overlay")
        st.json({"pick": result.pick, "selected": result.selected})

    run = AppTest.from_function(page).run(timeout=30)
    assert not run.exception
    assert json.loads(run.json[0].value) == {"pick": None, "selected": None}


def test_missing_words_and_an_empty_square_are_reported() -> None:
    with pytest.raises(InvalidInput, match="overlay.opacity"):
        words = {key: "" for key in WORDS if key != "overlay.opacity"}
        pack(PICTURE, (1, 1), (0, 0, 1, 1), [], [], words=words)
    with pytest.raises(InvalidInput, match="area"):
        pack(PICTURE, (1, 1), (0, 0, 0, 1), [], [], words=ENGLISH)
