"""Ground truth for attention, derived again by loops over pixels, cells and pictures, for every kind."""

from __future__ import annotations

import statistics
from math import prod

import numpy as np
import pytest

import core
from core import scenes
from core.attention import MECHANISMS
from core.evaluation import find_cases
from core.evaluation.attention_truth import EVERYTHING, ROW, attention_views, cover, masks_by_role
from core.evaluation.cue_reaction import VALIDATION, cue_pair
from core.images import open_image
from core.kinds import KINDS, Kind
from core.tasks import ANSWER, CUE, TASKS, draw, draw_pixels, task
from core.types import AttentionMap, InvalidInput, Stopped
from tests.core.short_sighted_models import SIDE, short_sighted

FINE = 32
GRID = (4, 4)
SIZES = {"head": 2, "channel": 5, "glimpse": 3, "row": GRID[0], "column": GRID[1], "window": 4}


def shared(values: np.ndarray, mask: np.ndarray) -> float:
    """The share of a map on a mask: each pixel has its own part of the weight of the cell that it lies in."""
    inside = whole = 0.0
    for y in range(mask.shape[0]):
        for x in range(mask.shape[1]):
            weight = float(values[y * values.shape[0] // mask.shape[0], x * values.shape[1] // mask.shape[1]])
            whole += weight
            inside += weight * bool(mask[y, x])
    return inside / whole


def pointed(values: np.ndarray, mask: np.ndarray) -> float:
    """How much of the largest cell lies on the mask."""
    tall, wide = mask.shape[0] // values.shape[0], mask.shape[1] // values.shape[1]
    row, column = max(np.ndindex(values.shape), key=lambda cell: values[cell])
    pixels = [mask[row * tall + y, column * wide + x] for y in range(tall) for x in range(wide)]
    return sum(map(bool, pixels)) / len(pixels)


def made(kind: Kind, prefix: tuple[str, ...] = ()) -> AttentionMap:
    """Random weights of a kind; PAIRWISE ones compare all cells, those of windows the four cells of each quarter."""
    tokens = 4 if kind.windowed else prod(GRID) + len(prefix)
    shape = [SIZES.get(axis, tokens) for axis in kind.axes]
    weights = np.random.default_rng(len(kind)).dirichlet(np.ones(shape[-1]), tuple(shape[:-1])).astype(np.float32)
    cells = np.arange(16).reshape(2, 2, 2, 2).swapaxes(1, 2).reshape(4, 4) if kind.windowed else None
    return AttentionMap("here", kind, weights, GRID, cells, prefix)


def expected(attention: AttentionMap, answer: np.ndarray) -> dict[tuple[str, int], np.ndarray]:
    """The maps of an attention by loops over its axes."""
    kind, weights, cells = attention.kind, attention.weights.astype(float), prod(GRID)
    if kind == Kind.SPATIAL:
        return {("", 0): weights}
    if kind == Kind.FEATURE:
        return {("", 0): sum(weights) / len(weights)}
    if kind == Kind.SEQUENCE:
        return {("glimpse", number): one for number, one in enumerate(weights)}
    if kind == Kind.KEY_WINDOWS:  # its queries are no cells, so no row is that of the answer
        rest = np.zeros(cells)
        for window, own in enumerate(attention.cells):
            for key, cell in enumerate(own):
                rest[cell] += np.mean([head[:, key] for head in weights[window]]) / len(attention.cells)
        return {("", 0): rest.reshape(GRID)}
    dense, first = np.zeros((cells, cells)), len(attention.prefix)
    if kind == Kind.WINDOWED:
        for window, own in enumerate(attention.cells):
            for query, key in np.ndindex(4, 4):
                dense[own[query], own[key]] = np.mean([head[query, key] for head in weights[window]])
    else:
        for query, key in np.ndindex(cells, cells):
            dense[query, key] = np.mean([head[first + query, first + key] for head in weights])
    rest = sum(dense) / cells
    if first:
        rest = np.mean([head[0, 1:] for head in weights], 0)
    tall, wide = answer.shape[0] // GRID[0], answer.shape[1] // GRID[1]
    row, whole = np.zeros(cells), 0.0
    for cell in range(cells):
        y, x = divmod(cell, GRID[1])
        part = answer[y * tall : (y + 1) * tall, x * wide : (x + 1) * wide].sum() / (tall * wide)
        row, whole = row + part * dense[cell], whole + part
    return {("", 0): rest.reshape(GRID), (ROW, 0): (row / whole).reshape(GRID)}


@pytest.mark.parametrize(
    ("kind", "prefix"), [*((one, ()) for one in KINDS), (Kind.PAIRWISE, ("class",))], ids=[*KINDS, "class token"]
)
def test_every_kind_has_its_maps_and_their_shares(kind: Kind, prefix: tuple[str, ...]) -> None:
    masks = draw(task("tasks-signposts").compose(4, None), FINE).masks
    attention = made(kind, prefix)
    found = core.attention_truth(attention, masks)
    if not kind.on_picture:
        assert found == ()
        return
    maps = expected(attention, masks[ANSWER])
    assert [(view.part, view.number) for view, _ in found] == list(maps)
    everything = np.zeros_like(masks[CUE])
    for one in masks.values():
        everything = everything | one
    for view, roles in found:
        wanted = maps[view.part, view.number]
        np.testing.assert_allclose(view.values, wanted, atol=1e-6)
        assert list(roles) == [*masks, EVERYTHING]
        for role, one in roles.items():
            mask = everything if role == EVERYTHING else masks[role]
            assert one.mass == pytest.approx(shared(wanted, mask), abs=1e-6)
            assert one.pointing == pytest.approx(pointed(wanted, mask))
            assert one.chance == pytest.approx(sum(map(bool, mask.ravel())) / mask.size)


def test_a_map_on_the_answer_alone_lies_there_and_its_row_says_where_it_looks() -> None:
    """Each cell of the answer attends to the cell of the cue alone; all others to themselves."""
    masks = {CUE: np.zeros((8, 8), bool), ANSWER: np.zeros((8, 8), bool)}
    masks[CUE][:2, :2] = masks[ANSWER][6:, 4:] = True
    weights = np.eye(16, dtype=np.float32)[None]
    for cell in (14, 15):
        weights[0, cell] = np.eye(16)[0]
    (_, rest), (view, row) = core.attention_truth(AttentionMap("here", Kind.PAIRWISE, weights, GRID), masks)
    assert view.part == ROW and row[CUE].mass == row[CUE].pointing == 1 and row[ANSWER].mass == 0
    assert rest[CUE].mass == pytest.approx(3 / 16) and rest[ANSWER].mass == 0
    hidden = core.attention_truth(AttentionMap("here", Kind.PAIRWISE, weights, GRID), {CUE: masks[CUE]})
    assert [view.part for view, _ in hidden] == [""]  # no answer is to be seen, so it has no row


def test_cells_are_covered_by_the_part_of_their_pixels() -> None:
    mask = np.random.default_rng(1).random((12, 6)) < 0.5
    found = cover(mask, (4, 3))
    assert found.shape == (4, 3)
    for row, column in np.ndindex(4, 3):
        assert found[row, column] == pytest.approx(mask[3 * row : 3 * row + 3, 2 * column : 2 * column + 2].mean())


# --- over many pictures


@pytest.mark.parametrize("family", [one.slug for one in TASKS])
def test_the_cases_of_a_task_are_validation_pictures_with_every_mask(family: str) -> None:
    classifier = short_sighted(family, "plain")
    cases, known = find_cases(classifier, 3, 1), task(family)
    assert len(cases) == 3 and all(one.whole for one in cases)
    for one in cases:
        seed = int(one.picture.name.partition("/")[2])
        layout = known.compose(seed, None)
        drawn = draw(layout, SIDE)
        assert seed in scenes.seeds("val", VALIDATION) and known.classes[one.target] == layout.answer
        assert np.array_equal(one.picture.pixels, drawn.pixels) and np.array_equal(one.masks[""], drawn.matters)
        assert {name: mask.sum() for name, mask in one.masks.items() if name} == {
            f"{role}-": mask.sum() for role, mask in drawn.masks.items()
        }
        assert core.read(classifier, one.picture).predicted == one.target


@pytest.mark.parametrize("slug", [one.slug for one in MECHANISMS])
def test_shares_over_pictures_are_the_means_of_single_ones(slug: str) -> None:
    classifier = short_sighted("tasks-sun-or-moon", slug)
    cases = find_cases(classifier, 4, 3)
    names = [one for one in core.evaluation.source_names(classifier) if one.startswith("attention/")]
    calls: list[tuple[int, int]] = []
    found = core.role_shares(classifier, cases, [*names, "saliency", "edges"], progress=lambda *at: calls.append(at))
    singles: dict[tuple, list] = {}
    for case in cases:
        masks = {name[:-1]: mask for name, mask in case.masks.items() if name}
        maps = {one.tap: one for one in core.read(classifier, case.picture).maps}
        for name in names:
            for view, roles in core.attention_truth(maps[name.partition("/")[2]], masks):
                for role, one in roles.items():
                    singles.setdefault((name, view.part, view.number, role), []).append(one)
        for name in ("saliency", "edges"):
            map_ = core.evaluation.map_source(classifier, name)(classifier, case.picture, case.target, None)
            for role, mask in masks_by_role(masks).items():
                singles.setdefault((name, "", 0, role), []).append(core.localize(map_, mask))
    assert {(one.source, one.part, one.number, one.role) for one in found} == set(singles)
    for one in found:
        own = singles[one.source, one.part, one.number, one.role]
        assert one.share == pytest.approx(statistics.fmean(each.mass for each in own))
        assert one.pointing == pytest.approx(statistics.fmean(each.pointing for each in own))
        assert one.chance == pytest.approx(statistics.fmean(each.chance for each in own))
        assert one.pictures == len(own) and one.low <= one.share <= one.high
        assert one.pointing_low <= one.pointing <= one.pointing_high
    total = (len(names) + 2) * len(cases)
    assert calls[-1] == (total, total) and calls == sorted(calls)


def test_shares_can_be_stopped() -> None:
    def stop(*_: int) -> None:
        raise Stopped

    classifier = short_sighted("tasks-marked", "spatial-gate")
    with pytest.raises(Stopped):
        core.role_shares(classifier, find_cases(classifier, 2, 0), ["edges"], progress=stop)


# --- channels that react to the cue


def test_a_gate_is_compared_with_itself_under_the_other_cue() -> None:
    """Sun minus moon, picture by picture, whichever of both the picture had."""
    known, classifier = task("tasks-sun-or-moon"), short_sighted("tasks-sun-or-moon", "squeeze-excitation")
    (found,) = core.cue_reactions(classifier, known, 6, seed=2)
    assert (found.first, found.second, found.pictures) == ("moon", "sun", 6)
    chosen = np.random.default_rng(2).permutation(VALIDATION)[:6]
    differences: list[list[float]] = []
    for place in chosen:
        seed, gates = scenes.seeds("val", VALIDATION)[int(place)], {}
        for answer in known.compose(seed, None).answers:
            layout = known.compose(seed, answer)
            cue = next(item.name for item in layout.items if item.role == CUE)
            (gate,) = core.read(classifier, open_image(draw_pixels(layout, SIDE))).maps
            gates[cue] = gate.weights.tolist()
        differences.append([sun - moon for sun, moon in zip(gates["sun"], gates["moon"], strict=True)])
    ratios = []
    for channel, own in enumerate(zip(*differences, strict=True)):
        mean, deviation = statistics.fmean(own), statistics.stdev(own)
        assert found.mean[channel] == pytest.approx(mean, abs=1e-9)
        assert found.deviation[channel] == pytest.approx(deviation, abs=1e-9)
        assert found.agree[channel] == pytest.approx(sum(one * mean > 0 for one in own) / len(own))
        ratios.append(abs(mean) / (deviation / len(own) ** 0.5))
    assert list(found.order) == sorted(range(len(ratios)), key=lambda one: -ratios[one])
    assert np.abs(found.ratio) == pytest.approx(ratios, rel=1e-6)


def test_of_a_cue_that_only_moves_the_size_of_the_difference_counts() -> None:
    """A channel that gains in one picture and loses in the next reacts, although its mean difference is small."""
    known, classifier = task("tasks-marked"), short_sighted("tasks-marked", "squeeze-excitation")
    (found,) = core.cue_reactions(classifier, known, 6, seed=2)
    assert found.first == found.second and not found.directed
    sizes: list[list[float]] = []
    for place in np.random.default_rng(2).permutation(VALIDATION)[:6]:
        readings = [
            core.read(classifier, open_image(draw_pixels(layout, SIDE)))
            for layout in cue_pair(known, scenes.seeds("val", VALIDATION)[int(place)])
        ]
        before, after = (one.maps[0].weights.tolist() for one in readings)
        sizes.append([abs(one - other) for one, other in zip(before, after, strict=True)])
    means = [statistics.fmean(own) for own in zip(*sizes, strict=True)]
    assert found.mean == pytest.approx(means, abs=1e-9)
    assert found.deviation == pytest.approx([statistics.stdev(own) for own in zip(*sizes, strict=True)], abs=1e-9)
    assert list(found.order) == sorted(range(len(means)), key=lambda one: -means[one])


@pytest.mark.parametrize("known", TASKS, ids=lambda one: one.slug)
def test_a_pair_is_in_the_same_order_whichever_cue_the_picture_has(known: core.tasks.Task) -> None:
    for seed in range(12):
        first, second = cue_pair(known, seed)
        assert first != second and {first.answer, second.answer} <= set(first.answers) | set(second.answers)
        own = known.compose(seed, None)
        assert own in (first, second) and first.ground == second.ground and len(first.items) == len(second.items)
    if known.slug == "tasks-sun-or-moon":
        orders = {tuple(one.items[0].name for one in cue_pair(known, seed)) for seed in range(20)}
        assert orders == {("moon", "sun")}


def test_a_gate_that_stays_does_not_react() -> None:
    flat = core.CueReaction("here", np.zeros(3), np.zeros(3), np.ones(3), 5, "moon", "sun")
    assert np.array_equal(flat.ratio, np.zeros(3)) and list(flat.order) == [0, 1, 2]


def test_models_without_channel_gates_have_no_reaction() -> None:
    assert core.cue_reactions(short_sighted("tasks-marked", "spatial-gate"), task("tasks-marked"), 2) == ()
    with pytest.raises(InvalidInput, match="at least two pairs"):
        core.cue_reactions(short_sighted("tasks-marked", "cbam"), task("tasks-marked"), 1)


def test_views_of_a_map_at_rest_are_those_of_the_overlay() -> None:
    for kind in (Kind.SPATIAL, Kind.FEATURE, Kind.PAIRWISE):
        (view,) = attention_views(made(kind))
        assert np.array_equal(view.values, core.to_grid(made(kind)))
