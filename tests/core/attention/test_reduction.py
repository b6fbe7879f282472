"""Attention as one map over the picture, by plain loops over queries, keys and heads."""

from __future__ import annotations

import numpy as np
import pytest

from core import AttentionMap, InvalidInput, Kind
from core.attention.reduction import has_rows, has_token, heads, rows, share_off_grid, to_grid
from tests.core.random_maps import softmaxed, windows_of

GRID = (3, 4)


def expanded(weights: np.ndarray, cells: np.ndarray, count: int) -> np.ndarray:
    """What is never made outside of a test: the dense (heads, cells, cells) of a windowed map, the padding dropped."""
    dense = np.zeros((weights.shape[1], count, count))
    for window, own in enumerate(cells):
        for query, place in enumerate(own):
            for key, other in enumerate(own):
                if place >= 0 and other >= 0:
                    dense[:, place, other] = weights[window, :, query, key]
    return dense


def test_gates_and_films() -> None:
    weights = softmaxed(1, 6, *GRID)
    spatial = AttentionMap("tap", Kind.SPATIAL, weights[0], GRID)
    assert np.array_equal(to_grid(spatial), weights[0]) and not heads(spatial) and not has_rows(spatial)
    expected = sum(weights[i] for i in range(6)) / 6
    for kind in (Kind.FEATURE, Kind.SEQUENCE):
        np.testing.assert_allclose(to_grid(AttentionMap("tap", kind, weights, GRID)), expected, rtol=1e-6)
    with pytest.raises(InvalidInput, match="bars"):
        to_grid(AttentionMap("tap", Kind.CHANNEL, weights[0, 0], GRID))


@pytest.mark.parametrize("head", [None, 2])
@pytest.mark.parametrize("token", [0, 1])
def test_pairwise_by_loops(head: int | None, token: int) -> None:
    weights = softmaxed(2, 3, 12 + token, 12 + token)
    map = AttentionMap("tap", Kind.PAIRWISE, weights, GRID, prefix=("class",) * token)
    assert heads(map) == 3 and has_token(map) == bool(token) and has_rows(map)
    chosen = range(3) if head is None else (head,)
    own, cells = rows(map, head)
    assert own.shape == (1, 12, 12) and cells.tolist() == [list(range(12))]
    for query in (None, 0, 7, 11):
        places = [query + token] if query is not None else [0] if token else range(12)
        expected = np.zeros(GRID)
        for row in range(3):
            for column in range(4):
                values = [weights[i, place, token + 4 * row + column] for i in chosen for place in places]
                expected[row, column] = sum(values) / len(values)
        found = to_grid(map, head, query)
        np.testing.assert_allclose(found, expected, rtol=1e-5)
        assert found.shape == GRID and found.dtype == np.float32
        if query is not None:
            assert np.array_equal(own[0, query].reshape(GRID), found)
    if not token:
        assert to_grid(map, head).sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("head", [None, 1])
@pytest.mark.parametrize(
    ("prefix", "suffix"),
    [(("class", "register", "register"), ()), (("register",), ("register",)), (("distillation",), ("class",))],
)
def test_the_share_on_tokens_without_a_position_by_loops(
    prefix: tuple[str, ...], suffix: tuple[str, ...], head: int | None
) -> None:
    names = (*prefix, *[""] * 12, *suffix)
    weights = softmaxed(4, 3, len(names), len(names))
    map_ = AttentionMap("tap", Kind.PAIRWISE, weights, GRID, prefix=prefix, suffix=suffix)
    queries = [names.index("class")] if "class" in names else [i for i, name in enumerate(names) if not name]
    keys = [i for i, name in enumerate(names) if name]
    parts = range(3) if head is None else (head,)
    rows_ = [[weights[i, query, key] for key in keys] for i in parts for query in queries]
    assert share_off_grid(map_, head) == pytest.approx(sum(map(sum, rows_)) / len(rows_), abs=1e-6)
    assert share_off_grid(map_, head) == pytest.approx(1 - to_grid(map_, head).sum(), abs=1e-5)


def test_no_share_where_there_are_no_other_tokens_or_weights_are_no_shares() -> None:
    weights = softmaxed(5, 3, 12, 12)
    assert share_off_grid(AttentionMap("tap", Kind.PAIRWISE, weights, GRID)) is None
    assert share_off_grid(AttentionMap("tap", Kind.SPATIAL, weights[0, 0].reshape(GRID), GRID)) is None
    mixed = softmaxed(6, 3, 13, 13)
    mixed[:, :, 0] -= 1
    assert share_off_grid(AttentionMap("tap", Kind.PAIRWISE, mixed, GRID, prefix=("class",))) is None


