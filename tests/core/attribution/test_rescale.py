"""The rescale rule by naive loops, by hand, and by its sum: for rectifiers, pooling and products."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import core
from core.attribution import method, methods
from core.attribution.baseline import absent
from core.classifier import Classifier
from core.images import open_image
from core.types import ModelCard, Picture
from tests.conftest import CLASSES, redraw
from tests.core.quick_methods import silent
from tests.core.small_models import SMALL, small

SIZE = 24


def made(module: nn.Module, size: int = SIZE, double: bool = True) -> Classifier:
    module = module.eval().requires_grad_(False)
    card = ModelCard("made/rescaled", "", "plain", CLASSES[:4], size=size)
    return Classifier(card, module.double() if double else module, torch.device("cpu"))


def lift(
    classifier: Classifier, x: Tensor, target: int = 1, baseline: str = "white"
) -> tuple[np.ndarray, float | None]:
    values, gap = method("deeplift").compute(classifier, x, target, silent, baseline=baseline)
    return values.detach().numpy(), gap


# A second derivation: multipliers handed down by loops


def pad(z: np.ndarray, wide: int, after: int, value: float) -> np.ndarray:
    return np.pad(z, ((0, 0), (wide, wide + after), (wide, wide + after)), constant_values=value)


def convolution(weight: np.ndarray, bias: np.ndarray, z: np.ndarray) -> np.ndarray:
    z, (out, _, k, _) = pad(z, 1, 0, 0), weight.shape
    side = z.shape[1] - k + 1
    y = np.empty((out, side, side))
    for row in range(side):
        for column in range(side):
            window = z[:, row : row + k, column : column + k]
            y[:, row, column] = (weight * window).sum((1, 2, 3)) + bias
    return y


def back_through_convolution(weight: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    _out, channels, k, _ = weight.shape
    whole = np.zeros((channels, slopes.shape[1] + k - 1, slopes.shape[2] + k - 1))
    for row in range(slopes.shape[1]):
        for column in range(slopes.shape[2]):
            whole[:, row : row + k, column : column + k] += np.tensordot(slopes[:, row, column], weight, 1)
    return whole[:, 1:-1, 1:-1]


def windows(side: int, k: int, stride: int, wide: int, ceil: bool) -> tuple[int, int]:
    """How many windows there are along a side, and how many cells they need behind it."""
    count = (side + 2 * wide - k + (stride - 1 if ceil else 0)) // stride + 1
    count -= ceil and (count - 1) * stride >= side + wide
    return count, max(0, (count - 1) * stride + k - side - 2 * wide)


def pool(z: np.ndarray, k: int, stride: int, wide: int, ceil: bool) -> np.ndarray:
    count, after = windows(z.shape[1], k, stride, wide, ceil)
    z = pad(z, wide, after, -np.inf)
    places = [slice(stride * one, stride * one + k) for one in range(count)]
    return np.array([[[plane[rows, columns].max() for columns in places] for rows in places] for plane in z])


def back_through_pool(z: np.ndarray, b: np.ndarray, slopes: np.ndarray, k: int, stride: int, wide: int, ceil: bool):
    """Each window hands its change to the place of its largest value, now or before."""
    _, after = windows(z.shape[1], k, stride, wide, ceil)
    z, b = (pad(one, wide, after, -np.inf) for one in (z, b))
    whole = np.zeros(z.shape)
    for channel, row, column in np.ndindex(slopes.shape):
        rows, columns = (slice(stride * one, stride * one + k) for one in (row, column))
        now, before = z[channel, rows, columns], b[channel, rows, columns]
        rise, handed = now.max() - before.max(), np.zeros((k, k))
        place = np.unravel_index((now if rise >= 0 else before).argmax(), (k, k))
        if rise:
            handed[place] = rise / (now[place] - before[place])
        elif now[place] == before[place]:  # nothing moved: its gradient
            handed[place] = 1
        whole[channel, rows, columns] += slopes[channel, row, column] * handed
    return whole[:, wide : wide + z.shape[1] - 2 * wide - after, wide : wide + z.shape[2] - 2 * wide - after]


def rectify(z: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.where(z == b, z > 0, (z.clip(0) - b.clip(0)) / np.where(z == b, 1, z - b))


POOLS = [(2, 2, 0, False), (3, 2, 0, False), (3, 2, 1, False), (3, 2, 0, True), (3, 1, 1, False)]


@pytest.mark.parametrize("shape", POOLS)
@pytest.mark.parametrize("activation", [nn.ReLU(), nn.ReLU(inplace=True), F.relu])
def test_two_convolutions_and_a_pool_by_loops(shape: tuple, activation: Callable) -> None:
    """Of noise: where cells tie, another one of them would be as right."""
    k, stride, wide, ceil = shape

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 5, 3, padding=1)
            self.pool, self.activation = nn.MaxPool2d(k, stride, wide, ceil_mode=ceil), activation
            side = windows(SIZE, k, stride, wide, ceil)[0]
            self.classify = nn.Linear(5 * side * side, 4)

        def forward(self, x: Tensor) -> Tensor:
            x = self.pool(self.activation(self.first(x)))  # a pool right behind it, and the next one's windows may
            return self.classify(self.activation(self.second(x)).flatten(1))

    classifier = made(redraw(Net(), seed=4))
    x = classifier.prepare(open_image(np.random.default_rng(1).integers(0, 256, (SIZE, SIZE, 3), np.uint8))).double()
    module, found = classifier.module, []
    (w1, c1), (w2, c2) = ((one.weight.numpy(), one.bias.numpy()) for one in (module.first, module.second))
    for one in (x, absent(classifier, x, "blurred")):
        first = convolution(w1, c1, one[0].numpy())
        second = convolution(w2, c2, pool(first.clip(0), k, stride, wide, ceil))
        logits = module.classify.weight.numpy() @ second.clip(0).ravel() + module.classify.bias.numpy()
        np.testing.assert_allclose(logits, module(one)[0].numpy(), rtol=1e-9)
        found.append((one[0].numpy(), first, second, logits[1]))
    (end, first, second, score), (begin, first_b, second_b, score_b) = found
    slopes = module.classify.weight.numpy()[1].reshape(second.shape) * rectify(second, second_b)
    slopes = back_through_convolution(w2, slopes)
    slopes = back_through_pool(first.clip(0), first_b.clip(0), slopes, *shape) * rectify(first, first_b)
    expected = (back_through_convolution(w1, slopes) * (end - begin)).sum(0)
    values, gap = lift(classifier, x, 1, "blurred")
    np.testing.assert_allclose(values, expected, rtol=1e-8, atol=1e-10 * np.abs(expected).max())
    assert expected.sum() == pytest.approx(score - score_b, rel=1e-9) and gap < 1e-10


def test_by_hand_the_largest_of_two() -> None:
    """F = max(relu(x₁ + 1), relu(x₂ + 3)) from (0, 0) to (9, 0), (0, 5), (−9, 2), (4, −9): who raised or lowered it."""

    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.relu, self.pool = nn.ReLU(), nn.MaxPool2d((1, 2))

        def forward(self, x: Tensor) -> Tensor:
            y = self.pool(self.relu(x[:, :1, :1, :2] + torch.tensor([1.0, 3.0]))).flatten(1)
            return torch.cat([y, -y, y, y], 1)

    classifier = made(Two(), size=4)
    for given, expected in [((9, 0), (7, 0)), ((0, 5), (0, 5)), ((-9, 2), (0, 2)), ((1.5, -9), (0, -0.5))]:
        x = torch.zeros(1, 3, 4, 4).double()
        x[0, 0, 0, :2] = torch.tensor(given)
        values, gap = lift(classifier, x, 0, "mean-color")
        assert values[0, :2] == pytest.approx(expected) and not values[1:].any() and gap < 1e-12


# Sums


relu, overwrite = nn.ReLU(), nn.ReLU(inplace=True)
ALIKE = {
    "module, twice": relu,
    "module in place": overwrite,
    "function": F.relu,
    "function in place": lambda z: F.relu(z, inplace=True),
    "torch": torch.relu,
    "method": lambda z: z.relu(),
    "method in place": lambda z: z.relu_(),
    "clamp": lambda z: z.clamp(min=0),
    "clamp in place": lambda z: z.clamp_(min=0),
    "maximum": lambda z: torch.maximum(z, torch.zeros_like(z)),
    "max of two": lambda z: torch.max(z, 0 * z),
    "minimum": lambda z: -torch.minimum(-z, torch.zeros_like(z)),
    "where": lambda z: torch.where(z > 0, z, 0 * z),
    "where with a number": lambda z: torch.where(z < 0, 0.0, z),
    "a product with a mask": lambda z: z * (z > 0),
    "a mask in place": lambda z: z.mul_((z > 0).to(z)),
    "masked": lambda z: z.masked_fill(z < 0, 0),
    "half of the sum": lambda z: (z + z.abs()) / 2,
}
"""The same function, written in many ways: one map."""
ONE_INPUT = {
    "gelu": F.gelu,
    "silu in place": nn.SiLU(inplace=True),
    "hardswish": nn.Hardswish(),
    "softplus": nn.Softplus(),
    "elu": nn.ELU(),
    "leaky in place": nn.LeakyReLU(0.1, inplace=True),
    "prelu": nn.PReLU(),
    "relu6": nn.ReLU6(),
    "threshold": nn.Threshold(0.1, 0.3),
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "steps": lambda z: (4 * z).round() / 4,
    "square": lambda z: z**2,
    "exp of exp": lambda z: (z / 4).exp().exp(),
    "overlapping, dilated": nn.MaxPool2d(2, 1, dilation=2),
    "with indices": lambda z: F.max_pool2d(z, 3, 2, return_indices=True)[0],
    "torch.max_pool2d": lambda z: torch.max_pool2d(z, 3, 2, 1),
    "adaptive": nn.AdaptiveMaxPool2d(5),
    "one row": lambda z: F.max_pool1d(z.flatten(2), 3, 2).unflatten(2, (1, -1)).expand(-1, -1, 4, -1),
    "everything": lambda z: z + z.amax((2, 3), keepdim=True) - z.amin((1, 2), keepdim=True),
    "channels": lambda z: z + z.max(1, keepdim=True).values,
}
SEVERAL_INPUTS = {
    "gate": lambda z: z * torch.sigmoid(z.mean((2, 3), keepdim=True)),
    "its own gate": lambda z: z * z.sigmoid(),
    "glu": lambda z: F.glu(torch.cat([z, z.flip(1)], 1), 1),
    "quotient": lambda z: z / (1 + z.abs()),
    "one over it": lambda z: 1 / (1 + z.square()),
    "softmax": lambda z: 50 * z * z.flatten(2).softmax(-1).view_as(z),
    "log softmax": lambda z: F.log_softmax(z, 1),
    "group norm": lambda z: z + nn.GroupNorm(2, 6, affine=False)(z),
    "layer norm": lambda z: F.layer_norm(z, z.shape[-1:]) * z,
    "instance norm": lambda z: nn.InstanceNorm2d(6)(z) * z,
    "rms norm": lambda z: F.rms_norm(z, z.shape[-1:]),
    "normalize": lambda z: F.normalize(z),
    "attention": lambda z: F.scaled_dot_product_attention(z, z.flip(-1), z),
    "causal attention": lambda z: F.scaled_dot_product_attention(z, z, z, is_causal=True),
    "einsum": lambda z: torch.einsum("bchw,bdhw->bcdhw", z, z).mean(2),
    "matrices": lambda z: z @ z.transpose(-1, -2),
}


class Bent(nn.Module):
    """Two convolutions, each with the same function behind it, and a class on top."""

    def __init__(self, bend: Callable[[Tensor], Tensor]):
        super().__init__()
        self.first, self.second, self.classify = nn.Conv2d(3, 6, 3), nn.Conv2d(6, 6, 3), nn.Linear(6, 4)
        self.bend = deepcopy(bend)

    def forward(self, x: Tensor) -> Tensor:
        return self.classify(self.bend(self.second(self.bend(self.first(x)))).mean((2, 3)))


@pytest.mark.parametrize("name", {**ONE_INPUT, **SEVERAL_INPUTS})
def test_the_values_add_up(picture: Picture, name: str) -> None:
    bend = {**ONE_INPUT, **SEVERAL_INPUTS}[name]
    exact, single = (made(redraw(Bent(bend), seed=3), double=double) for double in (True, False))
    x = exact.prepare(picture)
    for baseline in ("mean-color", "blurred"):
        values, gap = lift(exact, x.double(), 1, baseline)
        change = exact.score(torch.cat([x.double(), x.double() * 0]), 1) if baseline == "mean-color" else None
        assert gap < 1e-10 and values.any()
        if change is not None:  # a sum of its own
            assert values.sum() == pytest.approx((change[0] - change[1]).item(), rel=1e-9)
        assert lift(single, x, 1, baseline)[1] < 1e-3


@pytest.mark.parametrize("name", ALIKE)
def test_a_rectifier_is_a_rectifier_however_it_is_written(picture: Picture, name: str) -> None:
    classifier, other = made(redraw(Bent(ALIKE[name]), seed=3)), made(redraw(Bent(nn.ReLU()), seed=3))
    x = classifier.prepare(picture).double()
    kept, before = x.clone(), classifier.module(x)
    (values, gap), (expected, _) = lift(classifier, x), lift(other, x)
    assert torch.equal(x, kept) and torch.equal(classifier.module(x), before)  # nothing stays behind
    np.testing.assert_allclose(values, expected, rtol=1e-9, atol=1e-12)
    assert gap < 1e-12


@pytest.mark.parametrize("family", SMALL)
def test_torchvisions_models_add_up(family: str, picture: Picture) -> None:
    module, size = small(family)
    classifier = core.adopt(module, ModelCard(f"made/{family}", family, "plain", CLASSES, size=size), "cpu")
    assert method("deeplift") in methods(classifier)
    x = classifier.prepare(picture)
    exact = Classifier(classifier.card, deepcopy(classifier.module).double(), classifier.device)
    for one, kind, rounding in ((classifier, torch.float32, 1e-5), (exact, torch.float64, 1e-12)):
        values, _ = lift(one, x.to(kind), 3, "mean-color")
        end, begin = one.score(torch.cat([x, 0 * x]).to(kind), 3).tolist()
        assert abs(values.sum(dtype=np.float64) - (end - begin)) < rounding * np.abs(values).sum(dtype=np.float64)


@pytest.mark.parametrize("slug", ["scenes/plain", "scenes-tag/plain", "imagenette/plain", "scenes/recurrent"])
def test_shipped_models_add_up(slug: str, picture: Picture) -> None:
    found = core.attribute(core.load(slug, "cpu"), picture, "deeplift")
    assert found.gap is not None and found.gap < 1e-3


def test_what_no_rule_reaches_does_not_add_up_and_is_not_offered(picture: Picture) -> None:
    classifier = made(redraw(Bent(lambda z: z.sort(1).values), seed=3), double=False)
    assert core.attribute(classifier, picture, "deeplift", 1).gap > 0.05
    assert method("deeplift") not in methods(classifier)


def test_other_steps_for_the_baseline_cannot_be_compared(picture: Picture) -> None:
    classifier = made(redraw(Bent(lambda z: z.relu() if z.abs().max() > 5 else z[..., :9].relu()), seed=3))
    with pytest.raises(RuntimeError, match="same steps"):
        lift(classifier, 100 * classifier.prepare(picture).double(), 1, "mean-color")
