"""What lies on the picture and what only looks like it; what runs once with all pictures, and what does not."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

import core
from core.classifier import Classifier
from core.models.geometry import Place, on_picture, part, shares, textures
from core.models.stages import ELSEWHERE, SEVERAL, TWICE, observe
from core.models.torchvision_taps import adapt
from core.models.torchvision_taps.finding import find_stages
from core.types import InvalidInput, ModelCard, Picture
from tests.conftest import redraw
from tests.core.small_models import Flip, small

SIZE = 64
CLASSES = ("a", "b", "c")


def adopted(module: nn.Module, size: int = SIZE) -> Classifier:
    return core.adopt(module, ModelCard("made/own", "", "plain", CLASSES, size=size), "cpu")


def convolutions(seed: int = 0, channels: int = 16) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, channels, 3, 2, 1), nn.ReLU(),
        nn.Conv2d(channels, channels, 3, 1, 1), nn.ReLU(),
    )  # fmt: skip


class Made(nn.Module):
    """Convolutions to 16 × 16 cells, then ``make`` of them passes through ``last``, and its means are classified."""

    def __init__(self, make: Callable[[Tensor], Tensor], channels: int = 16):
        super().__init__()
        self.body, self.last, self.make = convolutions(channels=channels), nn.Identity(), make
        self.mix = nn.Linear(256, 256)  # for what mixes cells
        self.classify = nn.LazyLinear(3)

    def forward(self, x: Tensor) -> Tensor:
        y = self.last(self.make(self, self.body(x)))
        return self.classify(F.adaptive_avg_pool2d(y, 2).flatten(1))


def scores(y: Tensor, cells: int = 4) -> Tensor:
    """Scores of all patches of ``cells`` × ``cells`` for each other: (b, 2, n, n)."""
    tokens = F.adaptive_avg_pool2d(y, cells).flatten(2).unflatten(1, (2, 8)).transpose(2, 3)
    return tokens @ tokens.transpose(2, 3)


def windows(y: Tensor) -> Tensor:
    """16 × 16 cells as 16 windows by their 16 cells."""
    return y.unflatten(3, (4, 4)).unflatten(2, (4, 4)).transpose(3, 4).flatten(4).flatten(2, 3)


ELSEWHERE_KINDS: dict[str, Callable[[nn.Module, Tensor], Tensor]] = {
    "attention": lambda m, y: scores(y).softmax(-1),
    "attention scores": lambda m, y: scores(y),
    "attention of many": lambda m, y: scores(y, 8).softmax(-1),
    "attention with a class token": lambda m, y: F.pad(scores(y), (1, 0, 1, 0)).softmax(-1),
    "channel × channel": lambda m, y: (y.flatten(2) @ y.flatten(2).transpose(1, 2))[:, None],
    "tokens × channels": lambda m, y: F.adaptive_avg_pool2d(y, 4).flatten(2).transpose(1, 2)[:, None],
    "channels × tokens": lambda m, y: F.adaptive_avg_pool2d(y, 4).flatten(2)[:, None],
    "capsules": lambda m, y: F.adaptive_avg_pool2d(y, 2).reshape(len(y), 4, 4, 4),
    "channels last": lambda m, y: y.permute(0, 2, 3, 1),
    "transposed": lambda m, y: y.transpose(2, 3),
    "mirrored": lambda m, y: y.flip(3),
    "upside down": lambda m, y: y.flip(2),
    "turned": lambda m, y: y.rot90(1, (2, 3)),
    "spectrum": lambda m, y: torch.fft.fft2(y).abs(),
    "phases": lambda m, y: torch.fft.fft2(y).real,
    "mixed": lambda m, y: m.mix(y.flatten(2)).unflatten(2, (16, 16)),
    "windows × cells": lambda m, y: windows(y),
    "one row of all": lambda m, y: y.mean(2, keepdim=True).expand_as(y),
    "the same everywhere": lambda m, y: y.mean((2, 3), keepdim=True).expand_as(y),
    "always the same": lambda m, y: torch.ones_like(y) + 0 * y,
    "covariance of columns": lambda m, y: y.transpose(2, 3) @ y,
}


@pytest.mark.parametrize("kind", ELSEWHERE_KINDS)
def test_what_only_looks_like_a_grid_on_the_picture_is_no_stage(kind: str, picture: Picture) -> None:
    module = Made(ELSEWHERE_KINDS[kind])
    module(torch.zeros(1, 3, SIZE, SIZE))
    classifier = adopted(module)
    assert list(classifier.stages) == ["body.1", "body"]
    found = core.panel(classifier, picture)
    assert {name: one.grid for name, one in found.stages.items()} == {"body.1": (32, 32), "body": (16, 16)}
    assert core.attribute(classifier, picture, "grad-cam").grid == (16, 16)


ON_PICTURE: dict[str, tuple[Callable[[nn.Module, Tensor], Tensor], int]] = {
    "as it is": (lambda m, y: y, 16),
    "decoded": (lambda m, y: F.interpolate(y, scale_factor=4), 64),
    "pooled": (lambda m, y: F.max_pool2d(y, 8), 2),
    "gated by all": (lambda m, y: y * y.mean((2, 3), keepdim=True).sigmoid(), 16),
    "looked at each other": (
        lambda m, y: y + ((y.flatten(2).transpose(1, 2) @ y.flatten(2)).softmax(-1) @ y.flatten(2).transpose(1, 2))
        .transpose(1, 2).unflatten(2, (16, 16)), 16,
    ),
    "normed": (lambda m, y: F.layer_norm(y, y.shape[1:]), 16),
    "places added": (lambda m, y: y + torch.linspace(-9, 9, 256).view(16, 16), 16),
    "faint": (lambda m, y: 1e-9 * y, 16),
}  # fmt: skip


@pytest.mark.parametrize("kind", ON_PICTURE)
def test_what_lies_on_the_picture_is_a_stage(kind: str, picture: Picture) -> None:
    make, side = ON_PICTURE[kind]
    module = Made(lambda m, y: make(m, y))
    module(torch.zeros(1, 3, SIZE, SIZE))
    classifier = adopted(module)
    assert list(classifier.stages)[-1] == "last" and classifier.found.notes == ()
    assert core.attribute(classifier, picture, "grad-cam", stage="last").grid == (side, side)


def test_a_change_in_a_corner_by_hand() -> None:
    """A grid of one channel that changes by 3 in its last row and by 1 elsewhere."""
    change = torch.ones(1, 3, 3, dtype=torch.float64)
    change[0, 2] = 3
    energy = change.square()[0] + 1e-4 * change.square().mean()
    down, right = shares(change)
    assert down == pytest.approx(0.5 * np.log(float(energy[2].sum() / energy[0].sum()))) and right == 0
    assert [part(length, end) for length in (2, 3, 7) for end in (-1, 1)] == [
        slice(0, 1), slice(1, 2), slice(0, 1), slice(2, 3), slice(0, 2), slice(5, 7)
    ]  # fmt: skip
    assert shares(torch.zeros(2, 3, 3)) == (0, 0)
    drawn = textures(3, 32)
    assert drawn.shape == (3, 3, 32, 32) and abs(float(drawn.mean())) < 1e-6 and float(drawn.std()) == pytest.approx(1)


class Unfused(nn.Module):
    """A transformer whose scores and weights are modules; ``extra`` tokens come before the patches."""

    def __init__(self, cells: int, extra: int, depth: int, seed: int):
        super().__init__()
        torch.manual_seed(seed)
        self.patch, self.token = nn.Conv2d(3, 16, 8, 8), nn.Parameter(torch.randn(1, extra, 16))
        self.place = nn.Parameter(torch.randn(1, cells**2 + extra, 16))
        self.project = nn.ModuleList(nn.Linear(16, 48) for _ in range(depth))
        self.score = nn.ModuleList(nn.Identity() for _ in range(depth))
        self.soft = nn.ModuleList(nn.Softmax(-1) for _ in range(depth))
        self.classify = nn.Linear(16, 3)

    def forward(self, x: Tensor) -> Tensor:
        y = self.patch(x).flatten(2).transpose(1, 2)
        y = torch.cat((self.token.expand(len(y), -1, -1), y), 1) + self.place
        for project, score, soft in zip(self.project, self.score, self.soft, strict=True):
            query, key, value = (one.unflatten(2, (2, 8)).transpose(1, 2) for one in project(y).chunk(3, -1))
            weights = soft(score(query @ key.transpose(2, 3) / 8**0.5))
            y = y + (weights @ value).transpose(1, 2).flatten(2)
        return self.classify(y.mean(1))


@pytest.mark.parametrize("extra", [0, 1, 5])
@pytest.mark.parametrize("cells", [2, 3, 4, 5])
def test_no_attention_of_any_number_of_patches_is_a_stage(cells: int, extra: int) -> None:
    for seed in range(2):
        module, x = Unfused(cells, extra, 3, seed).eval(), torch.zeros(1, 3, 8 * cells, 8 * cells)
        found = find_stages(module, x)
        assert list(found.stages) == ["patch"] and ELSEWHERE in found.notes[0]


class Runs(nn.Module):
    """A net asked in another way than once with all pictures."""

    def __init__(self, way: Callable[[nn.Module, Tensor], Tensor]):
        super().__init__()
        self.way, self.net = way, nn.Sequential(convolutions(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 3))
        self.net.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        return self.way(self.net, x)


def quadrants(x: Tensor) -> Tensor:
    """Each picture as four."""
    return torch.cat([part for half in x.chunk(2, 2) for part in half.chunk(2, 3)])


WAYS: dict[str, tuple[Callable[[nn.Module, Tensor], Tensor], str]] = {
    "mirrored, twice": (lambda net, x: net(x) + net(x.flip(3)), TWICE),
    "siamese": (lambda net, x: net(x) - net(x * 0.5), TWICE),
    "mirrored, in one batch": (lambda net, x: sum(net(torch.cat((x, x.flip(3)))).chunk(2)) / 2, SEVERAL),
    "quadrants": (lambda net, x: sum(net(quadrants(x)).chunk(4)), SEVERAL),
    "four copies": (lambda net, x: net(x.repeat_interleave(4, 0)).view(-1, 4, 3).mean(1), SEVERAL),
    "one after the other": (lambda net, x: torch.cat([net(one) for one in x.split(1)]), TWICE),
    "the first alone": (lambda net, x: net(x[:1]).expand(len(x), -1) + 0 * x.mean((1, 2, 3))[:, None], SEVERAL),
    "mirrored alone": (lambda net, x: net(x.flip(3)), ELSEWHERE),
    "turned": (lambda net, x: net(x.transpose(2, 3)), ELSEWHERE),
}


@pytest.mark.parametrize("way", [name for name in WAYS if name != "the first alone"])
def test_a_net_that_does_not_run_once_with_all_pictures_has_no_stage_and_says_why(way: str, picture: Picture) -> None:
    ask, why = WAYS[way]
    classifier = adopted(Runs(ask))
    assert (
        classifier.stages == {} and classifier.found.notes[0].endswith(f"{why}.") and "net" in classifier.found.notes[0]
    )
    with pytest.raises(InvalidInput):
        core.attribute(classifier, picture, "grad-cam")
    assert core.panel(classifier, picture).stages == {} and core.read(classifier, picture).energy.shape == (SIZE, SIZE)


def test_pictures_of_a_batch_are_counted_not_guessed() -> None:
    """A batch of one, doubled, is no batch of two; the whole model itself always runs once."""
    ask, _ = WAYS["mirrored, in one batch"]
    passes = observe(Runs(ask).eval(), torch.zeros(1, 3, SIZE, SIZE))
    assert passes.rows["net"] == {1: [2], 2: [4], 3: [6]} and not passes.whole("net") and passes.whole("")
    ask, _ = WAYS["the first alone"]
    passes = observe(Runs(ask).eval(), torch.zeros(1, 3, SIZE, SIZE))
    assert passes.rows["net"] == {1: [1], 2: [1], 3: [1]} and passes.why("net") == SEVERAL


@pytest.mark.parametrize("way", ["mirrored, twice", "quadrants"])
def test_a_model_of_several_runs_is_scanned(way: str, tmp_path, picture: Picture) -> None:
    for name in CLASSES:
        (tmp_path / name).mkdir()
        Image.fromarray(picture.pixels).save(tmp_path / name / "one.png")
    assert len(core.scan(adopted(Runs(WAYS[way][0])), tmp_path)) == 3


class Student(nn.Module):
    """Holds a transformer that it does not run."""

    def __init__(self, teacher: nn.Module):
        super().__init__()
        self.teacher, self.student = teacher, nn.Sequential(convolutions(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.classify = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.classify(self.student(x))


@pytest.mark.parametrize("family", ["vit", "swin"])
def test_only_what_runs_has_stages(family: str) -> None:
    teacher, size = small(family)
    found = find_stages(adapt(Student(deepcopy(teacher))).eval(), torch.zeros(1, 3, size, size))
    assert list(found.stages) == ["student.0.1", "student.0"]


class Half(nn.Module):
    """The first block of a transformer, run by hand."""

    def __init__(self, theirs: nn.Module, blocks: int):
        super().__init__()
        self.vit, self.blocks, self.classify = theirs, blocks, nn.Linear(32, 10)

    def forward(self, x: Tensor) -> Tensor:
        y = self.vit._process_input(x)
        y = torch.cat((self.vit.class_token.expand(len(x), -1, -1), y), 1) + self.vit.encoder.pos_embedding
        for block in self.vit.encoder.layers[: self.blocks]:
            y = block(y)
        return self.classify(y.mean(1))


def test_of_a_transformer_that_is_run_by_hand_the_blocks_that_run_are_stages() -> None:
    theirs, size = small("vit")
    found = find_stages(adapt(Half(deepcopy(theirs), 1)).eval(), torch.zeros(1, 3, size, size))
    assert list(found.stages) == ["vit.encoder.layers.encoder_layer_0"]


def test_a_twin_has_the_stages_of_the_first_whatever_its_weights(picture: Picture) -> None:
    module = Made(ON_PICTURE["as it is"][0])
    module(torch.zeros(1, 3, SIZE, SIZE))
    classifier = adopted(module)
    other = classifier.twin(redraw(core.adopt(classifier.module, classifier.card, "cpu").module, 9))
    assert list(other.stages) == list(classifier.stages)
    for name, stage in other.stages.items():
        assert stage.module is other.module.get_submodule(name) is not classifier.stages[name].module


def test_positions_are_distinguished_by_their_inputs_as_well() -> None:
    module = nn.Sequential(Flip(), nn.Conv2d(3, 4, 1)).eval()
    x = torch.zeros(1, 3, 32, 32)
    places = {
        "before": Place(module[0], lambda inputs, y: inputs[0]),
        "behind": Place(module[0], lambda inputs, y: y),
        "flipped back": Place(module[1], lambda inputs, y: y.flip(3)),
        "no grid": Place(module[1], lambda inputs, y: y.flatten(1)),
    }
    assert set(on_picture(module, x, places)) == {"before", "flipped back"}
    assert on_picture(module, x, {}) == {}