@pytest.mark.parametrize(
    ("grid", "side", "shift"),
    [((4, 4), 2, 0), ((4, 4), 2, 1), ((6, 4), 2, 1), ((3, 5), 2, 0), ((3, 5), 2, 1), ((4, 7), 3, 1), ((2, 2), 3, 0)],
)
def test_windows_are_laid_back_in_place_and_padding_counts_for_nothing(
    grid: tuple[int, int], side: int, shift: int
) -> None:
    count = grid[0] * grid[1]
    cells = windows_of(*grid, side, shift)
    assert (cells < 0).any() == (grid[0] % side > 0 or grid[1] % side > 0)
    order = np.random.default_rng(4).permutation(len(cells))  # windows in any order
    weights = softmaxed(3, len(cells), 2, side**2, side**2)
    windowed = AttentionMap("tap", Kind.WINDOWED, weights[order], grid, cells[order])
    assert heads(windowed) == 2 and has_rows(windowed) and not has_token(windowed)
    dense = expanded(weights, cells, count)
    for head in (None, 0, 1):
        one = dense.mean(0) if head is None else dense[head]
        np.testing.assert_allclose(to_grid(windowed, head).ravel(), one.mean(0), rtol=1e-5)
        for query in range(count):
            np.testing.assert_allclose(to_grid(windowed, head, query).ravel(), one[query], rtol=1e-5)
        own, places = rows(windowed, head)
        assert np.array_equal(places, cells[order])
        np.testing.assert_allclose(expanded(own[:, None], places, count)[0], one, rtol=1e-5)
    assert to_grid(windowed, 0).shape == grid and to_grid(windowed, 0).dtype == np.float32


def test_a_padded_query_that_looks_hard_is_not_in_the_mean() -> None:
    """One window of three cells and one of padding, whose query looks at the first cell alone."""
    weights = np.full((1, 1, 4, 4), 1 / 3, np.float32)
    weights[..., 3], weights[0, 0, 3, :3] = 0, (1, 0, 0)
    found = to_grid(AttentionMap("tap", Kind.WINDOWED, weights, (1, 3), np.array([[0, 1, 2, -1]])))
    np.testing.assert_allclose(found, [[1 / 3] * 3], rtol=1e-6)


def test_one_query_for_the_whole_grid() -> None:
    weights = softmaxed(4, 2, 1, 12)
    map = AttentionMap("tap", Kind.PAIRWISE, weights, GRID)
    np.testing.assert_allclose(to_grid(map), weights.mean((0, 1)).reshape(GRID), rtol=1e-6)
    assert not has_rows(map)
    for ask in (lambda: rows(map), lambda: to_grid(map, query=0)):
        with pytest.raises(InvalidInput):
            ask()


def test_heads_and_queries_that_are_not_there() -> None:
    pairwise = AttentionMap("tap", Kind.PAIRWISE, softmaxed(5, 3, 12, 12), GRID)
    windowed = AttentionMap("tap", Kind.WINDOWED, softmaxed(6, 2, 3, 6, 6), GRID, np.arange(12).reshape(2, 6))
    for map in (pairwise, windowed):
        for head, query in ((3, None), (-1, None), (None, 12), (None, -1)):
            with pytest.raises(InvalidInput):
                to_grid(map, head, query)
    for kind in (Kind.SPATIAL, Kind.FEATURE, Kind.SEQUENCE, Kind.CHANNEL):
        with pytest.raises(InvalidInput):
            rows(AttentionMap("tap", kind, softmaxed(7, 3, 4), GRID))


def test_keys_of_several_windows_are_summed_where_they_lie() -> None:
    """Two windows of three keys, one of them in both and one padding, with two queries each that are no cells."""
    weights, cells = softmaxed(8, 2, 3, 2, 3), np.array([[0, 1, 3], [1, 2, -1]])
    map = AttentionMap("tap", Kind.KEY_WINDOWS, weights, (2, 2), cells)
    for head in (None, 1):
        expected = np.zeros(5)
        for window, query, key in np.ndindex(2, 2, 3):
            one = weights[window, :, query, key].mean() if head is None else weights[window, head, query, key]
            expected[cells[window, key]] += one / 4
        np.testing.assert_allclose(to_grid(map, head).ravel(), expected[:4], rtol=1e-5)
    assert not has_rows(map) and heads(map) == 3
    for ask in (lambda: rows(map), lambda: to_grid(map, query=0)):
        with pytest.raises(InvalidInput, match="no attention of a single patch"):
            ask()
