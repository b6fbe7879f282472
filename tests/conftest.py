"""What the tests share: small classifiers with random weights, a made picture, and photographs where there are any."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from core import scenes
from core.attention import MECHANISMS
from core.attribution import batches
from core.attribution.batches import Pace
from core.classifier import Classifier
from core.images import open_image
from core.models.zoo import build, freeze
from core.types import ModelCard, Picture
from tests.sampled import SAMPLED

ROOT = Path(__file__).parent
CLASSES = ("ash", "birch", "cedar", "elm", "fir", "hazel", "larch", "maple", "oak", "pine")
SIZE = 64
WIDTHS = (8, 8, 16, 16)

drawn = lru_cache(500)(scenes.draw)


@pytest.hookimpl(tryfirst=True)  # before those that are not asked for are left out
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The cases that ``sampled`` leaves out are slow, and the rest is put in order."""
    unused = {(name, one) for name, patterns in SAMPLED.items() for one in patterns or ("*",)}
    for item in items:
        name, _, case = item.name.partition("[")
        if name in SAMPLED:
            found = {one for one in SAMPLED[name] if fnmatchcase(case.removesuffix("]"), one)}
            unused -= {(name, one) for one in found or {"*"}}
            if not found:
                item.add_marker(pytest.mark.slow)
    if unused and config.args_source == pytest.Config.ArgsSource.TESTPATHS:  # all tests are here
        raise pytest.UsageError(f"tests/sampled.py names what is not there: {sorted(unused)}")
    spread(items)


def spread(items: list[pytest.Item]) -> None:
    """Files with a browser are spread among the others, the first of them first.

    They wait more than they compute, and last longest. So of the processes that each test a file at a time some compute
    while another waits, and none is left alone with such a file at the end.
    """
    files = list(dict.fromkeys(item.path for item in items))
    slow = [path for path in files if any(item.path == path and "browser" in item.keywords for item in items)]
    quick = [path for path in files if path not in slow]
    step = len(quick) / (len(slow) + 1)
    places = {path: n * step - 0.5 for n, path in enumerate(slow)} | {path: n for n, path in enumerate(quick)}
    items.sort(key=lambda item: places[item.path])


@pytest.fixture(scope="session", autouse=True)
def no_probe() -> Iterator[None]:
    """Every model has the same pace, so that what is quick enough to be done at once depends on no other process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "probe", lambda classifier, gradient: Pace(4, 0.03 if gradient else 0.01))
        yield


@pytest.fixture(scope="session", autouse=True)
def temporary_folders_may_be_opened() -> Iterator[None]:
    """Users of the app may open the folders that tests make, which are in no home."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FOVEA_FOLDERS", tempfile.gettempdir())
        yield


@pytest.fixture(autouse=True)
def no_pace_of_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Classifiers of other tests that compute the same have no pace yet."""
    monkeypatch.setattr(batches, "_alike", {})


@pytest.fixture(autouse=True)
def drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scene is drawn once for all tests of a process; those that test the drawing have a fixture of this name."""
    monkeypatch.setattr(scenes, "draw", drawn)


def redraw(module: nn.Module, seed: int) -> nn.Module:
    """Random weights and BatchNorm statistics, seeded, so that logits differ and every branch matters."""
    generator = torch.Generator().manual_seed(seed)

    def draw(tensor: torch.Tensor) -> torch.Tensor:
        return torch.randn(tensor.shape, generator=generator)

    with torch.no_grad():
        for child in module.modules():
            if isinstance(child, nn.BatchNorm2d):
                child.running_mean.copy_(0.3 * draw(child.running_mean))
                child.running_var.copy_(0.5 + draw(child.running_var).abs())
                child.weight.copy_(1 + 0.3 * draw(child.weight))
                child.bias.copy_(0.3 * draw(child.bias))
            else:
                for name, weight in child.named_parameters(recurse=False):
                    inputs = weight[0].numel() if weight.ndim > 1 else 1
                    weight.copy_(draw(weight) * (0.5 if "bias" in name else (2 / inputs) ** 0.5))
    return module


@cache
def build_tiny(slug: str) -> Classifier:
    """A narrow model with one mechanism, ten classes and 64 px, on the CPU; the same one at every call."""
    card = ModelCard(f"tiny/{slug}", slug, slug, CLASSES, size=SIZE, widths=WIDTHS)
    return Classifier(card, freeze(redraw(build(card), seed=1)), torch.device("cpu"))


@pytest.fixture(scope="session")
def tiny() -> Callable[[str], Classifier]:
    """``tiny("cbam")`` is a small classifier with that mechanism and random weights."""
    return build_tiny


@pytest.fixture(params=[one.slug for one in MECHANISMS])
def classifier(request: pytest.FixtureRequest) -> Classifier:
    """A small classifier of each mechanism in turn."""
    return build_tiny(request.param)


@pytest.fixture
def linear() -> Classifier:
    """A linear model, F_k(x) = Σ w_k x + c_k, in float64, on 32 px: four classes, no stage, no ReLU."""
    generator = torch.Generator().manual_seed(3)
    module = nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 4)).double().requires_grad_(False)
    for weight in module.parameters():
        weight.copy_(0.05 * torch.randn(weight.shape, generator=generator))
    return Classifier(ModelCard("made/linear", "", "plain", CLASSES[:4], size=32), module, torch.device("cpu"))


@pytest.fixture
def bent() -> Classifier:
    """Three layers with ReLU between them, in float64, on 32 px: four classes, quick enough for brute force."""
    layers = nn.Linear(3 * 32 * 32, 20), nn.ReLU(), nn.Linear(20, 15), nn.ReLU(), nn.Linear(15, 4)
    module = redraw(nn.Sequential(nn.Flatten(), *layers), seed=4).double().requires_grad_(False)
    return Classifier(ModelCard("made/bent", "", "plain", CLASSES[:4], size=32), module, torch.device("cpu"))


@pytest.fixture(scope="session")
def picture() -> Picture:
    """A made picture, 80 x 64 pixels: soft patches of color with some noise."""
    draw = np.random.default_rng(5)
    patches = draw.uniform(size=(5, 4, 3)).repeat(16, 0).repeat(16, 1)
    return open_image((0.8 * patches + 0.2 * draw.uniform(size=patches.shape)).astype(np.float32), name="patches")


@pytest.fixture(scope="session")
def photographs() -> tuple[Path, ...]:
    """Imagenette's validation photographs, in order; skips where FOVEA_DATA names no folder with them."""
    folder = Path(os.environ.get("FOVEA_DATA", "")) / "imagenette2-160" / "val"
    found = tuple(sorted(folder.glob("*/*.JPEG")))
    if not found:
        pytest.skip("no photographs: FOVEA_DATA names no folder with imagenette2-160/val")
    return found
