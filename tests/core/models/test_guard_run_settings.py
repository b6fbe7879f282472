"""Models that want to be run in a way of their own, each compared with the module itself; and those with no answer."""

from __future__ import annotations

import io
import threading
from collections import namedtuple
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

import core
from core.types import InvalidInput, Picture
from tests.core.guarded_models import CLASSES, Made, card, check_logits, net, vit


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three classes of two pictures."""
    for name in CLASSES:
        (tmp_path / name).mkdir()
        for i in range(2):
            pixels = np.random.default_rng(i).integers(0, 256, (64, 64, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / name / f"{i}.png")
    return tmp_path


NO_STATISTICS = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.BatchNorm2d(8, track_running_stats=False), *net()[1:])
ALONE = {
    "one row": lambda: Made(lambda self, x: self.net[6](self.net[:5](x).view(1, -1))),
    "squeezed": lambda: Made(lambda self, x: self.net(x).squeeze()),
    "squeezed before the head": lambda: Made(lambda self, x: self.net[6](self.net[:5](x).squeeze())),
    "no batch axis": lambda: Made(lambda self, x: self.net(x)[0]),
    "mean of the batch": lambda: Made(lambda self, x: self.net(x).mean(0, keepdim=True)),
    "BatchNorm without statistics": lambda: deepcopy(NO_STATISTICS).eval(),
    "relative to the batch": lambda: Made(lambda self, x: self.net(x - x.mean(0, keepdim=True) / 2)),
    "list": lambda: Made(lambda self, x: self.net(torch.stack([one for one in x])) if len(x) == 1 else 1 / 0),
    "a transformer": lambda: Made(lambda self, x: self.net(x).view(1, -1), vit()),
}


@pytest.mark.parametrize("name", ALONE)
def test_a_model_for_one_picture_works_in_everything(name: str, picture: Picture, folder: Path) -> None:
    torch.manual_seed(1)
    module = ALONE[name]()
    classifier = core.adopt(module, card(), "cpu")
    single = Made(lambda self, x: torch.cat([self.net(one).reshape(1, -1) for one in x.split(1)]), deepcopy(module))
    with torch.no_grad():
        expected = single(classifier.prepare(picture))[0].numpy()
    np.testing.assert_allclose(core.read(classifier, picture).logits, expected, atol=1e-6)
    plain = name in ("squeezed", "squeezed before the head")  # an axis comes and goes, that is all
    assert classifier.alone != plain and len(classifier.notes) == (not plain)
    other = core.adopt(single, card(), "cpu")
    assert not other.alone
    for method in ("integrated-gradients", "occlusion", "smoothgrad", "saliency"):
        settings = {"steps": 10} if method == "integrated-gradients" else {}
        found, wanted = (core.attribute(one, picture, method, "b", **settings).values for one in (classifier, other))
        np.testing.assert_allclose(found, wanted, atol=2e-4 * np.abs(wanted).max() + 1e-9)
    rows = core.scan(classifier, folder)
    pictures = [core.open_image(folder / name / f"{i}.png") for name in CLASSES for i in range(2)]
    wanted = [core.read(other, one).probabilities[number // 2] for number, one in enumerate(pictures)]
    np.testing.assert_allclose(rows["loss"], -np.log(wanted), rtol=1e-4, atol=1e-6)
    assert core.panel(classifier, picture).reading.predicted == int(expected.argmax())
    core.faithfulness(classifier, picture, core.attribute(classifier, picture, "saliency"), steps=4)
    assert len(core.ablate(classifier, picture)) == (9 if name == "a transformer" else 0)


def normalized(self: Made, x: Tensor) -> Tensor:
    x.sub_(0.1).div_(0.5)
    return self.net(x)


def clamped(self: Made, x: Tensor) -> Tensor:
    x[:, :, :8] = 0
    return self.net(x)


@pytest.mark.parametrize("run", [normalized, clamped])
def test_a_model_that_writes_into_its_input_gets_a_copy(run: Callable, picture: Picture) -> None:
    classifier = core.adopt(Made(run), card(), "cpu")
    x = classifier.prepare(picture)
    given = x.clone()
    with torch.no_grad():
        expected = Made(run)(x.clone())[0].numpy()
    assert torch.equal(classifier.module(x)[0], torch.tensor(expected)) and torch.equal(x, given)
    np.testing.assert_allclose(core.read(classifier, picture).logits, expected, atol=1e-6)
    np.testing.assert_allclose(core.panel(classifier, picture).reading.logits, expected, atol=1e-6)
    slope = core.attribute(classifier, picture, "input-x-gradient").values
    clean = core.adopt(Made(lambda self, x: run(self, x.clone())), card(), "cpu")
    np.testing.assert_allclose(slope, core.attribute(clean, picture, "input-x-gradient").values, atol=1e-6)
    core.attribute(classifier, picture, "integrated-gradients", steps=10)


class Relies(nn.Module):
    """Its ReLU works in place, and nothing uses what it gives out."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.relu, self.last = nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(inplace=True), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        y = self.first(x)
        self.relu(y)
        return self.last(y.mean((2, 3)))


