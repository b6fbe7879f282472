"""What becomes of a prediction when the picture is altered, the cue is another or the attention is: again, by hand."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
import torch

import core
from core import scenes
from core.data import open_sample, swaps
from core.data.datasets import open_dataset
from core.data.samples import sample_truth
from core.evaluation.cases import find_cases
from core.evaluation.erasure import erase
from core.lessons import MEASURES
from core.lessons.measuring.altered_pictures import shuffle_blocks, without_positions
from core.scenes.shortcuts import INDEPENDENT, compose

CLEAN, TAGGED = "scenes/plain", "scenes-tag/plain"
GATED, GUESSING = "tasks-sun-or-moon/squeeze-excitation", "tasks-sun-or-moon/attention-pooling"
COMPARING, LOOKING, TOKENS = "tasks-same-row/self-attention", "tasks-sun-or-moon/recurrent", "scenes/transformer"
FEW = 3


def take(measure: str, model: str, **settings):
    return MEASURES[measure].take({"model": model, "pictures": FEW, **settings}).value


@pytest.fixture(scope="module")
def clean() -> core.Classifier:
    return core.load(CLEAN, "cpu")


def pairs(family: str):
    """The pictures of the first seeds, each with the same one of another cue."""
    for seed in range(FEW):
        other = swaps(f"{family}/{seed}")[1]
        yield open_sample(f"{family}/{seed}"), open_sample(other.slug), other.answer


def test_blocks_are_moved_and_nothing_else() -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (8, 8, 3), np.uint8)
    moved = shuffle_blocks(pixels, 4, seed=2)
    order = np.random.default_rng(2).permutation(4)
    for place, source in enumerate(order):
        y, x, top, left = 4 * (place // 2), 4 * (place % 2), 4 * (source // 2), 4 * (source % 2)
        assert (moved[y : y + 4, x : x + 4] == pixels[top : top + 4, left : left + 4]).all()
    with pytest.raises(core.InvalidInput, match="do not divide"):
        shuffle_blocks(pixels, 3, seed=0)


def test_a_model_without_positions_answers_the_same_for_patches_in_any_order() -> None:
    blind = without_positions(core.load(TOKENS, "cpu"))
    generator = torch.Generator().manual_seed(0)
    patches = torch.rand(1, 64, 128, generator=generator)
    with torch.no_grad():
        found = []
        for order in (torch.arange(64), torch.randperm(64, generator=generator)):
            x = torch.cat((blind.module.token, patches[:, order]), 1)
            for name in blind.module.blocks:
                x = blind.module.get_submodule(name)(x, (8, 8))
            found.append(x[0, 0])
    assert torch.allclose(*found, atol=1e-4 * found[0].abs().max().item()) and not blind.module.place.any()
    assert core.load(TOKENS, "cpu").module.place.any(), "the model itself is as it was"
    with pytest.raises(core.InvalidInput, match="no position encoding"):
        without_positions(core.load(CLEAN, "cpu"))


def test_the_accuracy_on_altered_pictures(clean) -> None:
    split = open_dataset("scenes").validation
    hits = []
    for number in range(FEW):
        picture = core.open_image(shuffle_blocks(split.read(number), 32, number))
        hits.append(core.read(clean, picture).predicted == split.labels[number])
    assert take("altered-accuracy", CLEAN, alter="shuffled-blocks", block=32) == np.mean(hits)
    apart, model = open_dataset("scenes-tag").independent, core.load(TAGGED, "cpu")
    hits = [core.read(model, core.open_image(apart.read(i))).predicted == apart.labels[i] for i in range(FEW)]
    assert take("altered-accuracy", TAGGED, alter="independent") == np.mean(hits)
    with pytest.raises(core.InvalidInput, match="no shortcut"):
        take("altered-accuracy", CLEAN, alter="independent")


def test_whether_the_prediction_follows_the_tag() -> None:
    model, seeds, hits = core.load(TAGGED, "cpu"), scenes.seeds("val", 3000), []
    for seed in seeds:
        label, shown = compose(seed, "tag", INDEPENDENT)
        if shown["tag"] == label:
            continue
        picture = core.open_image(scenes.draw(seed, 128, **shown).pixels)
        hits.append(core.read(model, picture).predicted == shown["tag"])
        if len(hits) == FEW:
            break
    assert take("follows-shortcut", TAGGED) == np.mean(hits)
    with pytest.raises(core.InvalidInput, match="no shortcut"):
        take("follows-shortcut", CLEAN)


def test_what_erasing_does_and_where_a_map_lies(clean) -> None:
    flips, inside = [], []
    for case in find_cases(clean, FEW, 0):
        found = core.attribute(clean, case.picture, "grad-cam")
        left = erase(clean, case.picture, found, 0.25)
        flips.append(core.read(clean, left).predicted != case.target)
        fine = np.kron(np.maximum(found.values, 0), np.ones((128 // found.values.shape[0],) * 2))
        inside.append((fine * case.masks[""]).sum() / fine.sum())
    assert take("erase-rate", CLEAN, map="grad-cam", share=0.25) == np.mean(flips)
    assert take("map-share", CLEAN, map="grad-cam") == pytest.approx(np.mean(inside), abs=1e-4)
    flips = []
    for number, one in enumerate(find_cases(clean, FEW, 0)):  # equal values of the mask are in an order of their own
        left = erase(clean, one.picture, one.masks[""].astype(float), 0.2, seed=number)
        flips.append(core.read(clean, left).predicted != one.target)
    assert take("erase-rate", CLEAN, map="object") == np.mean(flips)


def test_what_a_gradient_promises_and_what_happens(clean) -> None:
    """By difference quotients along the direction, in float64."""
    errors, module = [], deepcopy(clean.module).double()
    for case in find_cases(clean, FEW, 0):
        leaf = clean.prepare(case.picture).double().requires_grad_()
        module(leaf)[0, case.target].backward()
        way, x = leaf.grad.sign() / torch.tensor(clean.card.std).view(3, 1, 1) / 255, leaf.detach()
        with torch.no_grad():
            before = module(x)[0, case.target]
            slope = (module(x + 1e-5 * way)[0, case.target] - before) / 1e-5
            errors.append(float(abs(module(x + 2 * way)[0, case.target] - before - 2 * slope) / (2 * slope)))
    # Flat areas lie on the kinks of a ReLU, where the quotient and the gradient are not the same.
    assert take("slope-error", CLEAN, step=2) == pytest.approx(np.mean(errors), rel=0.05)


def test_what_a_model_does_with_the_cue() -> None:
    model = core.load(GUESSING, "cpu")
    same, other = [], []
    for one, swapped, answer in pairs("tasks-sun-or-moon"):
        found, then = (model.card.classes[core.read(model, picture).predicted] for picture in (one, swapped))
        same.append(found == then)
        truth = sample_truth(one.name)
        if found != truth:
            other.append(found == answer)
    assert take("ignores-cue", GUESSING) == np.mean(same)
    assert take("wrong-candidate", GUESSING) == np.mean(other)
    other = []
    for one, _, answer in pairs("tasks-sun-or-moon"):
        changed = dict.fromkeys(model.taps, core.UNIFORM)
        found = model.card.classes[core.intervene(model, one, changed).predicted]
        if found != sample_truth(one.name):
            other.append(found == answer)
    assert other and take("wrong-candidate", GUESSING, way="uniform") == np.mean(other)
    with pytest.raises(core.InvalidInput, match="no mistake"):
        take("wrong-candidate", GATED)


def test_how_the_gates_react_to_the_cue_and_to_a_mirror() -> None:
    model = core.load(GATED, "cpu")

    def gates(picture) -> np.ndarray:
        return core.read(model, picture).maps[0].weights

    by_cue, by_mirror, same, shared = [], [], [], []
    for one, swapped, _ in pairs("tasks-sun-or-moon"):
        mirrored = core.open_image(model.square(one)[:, ::-1].copy())
        by_cue.append(abs(gates(swapped) - gates(one)).mean())
        by_mirror.append(abs(gates(mirrored) - gates(one)).mean())
        same.append(core.read(model, mirrored).predicted == core.read(model, one).predicted)
        largest = {int(i) for i in gates(one).argsort()[-5:]}
        shared.append(len(largest & {int(i) for i in abs(gates(swapped) - gates(one)).argsort()[-5:]}) / 5)
    assert take("gate-change", GATED, by="cue") == pytest.approx(np.mean(by_cue), abs=1e-6)
    assert take("gate-change", GATED, by="mirror") == pytest.approx(np.mean(by_mirror), abs=1e-6)
    assert take("mirror-same", GATED) == np.mean(same)
    assert take("gate-overlap", GATED, count=5) == pytest.approx(np.mean(shared))
    for which, numbers in (("most", slice(-5, None)), ("least", slice(5))):
        changed = []
        for one, _, _ in pairs("tasks-sun-or-moon"):
            weights = gates(one).copy()
            weights[gates(one).argsort()[numbers]] = 0
            then = core.intervene(model, one, {"stage3.attention": weights}).predicted
            changed.append(then != core.read(model, one).predicted)
        assert take("gate-removal", GATED, count=5, which=which) == np.mean(changed)
    assert take("gate-removal", GATED, count=64) > 0 and take("gate-removal", GATED, count=64, which="random") > 0
    with pytest.raises(core.InvalidInput, match="no channel gate"):
        take("gate-change", GUESSING, by="cue")


def test_parts_of_the_attention_and_where_they_lie() -> None:
    model = core.load(COMPARING, "cpu")
    tap, cases = "stage4.block1.0", find_cases(model, FEW, 0)
    flips = [core.intervene(model, one.picture, {tap: core.off(head=0)}).predicted != one.target for one in cases]
    assert take("flip-rate", COMPARING, tap=tap, way="head", parts_off="1") == np.mean(flips)
    columns = [
        max(weights.sum(0).max() / len(weights) for weights in core.read(model, one.picture).maps[0].weights)
        for one in cases
    ]
    assert take("received", COMPARING, tap=tap) == pytest.approx(np.mean(columns), abs=1e-6)
    heads = [core.read(model, one.picture).maps[0].weights for one in cases]
    for part, chosen in (("2", [one[1] for one in heads]), ("mean", [one.mean(0) for one in heads])):
        found = take("received", COMPARING, tap=tap, part=part)
        assert found == pytest.approx(np.mean([one.sum(0).max() / len(one) for one in chosen]), abs=1e-6)
    with pytest.raises(core.InvalidInput, match="has no tap 'stage9'"):
        take("flip-rate", COMPARING, tap="stage9", way="uniform")
    with pytest.raises(core.InvalidInput, match="'sideways' is not a way"):
        take("flip-rate", COMPARING, way="sideways")


def test_the_share_of_one_glimpse() -> None:
    model, shares = core.load(LOOKING, "cpu"), []
    for case in find_cases(model, FEW, 0):
        fine = np.kron(core.read(model, case.picture).maps[0].weights[3], np.ones((16, 16)))
        shares.append((fine * case.masks["answer-"]).sum() / fine.sum())
    assert take("attention-share", LOOKING, part="4", role="answer") == pytest.approx(np.mean(shares), abs=1e-5)


def test_the_accuracy_with_one_of_two_gates_changed() -> None:
    name, tap = "tasks-marked/cbam", "stage3.attention.spatial"
    model, split = core.load(name, "cpu"), open_dataset("tasks-marked").validation
    hits = [
        core.intervene(model, core.open_image(split.read(i)), {tap: core.UNIFORM}).predicted == split.labels[i]
        for i in range(FEW)
    ]
    assert take("accuracy", name, tap=tap, way="uniform") == np.mean(hits)


def test_the_accuracy_of_a_card_is_that_of_the_measurement_on_all_pictures() -> None:
    card = core.load("tasks-marked/cbam", "cpu").card
    wrong = round((1 - card.accuracy) * 1000)
    found = MEASURES["card-accuracy"].take({"model": card.slug})
    assert (found.value, found.pictures) == (1 - wrong / 1000, 1000)
    assert found.error == pytest.approx(np.std([0] * wrong + [1] * (1000 - wrong)) / 1000**0.5)
    confusion = np.array(card.facts["confusion"])
    assert found.value == confusion.trace() / confusion.sum()
    assert MEASURES["card-accuracy"].take({"model": card.slug, "way": "off"}).value == card.ablation["off"]
    apart = MEASURES["card-accuracy"].take({"model": TAGGED, "on": "independent"})
    assert apart.value == core.load(TAGGED, "cpu").card.facts["independent"]["accuracy"]
    with pytest.raises(core.InvalidInput, match="does not state"):
        MEASURES["card-accuracy"].take({"model": CLEAN, "on": "independent"})


@pytest.mark.parametrize("way", [None, "uniform"])
def test_the_accuracy_over_seeds_is_their_mean_with_its_standard_error(way: str | None) -> None:
    slug = "tasks-same-row/self-attention" if way else "tasks-same-row/plain"
    seeds = core.load(slug, "cpu").card.facts["seeds"]
    values = [one[way] for one in seeds["ablations"]] if way else seeds["accuracies"]
    found = MEASURES["card-accuracy"].take({"model": slug, "over": "seeds"} | ({"way": way} if way else {}))
    n = len(values)
    middle = sum(values) / n
    between = (sum((one - middle) ** 2 for one in values) / (n - 1) / n) ** 0.5
    within = (middle * (1 - middle) / (n * 1000)) ** 0.5
    assert n == 3 and found.value == pytest.approx(middle) and found.error == pytest.approx(max(between, within))
    with pytest.raises(core.InvalidInput, match="over three seeds"):
        MEASURES["card-accuracy"].take({"model": TAGGED, "over": "seeds"})
