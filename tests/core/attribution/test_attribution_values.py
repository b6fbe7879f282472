"""Every attribution against a slow second derivation or an axiom."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from core.attribution import attribute, batches, method
from core.attribution.baseline import absent
from core.attribution.batches import Pace
from core.classifier import Classifier
from core.models.networks.backbone import STAGES
from core.types import ModelCard, Picture
from tests.core.guided_rectifier import guide
from tests.core.quick_methods import compute, double, gradient, silent, tried

pytestmark = [
    pytest.mark.filterwarnings("ignore:Setting backward hooks on ReLU"),
]


def test_gradients_by_hand_and_by_finite_differences(classifier: Classifier, picture: Picture) -> None:
    exact = double(classifier)
    x = exact.prepare(picture).double()
    slope = gradient(exact, x, 4)
    saliency, product = compute(exact, "saliency", x, 4), compute(exact, "input-x-gradient", x, 4)
    np.testing.assert_allclose(saliency, slope.abs().max(0).values, rtol=1e-9)
    np.testing.assert_allclose(product, (slope * x[0]).sum(0), rtol=1e-9, atol=1e-12)
    for row, column in np.random.default_rng(0).integers(0, 64, (6, 2)):
        differences = []
        for color in range(3):
            step = torch.zeros_like(x)
            step[0, color, row, column] = 1e-6
            with torch.no_grad():
                differences.append((exact.score(x + step, 4) - exact.score(x - step, 4)).item() / 2e-6)
        pixel = x[0, :, row, column].numpy()
        scale = np.abs(saliency).max()
        assert saliency[row, column] == pytest.approx(np.abs(differences).max(), rel=1e-4, abs=1e-6 * scale)
        assert product[row, column] == pytest.approx(pixel @ differences, rel=1e-4, abs=1e-6 * scale)


def test_float32_is_close_to_float64(classifier: Classifier, picture: Picture) -> None:
    exact = double(classifier)
    for slug in tried(classifier):
        single = compute(classifier, slug, classifier.prepare(picture), 4)
        twice = compute(exact, slug, exact.prepare(picture).double(), 4)
        assert np.abs(single - twice).max() <= 2e-3 * np.abs(twice).max()  # both blank where the evidence is negative


@pytest.mark.parametrize("baseline", ["mean-color", "black", "white", "blurred"])
def test_a_linear_model_in_closed_form(linear: Classifier, picture: Picture, baseline: str) -> None:
    x = linear.prepare(picture).double()
    weight = linear.module[1].weight[2].view(3, 32, 32)
    change = (weight * (x - absent(linear, x, baseline))[0]).sum(0).numpy()
    for slug in ("saliency", "smoothgrad"):
        np.testing.assert_allclose(compute(linear, slug, x, 2), weight.abs().amax(0), rtol=1e-9)
    np.testing.assert_allclose(compute(linear, "input-x-gradient", x, 2), (weight * x[0]).sum(0), rtol=1e-9, atol=1e-12)
    chosen = method("integrated-gradients")
    values, gap = chosen.compute(linear, x, 2, silent, steps=10, baseline=baseline)
    np.testing.assert_allclose(values, change, rtol=1e-5, atol=1e-7)  # Captum keeps its step sizes in float32
    assert gap < 1e-6
    hidden = compute(linear, "occlusion", x, 2, window=4, stride=4, baseline=baseline)
    np.testing.assert_allclose(hidden, change.reshape(8, 4, 8, 4).sum((1, 3)), rtol=1e-9, atol=1e-12)


def test_baselines(tiny: Callable[[str], Classifier], picture: Picture) -> None:
    classifier = double(tiny("plain"))
    x = classifier.prepare(picture).double()
    mean, std = (np.array(values).reshape(3, 1, 1) for values in (classifier.card.mean, classifier.card.std))
    for name, color in (("mean-color", mean), ("black", 0.0), ("white", 1.0)):
        rgb = absent(classifier, x, name)[0].numpy() * std + mean
        np.testing.assert_allclose(rgb, np.broadcast_to(color, rgb.shape), atol=1e-6)
    blurred = absent(classifier, x, "blurred")[0].numpy()
    reach = np.arange(-12, 13)
    weights = np.exp(-0.5 * (reach / 4) ** 2)  # 64 px / 16
    for row, column in ((0, 0), (63, 30), (20, 41)):
        total = np.zeros(3)
        for down, vertical in zip(reach, weights, strict=True):
            for across, horizontal in zip(reach, weights, strict=True):
                y, z = (63 - abs(63 - abs(place)) for place in (row + down, column + across))  # mirrored at the edge
                total += vertical * horizontal * x[0, :, y, z].numpy()
        np.testing.assert_allclose(blurred[:, row, column], total / weights.sum() ** 2, rtol=1e-5)


@pytest.mark.parametrize("baseline", ["mean-color", "white"])
def test_integrated_gradients_by_a_loop(classifier: Classifier, picture: Picture, baseline: str) -> None:
    exact = double(classifier)
    x = exact.prepare(picture).double()
    start = absent(exact, x, baseline)
    places, weights = np.polynomial.legendre.leggauss(12)
    mean = 0.0
    for place, weight in zip(places, weights, strict=True):  # from -1..1 to 0..1
        mean = mean + weight / 2 * gradient(exact, start + (place + 1) / 2 * (x - start), 6)
    expected = (mean * (x - start)[0]).sum(0).numpy()
    settled = {"steps": 12, "baseline": baseline}
    values, gap = method("integrated-gradients").compute(exact, x, 6, silent, **settled)
    np.testing.assert_allclose(values, expected, rtol=1e-5, atol=1e-6 * np.abs(expected).max())
    with torch.no_grad():
        change = (exact.score(x, 6) - exact.score(start, 6)).item()
    assert gap == pytest.approx(abs(expected.sum() - change) / abs(change), abs=1e-5)


def test_integrated_gradients_are_complete(classifier: Classifier, picture: Picture) -> None:
    gaps = [attribute(classifier, picture, "integrated-gradients", 6, steps=steps).gap for steps in (10, 500)]
    x = classifier.prepare(picture)
    change = abs((classifier.score(x, 6) - classifier.score(torch.zeros_like(x), 6)).item())
    assert gaps[1] * change < 0.01 * max(1, change) and gaps[1] < gaps[0]


def test_smoothgrad_by_a_loop(classifier: Classifier, picture: Picture, monkeypatch: pytest.MonkeyPatch) -> None:
    exact = double(classifier)
    x = exact.prepare(picture).double()
    generator = torch.Generator().manual_seed(9)
    spread, total = 0.2 * (x.max() - x.min()), 0.0
    for _ in range(7):
        total = total + gradient(exact, x + spread * torch.randn(3, 64, 64, generator=generator).double(), 5)
    expected = (total / 7).abs().max(0).values
    for size in (1, 3, 16):  # the draws do not depend on the batches
        monkeypatch.setitem(batches._paces, exact, {True: Pace(size, 1e-3)})
        values = compute(exact, "smoothgrad", x, 5, samples=7, noise=0.2, seed=9)
        np.testing.assert_allclose(values, expected, rtol=1e-8, atol=1e-14)
    still = compute(exact, "smoothgrad", x, 5, noise=0.0)
    np.testing.assert_allclose(still, compute(exact, "saliency", x, 5), rtol=1e-9)


@pytest.mark.parametrize("place", range(5))
def test_grad_cam_by_a_loop(classifier: Classifier, picture: Picture, place: int) -> None:
    exact = double(classifier)
    if place >= len(exact.stages):
        pytest.skip("the model has four stages")
    stage, (name, where) = STAGES[place] if place < 4 else "", list(exact.stages.items())[place]
    cut: list[Tensor] = []  # the model from that stage on, as a function of what the stage gives out
    hook = where.module.register_forward_hook(lambda _, __, y: cut.append(y.detach().requires_grad_()) or cut[0])
    x = exact.prepare(picture).double()
    logits = exact.module(x)
    hook.remove()
    features, blank = where.arrange(cut[0])[0].detach().numpy(), 0
    for target in range(10):
        slope = where.arrange(torch.autograd.grad(logits[0, target], cut[0], retain_graph=True)[0])[0]
        expected = np.zeros(features.shape[1:])
        for channel in range(len(features)):
            expected += slope[channel].mean().item() * features[channel]
        found = compute(exact, "grad-cam", x, target, stage=name)
        np.testing.assert_allclose(found, expected.clip(0), rtol=1e-9, atol=1e-12)
        blank += not found.any()
    side = 4 if classifier.card.mechanism == "transformer" else {"stage3": 8, "stage4": 4}.get(stage, 16)
    assert found.shape == (side, side) and blank < 10
    last = {"self-attention": "stage3", "transformer": "block5"}.get(classifier.card.mechanism, "stage4")
    if name == last:  # the last before a comparison, where there is one
        default = attribute(classifier, picture, "grad-cam", 9)
        named = attribute(classifier, picture, "grad-cam", 9, stage=name)
        assert np.array_equal(default.values, named.values)


def test_guided_backpropagation_by_the_rule(picture: Picture) -> None:
    torch.manual_seed(4)
    layers = nn.Linear(3 * 16 * 16, 20), nn.Linear(20, 15), nn.Linear(15, 3)
    first, second, third = layers
    module = nn.Sequential(nn.Flatten(), first, nn.ReLU(), second, nn.ReLU(), third).double().requires_grad_(False)
    classifier = Classifier(ModelCard("made/two", "", "plain", ("a", "b", "c"), size=16), module, torch.device("cpu"))
    x = classifier.prepare(picture).double()
    (w1, b1), (w2, b2), (w3, _) = ((layer.weight.numpy(), layer.bias.numpy()) for layer in layers)
    before = w1 @ x.numpy().ravel() + b1
    middle = w2 @ before.clip(0) + b2
    for target in range(3):
        back = w3[target]
        back = np.where((middle > 0) & (back > 0), back, 0) @ w2
        back = np.where((before > 0) & (back > 0), back, 0) @ w1
        found = compute(classifier, "guided-backpropagation", x, target)
        np.testing.assert_allclose(found, back.reshape(3, 16, 16).sum(0), rtol=1e-9, atol=1e-12)
        assert not np.allclose(found, gradient(classifier, x, target).sum(0))


def test_guided_backpropagation_of_each_mechanism(classifier: Classifier, picture: Picture) -> None:
    if classifier.card.mechanism == "transformer":
        return  # it has GELU, for which the rule is not defined
    exact = double(classifier)
    x = exact.prepare(picture).double()
    ruled = double(classifier)
    guide(ruled.module)
    expected = gradient(ruled, x, 8).sum(0)
    np.testing.assert_allclose(compute(exact, "guided-backpropagation", x, 8), expected, rtol=1e-8, atol=1e-12)


def hidden_pictures(x: Tensor, baseline: Tensor, window: int, stride: int) -> Iterator[Tensor]:
    """The picture with one window after the other hidden, row by row."""
    size = x.shape[-1]
    for row in range(0, size, stride):
        for column in range(0, size, stride):
            top, left = (place - (window - stride) // 2 for place in (row, column))
            gone = x.clone()
            for y in range(max(0, top), min(size, top + window)):
                for z in range(max(0, left), min(size, left + window)):
                    gone[..., y, z] = baseline[..., y, z]
            yield gone


@pytest.mark.parametrize("slug", ["plain", "cbam", "self-attention"])
@pytest.mark.parametrize(
    ("window", "stride", "baseline"), [(8, 8, "black"), (24, 8, "mean-color"), (17, 16, "blurred")]
)
def test_occlusion_by_a_loop(
    tiny: Callable, slug: str, picture: Picture, window: int, stride: int, baseline: str
) -> None:
    exact = double(tiny(slug))
    x = exact.prepare(picture).double()
    with torch.no_grad():
        whole = exact.score(x, 1).item()
        drops = [
            whole - exact.score(gone, 1).item()
            for gone in hidden_pictures(x, absent(exact, x, baseline), window, stride)
        ]
    found = compute(exact, "occlusion", x, 1, window=window, stride=stride, baseline=baseline)
    np.testing.assert_allclose(found, np.reshape(drops, (64 // stride, -1)), rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize(("row", "column"), [(0, 0), (9, 22), (31, 16)])
def test_occlusion_finds_the_pixel_that_matters(linear: Classifier, picture: Picture, row: int, column: int) -> None:
    x = linear.prepare(picture).double() + 5
    weight = torch.zeros(3, 32, 32, dtype=torch.float64)
    weight[1, row, column] = 1
    linear.module[1].weight[0] = weight.flatten()
    cell = np.zeros((8, 8))
    cell[row // 4, column // 4] = x[0, 1, row, column]
    np.testing.assert_allclose(compute(linear, "occlusion", x, 0, window=4, stride=4), cell, atol=1e-12)
    places = np.argwhere(compute(linear, "occlusion", x, 0, window=12, stride=4))
    near = [(i, j) for i in range(8) for j in range(8) if abs(i - row // 4) <= 1 and abs(j - column // 4) <= 1]
    assert [tuple(place) for place in places] == near