def test_a_model_that_depends_on_working_in_place_keeps_its_answers(picture: Picture) -> None:
    classifier = core.adopt(Relies(), card(), "cpu")
    check_logits(classifier, Relies(), picture)
    assert "in-place" in classifier.notes[0]
    mended = Relies()
    mended.forward = lambda x: mended.last(mended.first(x).relu().mean((2, 3)))
    other = core.adopt(mended, card(), "cpu")
    for method in ("saliency", "occlusion"):
        found, wanted = (core.attribute(one, picture, method).values for one in (classifier, other))
        np.testing.assert_allclose(found, wanted, atol=1e-6)


Pair = namedtuple("Pair", ["logits", "aux"])


@dataclass
class Output:
    logits: Tensor
    hidden: Tensor


OUTPUTS = {
    "dict": lambda y: {"logits": y, "aux": y * 0},
    "named tuple": lambda y: Pair(y, y * 0),
    "dataclass": lambda y: Output(y, y * 0),
    "features beside": lambda y: (y, y[:, :2]),
    "features before": lambda y: [y[:, :2], y],
    "under a key": lambda y: {"out": y, "features": y[:, :1]},
    "grid of one": lambda y: y[:, :, None, None],
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_the_logits_are_found_where_they_are_clear(name: str, picture: Picture) -> None:
    classifier = core.adopt(Made(lambda self, x: OUTPUTS[name](self.net(x))), card(), "cpu")
    check_logits(classifier, net(), picture)
    core.attribute(classifier, picture, "integrated-gradients", steps=10)


def draws(self: Made, x: Tensor) -> Tensor:
    return self.net(x) + torch.randn(3)


def counts(self: Made, x: Tensor) -> Tensor:
    self.times = getattr(self, "times", 0) + 1
    return self.net(x) * self.times


def whole(self: Made, x: Tensor) -> Tensor:
    if len(x) == 1:
        raise ValueError("expected more than 1 value per channel")
    return self.net(x)


REFUSED = {
    "is different each time": {
        "dropout": lambda: Made(lambda self, x: self.net[6](F.dropout(self.net[:6](x)))),
        "noise": lambda: Made(draws),
        "counter": lambda: Made(counts),
    },
    "fails on a single picture": {"batch": lambda: Made(whole)},
    "is not finite": {
        "nan": lambda: Made(lambda self, x: self.net(x) * torch.nan),
        "infinity": lambda: Made(lambda self, x: self.net(x) / 0),
    },
    "not a tuple. Wrap it": {"two": lambda: Made(lambda self, x: (self.net(x), self.net(x) * 2))},
    "not a NoneType. Wrap it": {"nothing": lambda: Made(lambda self, x: None)},
    "lazy layers": {"lazy": lambda: nn.Sequential(nn.LazyConv2d(8, 3), nn.AdaptiveAvgPool2d(1), nn.LazyLinear(3))},
    "meta device": {"meta": lambda: net().to("meta")},
    "takes pictures with one channel": {"channels": lambda: nn.Sequential(nn.Conv2d(1, 8, 3), *net()[4:])},
    "does not accept pictures": {
        "arguments": lambda: nn.MultiheadAttention(8, 2),
        "nothing": lambda: nn.Module(),
    },
}


@pytest.mark.parametrize(("words", "name"), [(words, name) for words, made in REFUSED.items() for name in made])
def test_a_model_without_an_answer_costs_one_sentence(words: str, name: str) -> None:
    with pytest.raises(InvalidInput, match=r"^[^\n]+\.$") as caught:
        core.adopt(REFUSED[words][name](), card(), "cpu")
    assert words in str(caught.value)


class Store:
    """Somewhere to keep features."""

    def __init__(self) -> None:
        self.kept: list[Tensor] = []


def keep(where: str) -> Callable[[Made, Tensor], Tensor]:
    def run(self: Made, x: Tensor) -> Tensor:
        y = self.net[:4](x)
        if where == "list":
            self.kept = [y]
        elif where == "object":
            self.store.kept = [y]
        elif where == "buffer":
            self.register_buffer("held", y)
        else:
            self.held = {"y": y} if where == "dict" else y
        return self.net[4:](y)

    return run


@pytest.mark.parametrize("where", ["attribute", "list", "dict", "object", "buffer", "lock", "file"])
def test_what_a_module_keeps_does_not_keep_it_from_being_copied(where: str, picture: Picture) -> None:
    module = Made(keep(where))
    module.store = Store()
    if where == "lock":
        module.lock, module.stream = threading.Lock(), (one for one in range(3))
    if where == "file":
        module.log = [io.TextIOWrapper(io.BytesIO())]
    x = torch.randn(1, 3, 64, 64)
    module(x)  # with a graph
    classifier = core.adopt(module, card(), "cpu")
    check_logits(classifier, net(), picture)
    found = core.attribute(classifier, picture, "saliency")
    core.check(classifier, picture, found)
    changed = core.randomize(classifier, picture, "saliency")
    assert changed.likeness[-1] is not None
    assert module.net[0].weight.requires_grad and not classifier.module.net[0].weight.requires_grad
