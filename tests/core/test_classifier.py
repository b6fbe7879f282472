"""A picture made ready and read: each number a second time and slowly, from many threads, and after a failure."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from copy import deepcopy

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torchvision.ops.misc import SqueezeExcitation

import core
from core import device as devices
from core.attention import MECHANISMS
from core.attention.tap import _records, _steers
from core.classifier import Classifier, outputs
from core.images import square
from core.types import InvalidInput, Kind, Picture

EVERY = [one.slug for one in MECHANISMS]


@pytest.fixture(scope="module")
def pictures() -> list[Picture]:
    """Eight made pictures of several shapes; two are seen whole, with a margin."""
    draw = np.random.default_rng(8)
    sizes = [(64, 64), (64, 96), (100, 70), (40, 40), (128, 64), (90, 91), (33, 64), (64, 65)]
    made = [draw.integers(0, 256, (17, 17, 3), dtype=np.uint8).repeat(8, 0).repeat(8, 1)[:h, :w] for h, w in sizes]
    return [core.open_image(one, "fit" if n in (2, 4) else "center") for n, one in enumerate(made)]


def same(one: core.Reading, other: core.Reading) -> bool:
    """Whether two readings agree in every number."""
    arrays = [(one.logits, other.logits), (one.probabilities, other.probabilities), (one.energy, other.energy)]
    arrays += [(a.weights, b.weights) for a, b in zip(one.maps, other.maps, strict=True)]
    return all(a.shape == b.shape and np.allclose(a, b, rtol=1e-6, atol=1e-6) for a, b in arrays)


def test_a_picture_is_prepared_pixel_by_pixel_as_its_card_says(tiny: Callable, pictures: list[Picture]) -> None:
    classifier = tiny("plain")
    for picture in pictures[:3]:
        x = classifier.prepare(picture)
        seen = square(picture, 64, classifier.fill).tolist()
        assert x.shape == (1, 3, 64, 64) and x.dtype == torch.float32 and x.device == classifier.device
        for channel, row, column in [(0, 0, 0), (1, 5, 60), (2, 63, 63), (0, 31, 2), (1, 63, 0)]:
            expected = (seen[row][column][channel] / 255 - classifier.card.mean[channel]) / classifier.card.std[channel]
            assert x[0, channel, row, column].item() == pytest.approx(expected, abs=1e-5)


def test_what_lies_outside_of_a_picture_is_normalized_zero(tiny: Callable, pictures: list[Picture]) -> None:
    x = tiny("plain").prepare(pictures[4])  # twice as high as wide, seen whole
    assert x[0, :, :, :14].abs().max() < 0.5 / 255 / 0.224 + 1e-6 < 0.01  # half a step of 8 bits
    assert x[0, :, :, 20:44].abs().max() > 0.5


def last_features(module: nn.Module, x: Tensor) -> Tensor:
    """What the last stage gives out, (1, c, 4, 4), computed part by part."""
    x = module.stem(x)
    if not hasattr(module, "token"):
        return module.stage4(module.stage3(module.stage2(module.stage1(x))))
    x = torch.cat((module.token, (x + module.place).flatten(2).transpose(1, 2)), 1)
    for name in module.blocks[:-1]:
        x = module.get_submodule(name)(x, (4, 4))
    return torch.stack([x[0, 1 + 4 * row : 5 + 4 * row].T for row in range(4)], 1)[None]


@pytest.mark.parametrize("slug", EVERY)
def test_a_reading_is_one_plain_forward_pass(tiny: Callable, pictures: list[Picture], slug: str) -> None:
    classifier, picture = tiny(slug), pictures[1]
    reading = core.read(classifier, picture)
    x = classifier.prepare(picture)
    np.testing.assert_allclose(reading.logits, classifier.module(x)[0].numpy(), rtol=1e-5, atol=1e-5)
    powers = [math.exp(float(logit)) for logit in reading.logits]
    assert reading.probabilities.tolist() == pytest.approx([power / sum(powers) for power in powers], rel=1e-5)
    assert reading.predicted == reading.logits.tolist().index(max(reading.logits))
    features = last_features(classifier.module, x)[0]
    energy = [[sum(float(v) ** 2 for v in features[:, i, j]) / len(features) for j in range(4)] for i in range(4)]
    np.testing.assert_allclose(reading.energy, energy, rtol=1e-4)
    assert [one.tap for one in reading.maps] == list(classifier.taps)
    token = int(slug == "transformer")
    for one in reading.maps:
        h, w = one.grid
        n = h * w + token
        shapes = {Kind.SPATIAL: (h, w), Kind.PAIRWISE: (4, n, n), Kind.CHANNEL: (16,)}
        shapes |= {Kind.FEATURE: (16, h, w), Kind.SEQUENCE: (4, h, w)}
        assert one.kind == classifier.taps[one.tap].kind and one.weights.shape == shapes[one.kind] and one.cells is None
    arrays = [reading.logits, reading.probabilities, reading.energy, *(one.weights for one in reading.maps)]
    if slug == "recurrent":
        film = classifier.module.classify(classifier.module.pool(features[None]))[0]
        np.testing.assert_allclose(reading.steps, film.softmax(-1), rtol=1e-4)
        np.testing.assert_allclose(reading.steps[-1], reading.probabilities, rtol=1e-5)
        arrays.append(reading.steps)
    else:
        assert reading.steps is None
    for array in arrays:
        assert array.dtype == np.float32 and not array.flags.writeable
        with pytest.raises(ValueError):
            array[...] = 0


def test_a_target_is_a_name_an_index_or_the_predicted_class(tiny: Callable, picture: Picture) -> None:
    classifier, logits = tiny("plain"), core.read(tiny("plain"), picture).logits
    assert classifier.target(None, logits) == int(np.argmax(logits))
    known = {"elm": 3, "ELM": 3, 3: 3, np.int64(9): 9, "pine": 9, 0: 0}
    assert [classifier.target(wanted, logits) for wanted in known] == list(known.values())
    listed = ", ".join(classifier.card.classes)
    for wanted in ("oaks", "", "3", -1, 10, 2.5):
        with pytest.raises(InvalidInput) as caught:
            classifier.target(wanted, logits)
        assert str(caught.value) == f"tiny/plain has no class {wanted!r}. It has: {listed}."


def test_the_score_is_the_targets_logit_and_its_gradient_reaches_the_pixels(tiny: Callable, picture: Picture) -> None:
    classifier = tiny("cbam")
    x = classifier.prepare(picture).double().repeat(2, 1, 1, 1).requires_grad_(True)
    exact = Classifier(classifier.card, deepcopy(classifier.module).double(), classifier.device)
    scores = exact.score(x, 4)
    assert torch.equal(scores, exact.module(x)[:, 4]) and scores.shape == (2,)
    (slope,) = torch.autograd.grad(scores[0], x)
    step = torch.zeros_like(x)
    step[0, 1, 30, 30] = 1e-6
    rise = (exact.score(x + step, 4)[0] - exact.score(x - step, 4)[0]).item() / 2e-6
    assert slope[0, 1, 30, 30].item() == pytest.approx(rise, rel=1e-3) and not slope[1].any()


def test_read_wants_a_picture(tiny: Callable) -> None:
    for wrong in ("photo.jpg", np.zeros((64, 64, 3), np.uint8), None):
        with pytest.raises(InvalidInput, match=r"^read takes a Picture. Create one with open_image\([^\n]+\)\.$"):
            core.read(tiny("plain"), wrong)


@pytest.mark.parametrize("slug", ["cbam", "self-attention"])
def test_eight_threads_share_a_model_and_none_of_800_readings_is_wrong(
    tiny: Callable, pictures: list[Picture], slug: str
) -> None:
    classifier = tiny(slug)
    expected = [core.read(classifier, picture) for picture in pictures]
    assert not any(same(expected[0], other) for other in expected[1:])
    right, together = [], threading.Barrier(8)

    def work(place: int) -> None:
        together.wait()
        for turn in range(100):
            n = (place + turn) % 8
            right.append(same(core.read(classifier, pictures[n]), expected[n]))

    threads = [threading.Thread(target=work, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(right) == 800 and right.count(False) == 0


class Fails(nn.Module):
    """A module that raises when it is run."""

    def forward(self, x: Tensor) -> Tensor:
        raise RuntimeError("on purpose")


def traces(module: nn.Module) -> dict[str, object]:
    """What a reading could leave behind, in the model and in the worker's thread."""
    hooks = [name for name in vars(nn.Module()) if name.endswith("_hooks")]
    thread = devices.run(lambda: (_records.get(), dict(_steers.get()), torch.is_grad_enabled()), torch.device("cpu"))
    return {
        "hooks": [(name, kind) for name, child in module.named_modules() for kind in hooks if getattr(child, kind)],
        "modes": [child.training for child in module.modules()],
        "gradients": [(parameter.requires_grad, parameter.grad) for parameter in module.parameters()],
        "attributes": {name: set(vars(child)) for name, child in module.named_modules()},
        "thread": thread,
    }


