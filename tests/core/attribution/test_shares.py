"""DeepLIFT and LRP: by hand on two layers, against Captum, the sums that they promise, and where they are offered."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch
from captum.attr import LRP
from captum.attr._utils.lrp_rules import Alpha1_Beta0_Rule, EpsilonRule
from torch import Tensor, nn

from core import scenes
from core.attribution import attribute, complete_methods, completeness, method, methods
from core.attribution.baseline import absent
from core.attribution.completeness import MAX_GAP, QUICK_SCENES, SIDE
from core.attribution.lrp import partners, rules
from core.attribution.path import gap
from core.classifier import Classifier
from core.images import open_image
from core.types import ModelCard, Picture
from tests.core.quick_methods import double, silent


def made(module: nn.Module, size: int = 16, classes: int = 3) -> Classifier:
    card = ModelCard("made/shares", "", "plain", tuple("abcdefgh"[:classes]), size=size)
    return Classifier(card, module.double().eval().requires_grad_(False), torch.device("cpu"))


def test_deeplift_by_hand(bent: Classifier, picture: Picture) -> None:
    x = bent.prepare(picture).double()
    b = absent(bent, x, "white")
    (w1, c1), (w2, c2), (w3, _) = ((bent.module[i].weight.numpy(), bent.module[i].bias.numpy()) for i in (1, 3, 5))
    first, first_b = (w1 @ one.numpy().ravel() + c1 for one in (x, b))
    second, second_b = (w2 @ one.clip(0) + c2 for one in (first, first_b))
    multiplier = w3[1] * (second.clip(0) - second_b.clip(0)) / (second - second_b) @ w2
    multiplier = multiplier * (first.clip(0) - first_b.clip(0)) / (first - first_b) @ w1
    expected = (multiplier * (x - b).numpy().ravel()).reshape(3, 32, 32).sum(0)
    values, gap = method("deeplift").compute(bent, x, 1, silent, baseline="white")
    np.testing.assert_allclose(values, expected, rtol=1e-9, atol=1e-12)
    assert gap < 1e-9


def test_a_straight_line(linear: Classifier, picture: Picture) -> None:
    x = linear.prepare(picture).double()
    weight, bias = linear.module[1].weight[2].view(3, 32, 32), linear.module[1].bias[2].item()
    values, gap = method("deeplift").compute(linear, x, 2, silent, baseline="black")
    np.testing.assert_allclose(values, (weight * (x - absent(linear, x, "black"))[0]).sum(0), rtol=1e-9, atol=1e-12)
    assert gap < 1e-9
    values, gap = method("lrp").compute(linear, x, 2, silent)
    np.testing.assert_allclose(values, (weight * x[0]).sum(0), rtol=1e-9, atol=1e-12)
    assert gap == pytest.approx(abs(bias / linear.score(x, 2).item()))  # what a bias adds is nobody's


def test_lrp_of_a_convolution_by_a_loop(picture: Picture) -> None:
    """relu(norm(conv x)), pooled, and a class on top: relevances of each output shared by hand."""
    torch.manual_seed(1)
    conv, norm, last = nn.Conv2d(3, 5, 3, stride=3, bias=False), nn.BatchNorm2d(5), nn.Linear(5, 3, bias=False)
    norm.running_mean.normal_(), norm.running_var.uniform_(0.5, 2), norm.weight.data.normal_(), norm.bias.data.normal_()
    module = nn.Sequential(conv, norm, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), last)
    classifier = made(module, size=15)
    x = classifier.prepare(picture).double()
    z = module[:2](x)[0]
    weight = conv.weight * (norm.weight / (norm.running_var + norm.eps).sqrt()).view(-1, 1, 1, 1)
    relevance, values = last.weight[2].view(-1, 1, 1) * z.clamp(min=0) / 25, torch.zeros(3, 15, 15).double()
    for channel in range(5):
        for row in range(5):
            for column in range(5):
                where = slice(None), slice(3 * row, 3 * row + 3), slice(3 * column, 3 * column + 3)
                share = (x[0][where] * weight[channel]).clamp(min=0)
                values[where] += share / share.sum() * relevance[channel, row, column]
    found, gap = method("lrp").compute(classifier, x, 2, silent)
    np.testing.assert_allclose(found, values.sum(0), rtol=1e-9, atol=1e-12)
    assert gap < 1e-12 and partners(classifier) == {norm: conv}


def test_lrp_is_captums_where_captums_applies(picture: Picture) -> None:
    """Captum shares a convolution without its bias by the same rule, if what goes in is not negative."""
    torch.manual_seed(2)
    parts = [nn.Conv2d(3, 6, 3, padding=1, bias=False), nn.ReLU(), nn.AvgPool2d(2), nn.Conv2d(6, 4, 3, bias=False)]
    module = nn.Sequential(*parts, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3, bias=False))
    classifier = made(module)
    x = classifier.prepare(picture).double().abs() + 0.1
    theirs = deepcopy(module)
    theirs[0].rule, theirs[3].rule, theirs[6].rule = Alpha1_Beta0_Rule(), Alpha1_Beta0_Rule(), EpsilonRule()
    expected = LRP(theirs).attribute(x.clone().requires_grad_(), target=0)[0].sum(0).detach()
    found, gap = method("lrp").compute(classifier, x, 0, silent)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)
    assert gap < 1e-9


@pytest.mark.parametrize("slug", ["plain", "squeeze-excitation", "cbam", "attention-pooling"])
def test_lrp_hands_on_everything_but_the_last_bias(
    tiny: Callable[[str], Classifier], picture: Picture, slug: str
) -> None:
    exact = double(tiny(slug))
    x = exact.prepare(picture).double()
    for target in (1, 6):
        values, gap = method("lrp").compute(exact, x, target, silent)
        score, bias = exact.score(x, target).item(), exact.module.classify.bias[target].item()
        assert values.sum().item() == pytest.approx(score - bias, abs=0.02)  # few channels: some are excited by nothing
        assert gap == pytest.approx(abs(values.sum().item() / score - 1))


def test_lrp_rules_change_no_answer_and_weights_count_as_constants(
    tiny: Callable[[str], Classifier], picture: Picture
) -> None:
    exact = double(tiny("squeeze-excitation"))
    x = exact.prepare(picture).double()
    with torch.no_grad():
        plain = exact.module(x)
        with rules(exact):
            np.testing.assert_allclose(exact.module(x), plain, rtol=1e-9, atol=1e-12)
    gates = [exact.module.stage3.attention, exact.module.stage4.attention]
    fixed = deepcopy(exact.module)
    kept: list[Tensor] = []
    handles = [one.tap.register_forward_hook(lambda _, __, y: kept.append(y)) for one in gates]
    exact.module(x)
    for handle in handles:
        handle.remove()

    class Constant(nn.Module):
        def __init__(self, weights: Tensor):
            super().__init__()
            self.weights = weights.view(1, -1, 1, 1)

        def forward(self, y: Tensor) -> Tensor:
            return y * self.weights

    fixed.stage3.attention, fixed.stage4.attention = (Constant(one) for one in kept)
    other = Classifier(exact.card, fixed, exact.device)
    found, expected = (method("lrp").compute(one, x, 3, silent)[0] for one in (exact, other))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("slug", ["deeplift", "lrp"])
def test_offered_where_the_gap_is_small(classifier: Classifier, slug: str) -> None:
    chosen, gaps, runs = method(slug), [], True
    for seed in scenes.seeds("val", QUICK_SCENES):
        x = classifier.prepare(open_image(scenes.draw(seed, SIDE).pixels, name="scene"))
        target = int(classifier.module(x)[0].argmax())
        try:
            settled = {one.name: one.initial(classifier) for one in chosen.parameters}
            gaps.append(chosen.compute(classifier, x, target, silent, **settled)[1])
        except RuntimeError:
            runs = False
    known = [one for one in gaps if one is not None]  # it is not known where the score hardly changes
    assert chosen.fits(classifier) == runs
    assert (chosen in methods(classifier)) == (runs and bool(known) and max(known) <= MAX_GAP)
    assert chosen in methods(classifier) or slug == "lrp"


@pytest.mark.parametrize(
    ("gaps", "expected"),
    [
        ([0.05] * 24, True),
        ([0.01] * 4 + [7.0] * 2 + [0.01] * 18, True),
        ([0.01] * 4 + [7.0] * 2 + [0.01] * 17 + [float("nan")], False),
        ([0.2, 0.2, 0.2], False),  # and the others are not tried
        ([None] * 23 + [0.05], True),  # where the score hardly changes nothing can be told
        ([None] * 24, False),
    ],
)
def test_two_scenes_may_be_amiss(tiny: Callable[[str], Classifier], gaps: list[float | None], expected: bool) -> None:
    left = iter(gaps)
    assert completeness.is_complete(tiny("plain"), lambda *_: (None, next(left))) is expected
    assert not [*left]


@pytest.mark.parametrize(("gaps", "expected"), [([0.05] * 3, True), ([0.01, 0.01, 0.2], False), ([0.2], False)])
def test_without_a_word_of_the_card_three_scenes_are_tried(
    tiny: Callable[[str], Classifier], gaps: list[float], expected: bool
) -> None:
    left = iter(gaps)
    assert completeness.completeness_test("made", lambda *_: (None, next(left)))(tiny("plain")) is expected
    assert not [*left]


def test_what_a_card_says_is_believed_until_it_is_tried_again(tiny: Callable[[str], Classifier]) -> None:
    told = {"deeplift": False, "lrp": None}
    card = replace(tiny("plain").card, facts={completeness.FACT: told})
    classifier = Classifier(card, tiny("plain").module, torch.device("cpu"))
    assert method("deeplift") not in methods(classifier) and not method("lrp").fits(classifier)
    assert complete_methods(classifier) == {"deeplift": True, "lrp": True}


@pytest.mark.parametrize("told", [{"deeplift": False, "lrp": None}, 5, "yes"])
def test_what_the_card_of_a_users_model_says_is_not_believed(tiny: Callable[[str], Classifier], told: object) -> None:
    card = replace(tiny("plain").card, slug="own/pets", facts={completeness.FACT: told})
    found = methods(Classifier(card, tiny("plain").module, torch.device("cpu")))
    assert method("deeplift") in found and method("lrp") in found


def test_a_device_without_memory_is_no_verdict(tiny: Callable[[str], Classifier]) -> None:
    def fail(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(torch.OutOfMemoryError):
        completeness.completeness_test("made", fail)(tiny("plain"))


def test_what_is_not_exact_enough_runs_all_the_same_and_says_so(
    tiny: Callable[[str], Classifier], picture: Picture
) -> None:
    classifier = tiny("transformer")  # its places are added to patches, and its norms are no straight lines
    assert method("lrp") not in methods(classifier)
    assert attribute(classifier, picture, "lrp", 1).gap > 0.05


class Fickle(nn.Module):
    """Something else at every call."""

    def __init__(self) -> None:
        super().__init__()
        self.classify, self.calls = nn.Linear(3 * 16 * 16, 3), 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        y = self.classify(x.flatten(1))
        return y.relu() if self.calls % 2 else y


def test_what_cannot_run_is_not_offered() -> None:
    assert not method("deeplift").fits(made(Fickle()))


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_the_gap_has_no_scale(tiny: Callable[[str], Classifier], picture: Picture, scale: float) -> None:
    """A head that says the same more quietly: what is offered, and every gap, stay as they are."""
    loud = tiny("transformer")
    quiet = replace(loud, module=deepcopy(loud.module))
    for weight in quiet.module.classify.parameters():
        weight.mul_(scale)
    assert [one.slug for one in methods(quiet)] == [one.slug for one in methods(loud)]
    for slug, settled in (("integrated-gradients", {"steps": 10}), ("lrp", {}), ("layer-integrated-gradients", {})):
        expected, found = (attribute(one, picture, slug, 1, **settled) for one in (loud, quiet))
        assert found.gap == pytest.approx(expected.gap, rel=1e-2, abs=1e-4)
        np.testing.assert_allclose(found.values, scale * expected.values, rtol=1e-2, atol=1e-3 * scale)


@pytest.mark.parametrize(
    ("values", "change", "expected"),
    [([3.0, -1.0], 2.5, 0.2), ([3.0, -1.0], -2.0, 2.0), ([5e3, -5e3], 0.9, None), ([5e3, -5e3], 1.1, 1.0),
     ([0.0, 0.0], 0.0, None), ([0.0, 0.0], 1e-9, 1.0)],
)  # fmt: skip
def test_a_change_that_is_nothing_next_to_the_values_has_no_gap(
    values: list[float], change: float, expected: float | None
) -> None:
    assert gap(torch.tensor(values), change) == (None if expected is None else pytest.approx(expected))
