"""What stands around a call, and what stands in a module next to what it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from copy import deepcopy

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import core
from core.types import Picture
from tests.core.guarded_models import Made, card, check_logits, net, vit
from tests.core.small_models import small


@contextmanager
def double() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


@contextmanager
def elsewhere() -> Iterator[None]:
    torch.set_default_device("meta")
    try:
        yield
    finally:
        torch.set_default_device(None)


AROUND: dict[str, Callable[[], AbstractContextManager]] = {
    "double": double,
    "another device": elsewhere,
    "inference": torch.inference_mode,
    "no gradient": torch.no_grad,
    "autocast": lambda: torch.autocast("cpu", torch.bfloat16),
}


def everything(picture: Picture, module: nn.Module | None) -> dict[str, np.ndarray]:
    """The numbers of every public function, for a model that is loaded or adopted here."""
    classifier = core.adopt(module, card(), "cpu") if module else core.load("scenes/self-attention", "cpu")
    reading, panel = core.read(classifier, picture), core.panel(classifier, picture, 1)
    found = {"logits": reading.logits, "energy": reading.energy, "panel": panel.attributions["saliency"].values}
    for method in ("integrated-gradients", "smoothgrad", "grad-cam", "occlusion", "gradient-shap", "lime", "lrp",
                   "gradient-x-attention", "feature-ablation", "layer-cam", "score-cam", "kernel-shap"):  # fmt: skip
        if any(one.slug == method for one in core.attribution.methods(classifier)):
            settings = {"samples": 100} if method in ("lime", "kernel-shap") else {}
            found[method] = core.attribute(classifier, picture, method, 1, **settings).values
    saliency = panel.attributions["saliency"]
    curves = core.faithfulness(classifier, picture, saliency, 1, steps=4)
    found["curves"] = curves.map.deletion
    name = reading.maps[-1].tap
    found["uniform"] = core.intervene(classifier, picture, {name: core.UNIFORM}).logits
    found["shuffled"] = core.intervene(classifier, picture, {name: core.SHUFFLED(1)}).logits
    found["effects"] = np.array([one.loss for one in core.ablate(classifier, picture)])
    found["drawn"] = np.array([one or 0 for one in core.randomize(classifier, picture, "saliency", 1).likeness])
    return found


@pytest.fixture(scope="module")
def usual() -> dict[str, dict[str, np.ndarray]]:
    """What is computed with nothing around it."""
    return {}


@pytest.mark.parametrize("slug", ["shipped", "adopted"])
@pytest.mark.parametrize("around", AROUND)
def test_what_stands_around_a_call_changes_no_number(around: str, slug: str, picture: Picture, usual: dict) -> None:
    module = None if slug == "shipped" else vit()
    if slug not in usual:
        usual[slug] = everything(picture, module)
    with AROUND[around]():
        found = everything(picture, module)
    for name, expected in usual[slug].items():
        assert found[name].dtype in (np.float32, np.float64), name
        np.testing.assert_allclose(found[name], expected, atol=1e-4 * np.abs(expected).max(), err_msg=name)


def test_a_model_that_switches_gradients_off_does_so_for_nobody_else(picture: Picture) -> None:
    def run(self: Made, x: Tensor) -> Tensor:
        torch.set_grad_enabled(False)
        return self.net(x)

    core.read(core.adopt(Made(run), card(), "cpu"), picture)
    other = core.adopt(net(), card(), "cpu")
    assert core.attribute(other, picture, "saliency").values.max() > 0


class Student(nn.Module):
    """It holds a model that it does not run."""

    def __init__(self, held: nn.Module, first: int = 0):
        super().__init__()
        self.teacher, self.student = held, net()

    def forward(self, x: Tensor) -> Tensor:
        return self.student(x)


HELD = {
    "vit": vit,
    "swin": lambda: deepcopy(small("swin")[0]),
    "efficientnet": lambda: deepcopy(small("efficientnet")[0]),
    "ours": lambda: deepcopy(core.load("scenes/cbam", "cpu").module),
    "our transformer": lambda: deepcopy(core.load("scenes/transformer", "cpu").module),
}


@pytest.mark.parametrize("name", HELD)
def test_only_what_runs_has_maps_and_stages(name: str, picture: Picture) -> None:
    classifier = core.adopt(Student(HELD[name]()), card(), "cpu")
    check_logits(classifier, Student(HELD[name]()), picture)
    assert classifier.taps == {} and core.read(classifier, picture).maps == () and classifier.notes == ()
    assert list(classifier.stages) and all(stage.startswith("student.") for stage in classifier.stages)
    core.attribute(classifier, picture, "grad-cam")
    assert core.ablate(classifier, picture) == ()


def test_a_twin_of_the_same_kind_is_not_taken_for_what_runs(picture: Picture) -> None:
    class Twins(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.average, self.model = vit(), vit()

        def forward(self, x: Tensor) -> Tensor:
            return self.model(x)

    classifier = core.adopt(Twins(), card(), "cpu")
    assert list(classifier.taps) == [f"model.{name}" for name in core.adopt(vit(), card(), "cpu").taps]
    assert len(core.read(classifier, picture).maps) == 3
    assert all(stage.startswith("model.") for stage in classifier.stages)
    core.panel(classifier, picture)


def test_the_first_blocks_alone_have_maps(picture: Picture) -> None:
    class First(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.vit, self.head = vit(), nn.Linear(16, 3)

        def forward(self, x: Tensor) -> Tensor:
            tokens = self.vit._process_input(x)
            tokens = torch.cat((self.vit.class_token.expand(len(x), -1, -1), tokens), 1)
            for block in list(self.vit.encoder.layers)[:2]:
                tokens = block(tokens)
            return self.head(tokens[:, 0])

    classifier = core.adopt(First(), card(), "cpu")
    assert [name[-1] for name in classifier.taps] == ["0", "1"] and len(core.read(classifier, picture).maps) == 2
    core.panel(classifier, picture)


def test_a_block_that_runs_twice_has_no_map_but_its_answers(picture: Picture) -> None:
    module = vit()
    module.encoder.layers = nn.Sequential(*[module.encoder.layers[0]] * 3)
    classifier = core.adopt(module, card(), "cpu")
    check_logits(classifier, module, picture)
    assert classifier.taps == {} and "runs more than once" in classifier.notes[0]
    assert core.ablate(classifier, picture) == ()


def test_blocks_that_are_run_from_a_custom_list(picture: Picture) -> None:
    """The list holds the blocks themselves, so what replaces them is not run; they get the taps."""
    module = vit()
    run = [*module.encoder.layers]

    class Listed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.vit, self.run = module, run

        def forward(self, x: Tensor) -> Tensor:
            tokens = self.vit._process_input(x)
            tokens = torch.cat((self.vit.class_token.expand(len(x), -1, -1), tokens), 1)
            tokens = tokens + self.vit.encoder.pos_embedding
            for block in self.run:
                tokens = block(tokens)
            return self.vit.heads(self.vit.encoder.ln(tokens)[:, 0])

    classifier = core.adopt(Listed(), card(), "cpu")
    check_logits(classifier, vit(), picture)
    maps = core.read(classifier, picture).maps
    assert len(classifier.taps) == len(maps) == 3 and {one.prefix for one in maps} == {("class",)}