@pytest.mark.parametrize("slug", EVERY)
def test_a_reading_leaves_nothing_behind_after_success_or_failure(tiny: Callable, picture: Picture, slug: str) -> None:
    classifier = tiny(slug)
    before = traces(classifier.module)
    assert before["hooks"] == [] and before["thread"] == (None, {}, True)
    core.read(classifier, picture)
    assert traces(classifier.module) == before
    broken = deepcopy(classifier.module)
    broken.classify = Fails()  # the last module: by then every tap was heard and every hook was hung
    before = traces(broken)
    with pytest.raises(RuntimeError, match="on purpose"):
        core.read(Classifier(classifier.card, broken, classifier.device), picture)
    assert traces(broken) == before
    assert same(core.read(classifier, picture), core.read(classifier, picture))


def test_outputs_keeps_what_modules_give_and_releases_it(tiny: Callable, picture: Picture) -> None:
    classifier = tiny("plain")
    x = classifier.prepare(picture)
    with outputs({name: stage.module for name, stage in classifier.stages.items()}) as kept:
        classifier.module(x)
    assert {name: tuple(y.shape[1:]) for name, y in kept.items()} == {
        "stage1": (8, 16, 16), "stage2": (8, 16, 16), "stage3": (16, 8, 8), "stage4": (16, 4, 4)
    }  # fmt: skip
    seen = dict(kept)
    classifier.module(x * 2)
    assert kept == seen


