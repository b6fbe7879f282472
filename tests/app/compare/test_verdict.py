"""The sentences about all rows, on planted maps, and the matrix as it is drawn."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from app.views.compare.analysis import Analysis
from app.views.compare.matrix import table_of
from app.views.compare.verdict import about_models, about_pictures, apart, headline, matrices_of, predictions
from core import ModelCard, agreement
from core.types import Agreement, Measure

CLASSES = ("ash", "elm")
BOX = (0.0, 0.0, 64.0, 64.0)


def planted(seed: int, noise: float) -> np.ndarray:
    """The map of a seed with some noise."""
    random = np.random.default_rng(99)
    base = np.random.default_rng(seed).random((8, 8))
    return base + noise * random.random((8, 8))


def row(
    attribution: np.ndarray | None,
    attention: np.ndarray | None = None,
    predicted: str = "ash",
    accuracy: float | None = 0.99,
    right: bool | None = True,
    sha256: str = "one",
    own: Agreement | None = None,
) -> Analysis:
    card = ModelCard("tiny/x", "X", "plain", CLASSES, accuracy=accuracy)
    maps = (attention, attribution)
    return Analysis(card, BOX, sha256, predicted, 0.9, right, predicted, (), None, None, ("", ""), maps, own)


def test_matrices_are_those_of_two_maps_each_symmetric_with_a_diagonal_of_one() -> None:
    maps = [planted(seed, 0.2) for seed in range(4)]
    found = [row(one, planted(seed + 10, 0.1)) for seed, one in enumerate(maps)]
    matrices = matrices_of(found)
    for side, matrix in ((1, matrices.attribution), (0, matrices.attention)):
        assert np.array_equal(matrix, matrix.T) and np.array_equal(np.diag(matrix), np.ones(4))
        for i in range(4):
            for j in range(i):
                expected = agreement(found[i].maps[side], found[j].maps[side]).rank_correlation.value
                assert matrix[i, j] == pytest.approx(expected, abs=1e-9)


def test_a_pair_of_crops_does_not_depend_on_a_third_picture() -> None:
    """The left half of the first crop is the right half of the second one."""
    whole, other = planted(5, 0.1), planted(6, 0.1)
    crop = np.concatenate([other[:, :4], whole[:, :4]], axis=1)
    first, second, third = row(whole), row(crop), row(other, sha256="two")
    second = replace(second, box=(-32.0, 0.0, 32.0, 64.0))
    alone, together = matrices_of([first, second]).attribution, matrices_of([first, second, third]).attribution
    assert alone[0, 1] == pytest.approx(1) and together[0, 1] == alone[0, 1]
    assert together[0, 2] == pytest.approx(matrices_of([first, third]).attribution[0, 1])


def test_the_drawn_matrix_has_a_number_for_each_pair_and_dashes_for_blank_maps() -> None:
    found = [row(planted(1, 0.1)), row(None), row(planted(2, 0.1))]
    matrix = matrices_of(found).attribution
    drawn = table_of(matrix, ["A", "B <b>", "C"], "Attributions")
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", drawn.partition("<tbody>")[2])
    shown = f"{matrix[0, 2]:.2f}".replace("-", "−")
    assert cells == ["1.00", "–", shown, "–", "–", "–", shown, "–", "1.00"]
    assert "B &lt;b&gt;" in drawn and "<b>" not in drawn


def test_many_rows_have_colors_and_tooltips() -> None:
    found = [row(planted(seed, 0.1)) for seed in range(9)]
    drawn = table_of(matrices_of(found).attribution, [f"M{n}" for n in range(9)], "Attributions")
    assert "many" in drawn and drawn.count("--value") == 81 and 'title="M0 and M8: ' in drawn
    assert not any(re.findall(r"<td[^>]*>([^<]+)</td>", drawn.partition("<tbody>")[2]))


def test_predictions_are_counted() -> None:
    assert predictions([row(None)] * 2) == "Both models predict **ash**."
    assert predictions([row(None)] * 3) == "All 3 models predict **ash**."
    mixed = [row(None), row(None), row(None, predicted="elm")]
    assert predictions(mixed) == "**ash** is predicted by 2 of 3 models; the others: elm (1)."


def test_same_accuracy_and_different_reasons() -> None:
    different = [row(planted(seed, 0.1)) for seed in range(4)]
    similar = [row(planted(1, noise)) for noise in (0.0, 0.01, 0.02, 0.03)]
    assert headline(different, matrices_of(different)) == "Similar accuracy, different maps"
    assert headline(similar, matrices_of(similar)) == "", "that maps agree is no headline"
    one = [*similar[:3], row(planted(7, 0.1))]
    assert headline(one, matrices_of(one)) == "Similar accuracy, different maps"
    apart_from = [row(planted(seed, 0.1), accuracy=0.5 + 0.1 * seed) for seed in range(4)]
    assert headline(apart_from, matrices_of(apart_from)) == "Same prediction, different maps"
    other = [*similar[:3], row(planted(1, 0.04), predicted="elm")]
    assert headline(other, matrices_of(other)) == "Similar accuracy, different predictions"
    unknown = [row(planted(seed, 0.1), accuracy=None, predicted=CLASSES[seed % 2]) for seed in range(4)]
    assert headline(unknown, matrices_of(unknown)) == ""


def test_the_row_that_differs_most_is_named() -> None:
    found = [*(row(planted(1, noise)) for noise in (0.0, 0.01, 0.02)), row(planted(7, 0.1))]
    matrices = matrices_of(found)
    place, mean = apart(matrices.attribution)
    assert place == 3 and mean == pytest.approx(np.mean([matrices.attribution[3, n] for n in range(3)]))
    stated = about_models(found, ["A", "B", "C", "D"], matrices, "ash")
    assert "**D** differs most" in stated and "Correct predictions: 4 of 4" in stated and "99.0" in stated
    assert apart(matrices_of(found[:2]).attribution) is None


def test_levels_of_agreement() -> None:
    similar = [row(planted(1, noise), planted(2, noise)) for noise in (0.0, 0.01)]
    stated = about_models(similar, ["A", "B"], matrices_of(similar), None)
    assert "Their attributions **agree strongly**" in stated and "Their attention maps agree strongly" in stated
    different = [row(planted(seed, 0.0)) for seed in (1, 2)]
    stated = about_models(different, ["A", "B"], matrices_of(different), None)
    assert "**agree weakly**" in stated and "attention maps" not in stated


def test_several_pictures() -> None:
    above, below = Measure(0.9, 0.0, 0.5, 0.1, 1.0), Measure(0.2, 0.0, 0.5, 0.1, 0.5)
    own = [Agreement(one, one, one, (8, 8), 50) for one in (above, below)]
    found = [
        row(planted(1, 0.0), right=True, sha256="a", own=own[0]),
        row(planted(1, 0.01), right=False, sha256="b", own=own[1]),
    ]
    stated = about_pictures(found, matrices_of(found))
    assert stated.startswith("Correct predictions: 1 of 2.") and "For 1 of 2 pictures" in stated
    assert "nearly the same in every picture" in stated