class Attentive(nn.Module):
    """Somebody's own model: a convolution, torchvision's squeeze-and-excitation, an in-place ReLU, three classes."""

    def __init__(self, classes: int = 3):
        super().__init__()
        torch.manual_seed(2)
        self.convolve = nn.Conv2d(3, 8, 3, stride=4, padding=1)
        self.excite = SqueezeExcitation(8, 4)
        self.relu = nn.ReLU(inplace=True)
        self.classify = nn.Sequential(nn.Dropout(0.5), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, classes))

    def forward(self, x: Tensor) -> Tensor:
        return self.classify(self.relu(self.excite(self.convolve(x))))


def made_card(**changes: object) -> core.ModelCard:
    return core.ModelCard(**{"slug": "made/own", "title": "Own", "mechanism": "squeeze-excitation", "size": 32,
                             "classes": ("a", "b", "c"), **changes})  # fmt: skip


def test_any_module_is_adopted_as_a_copy(pictures: list[Picture]) -> None:
    module = Attentive()
    before = traces(module)
    classifier = core.adopt(module, made_card(mean=(0.5, 0.4, 0.3)), "cpu")
    assert classifier.card == made_card(mean=(0.5, 0.4, 0.3), architecture="module")
    assert list(classifier.taps) == ["excite"] and list(classifier.stages) == ["relu"]
    for picture in pictures[:3]:
        reading = core.read(classifier, picture)
        with torch.no_grad():
            expected = deepcopy(module).eval()(classifier.prepare(picture))[0]
        np.testing.assert_allclose(reading.logits, expected, rtol=1e-5, atol=1e-6)
        assert reading.maps[0].kind == Kind.CHANNEL and reading.energy.shape == (8, 8)
    assert traces(module) == before and module.training and module.relu.inplace
    assert not any(parameter.requires_grad for parameter in classifier.module.parameters())
    with torch.no_grad():
        module.convolve.weight.zero_()
    assert same(reading, core.read(classifier, pictures[2]))


def test_another_precision_becomes_float32(pictures: list[Picture]) -> None:
    exact, half = (core.adopt(Attentive().to(kind), made_card(), "cpu") for kind in (torch.float64, torch.bfloat16))
    found, rough = core.read(exact, pictures[0]).logits, core.read(half, pictures[0]).logits
    assert found.dtype == rough.dtype == np.float32 and 0 < abs(found - rough).max() < 0.05


class Pair(nn.Module):
    """Gives out two tensors, each of which may be the logits."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x.mean((2, 3)), x.amax((2, 3))


def test_a_module_and_a_card_that_do_not_match_are_reported() -> None:
    wrong = {
        "The model has 3 outputs, but its card names 2 classes": (Attentive(), made_card(classes=("a", "b"))),
        "The model has 5 outputs, but its card names 3 classes": (Attentive(5), made_card()),
        "The model does not accept pictures of 32 × 32 pixels: ": (
            nn.Sequential(nn.Flatten(), nn.Linear(7, 3)),
            made_card(),
        ),
        "not a tuple. Wrap it": (Pair(), made_card()),
        "not a tensor of shape (1, 3, 8, 8). Wrap it": (nn.Conv2d(3, 3, 4, 4), made_card()),
        "There is no mechanism 'magic'": (Attentive(), made_card(mechanism="magic")),
        "adopt takes a torch module and a ModelCard": (Attentive, made_card()),
    }
    for words, (module, card) in wrong.items():
        with pytest.raises(InvalidInput, match=r"^[^\n]+\.$") as caught:
            core.adopt(module, card, "cpu")
        assert words in str(caught.value)
