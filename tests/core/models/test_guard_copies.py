"""Models as they come out of other tools: compiled, parallel, scripted, exported, pruned, quantized, normalized."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations, prune
from torch.optim.swa_utils import AveragedModel

import core
from core.models.copying import duplicate
from core.types import InvalidInput, Picture
from tests.core.guarded_models import card, check_logits, net, vit

pytestmark = pytest.mark.filterwarnings("ignore")


def compiled(module: nn.Module) -> nn.Module:
    return torch.compile(module, backend="eager")


def part_compiled() -> nn.Module:
    module = vit()
    module.encoder = compiled(module.encoder)
    return module


def compiled_in_place() -> nn.Module:
    module = vit()
    module.compile(backend="eager")
    return module


def forward_compiled() -> nn.Module:
    module = vit()
    module.forward = torch.compile(module.forward, backend="eager")
    return module


def part_parallel() -> nn.Module:
    module = vit()
    module.encoder.layers = nn.DataParallel(module.encoder.layers)
    return module


SAME = {
    "compiled": lambda: compiled(vit()),
    "compiled twice": lambda: compiled(nn.DataParallel(compiled(vit()))),
    "a part compiled": part_compiled,
    "compiled in place": compiled_in_place,
    "forward compiled": forward_compiled,
    "parallel": lambda: nn.DataParallel(vit()),
    "a part parallel": part_parallel,
}


@pytest.mark.parametrize("used", [False, True])
@pytest.mark.parametrize("name", SAME)
def test_what_is_compiled_or_parallel_is_the_module_itself(name: str, used: bool, picture: Picture) -> None:
    module, plain = SAME[name](), core.adopt(vit(), card(), "cpu")
    if used:
        module(torch.zeros(1, 3, 64, 64))
    classifier = core.adopt(module, card(), "cpu")
    check_logits(classifier, vit(), picture)
    assert list(classifier.taps) == list(plain.taps) and list(classifier.stages) == list(plain.stages)
    assert list(classifier.module.state_dict()) == list(vit().state_dict()) and classifier.notes == ()
    for method in ("grad-cam", "saliency"):
        found, wanted = (core.attribute(one, picture, method).values for one in (classifier, plain))
        np.testing.assert_allclose(found, wanted, atol=1e-5 * np.abs(wanted).max() + 1e-9)
    core.randomize(classifier, picture, "grad-cam")


def test_a_compiled_function_of_a_class(picture: Picture) -> None:
    class Compiled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = net()

        @torch.compile(backend="eager")
        def forward(self, x: Tensor) -> Tensor:
            return self.net(x)

    classifier = core.adopt(Compiled(), card(), "cpu")
    check_logits(classifier, net(), picture)
    wanted = core.attribute(core.adopt(net(), card(), "cpu"), picture, "grad-cam").values
    np.testing.assert_allclose(core.attribute(classifier, picture, "grad-cam").values, wanted, atol=1e-6)


def test_hooks_of_a_wrapper_are_not_lost() -> None:
    module = nn.DataParallel(net())
    module.register_forward_hook(lambda _, i, o: o * 2)
    with pytest.raises(InvalidInput, match="Set them on the module itself"):
        core.adopt(module, card(), "cpu")


def exported(batch: int = 1) -> object:
    return torch.export.export(net(), (torch.zeros(batch, 3, 64, 64),))


def exported_for_any() -> object:
    batch = torch.export.Dim("batch", min=1, max=64)
    return torch.export.export(net(), (torch.zeros(2, 3, 64, 64),), dynamic_shapes=({0: batch},))


SEALED = {
    "scripted": lambda: torch.jit.script(net()),
    "traced": lambda: torch.jit.trace(net(), torch.zeros(1, 3, 64, 64)),
    "frozen": lambda: torch.jit.freeze(torch.jit.script(net())),
    "in part": lambda: nn.Sequential(torch.jit.script(net()[:4]), net()[4:]),
    "exported": exported,
    "exported program's module": lambda: exported().module(),
    "exported for any batch": exported_for_any,
}


@pytest.mark.parametrize("name", SEALED)
def test_sealed_modules_are_taken_without_their_layers(name: str, picture: Picture) -> None:
    classifier = core.adopt(SEALED[name](), card(), "cpu")
    check_logits(classifier, net(), picture)
    plain = core.adopt(net(), card(), "cpu")
    for method in ("saliency", "integrated-gradients", "occlusion"):
        found, wanted = (core.attribute(one, picture, method).values for one in (classifier, plain))
        np.testing.assert_allclose(found, wanted, atol=1e-4 * np.abs(wanted).max())
    assert "cannot be observed" in classifier.notes[0] and all(note.endswith(".") for note in classifier.notes)
    if name == "frozen":  # its weights have become constants
        with pytest.raises(InvalidInput, match="has no weights to re-initialize"):
            core.randomize(classifier, picture, "saliency")
    else:
        assert abs(core.randomize(classifier, picture, "saliency").likeness[-1]) < 0.999
    core.check(classifier, picture, core.attribute(classifier, picture, "saliency"))


def test_a_program_exported_for_other_batches_costs_a_sentence() -> None:
    with pytest.raises(InvalidInput, match=r"^The model does not accept pictures of 64 × 64 pixels: [^\n]+\.$"):
        core.adopt(exported(4), card(), "cpu")


def test_a_traced_graph_is_a_module_like_any(picture: Picture) -> None:
    classifier = core.adopt(torch.fx.symbolic_trace(net()), card(), "cpu")
    check_logits(classifier, net(), picture)
    plain = core.adopt(net(), card(), "cpu")
    found, wanted = (core.attribute(one, picture, "grad-cam").values for one in (classifier, plain))
    np.testing.assert_allclose(found, wanted, atol=1e-6)
    assert classifier.notes == ()


def pruned(done: bool = False) -> nn.Module:
    module = net()
    for part in (module[0], module[6]):
        prune.l1_unstructured(part, "weight", 0.5)
        if done:
            prune.remove(part, "weight")
    return module


def quantized() -> nn.Module:
    return torch.ao.quantization.quantize_dynamic(net(), {nn.Linear})


def normed(apply: Callable[[nn.Module], nn.Module]) -> nn.Module:
    module = net()
    apply(module[2])
    apply(module[6])
    return module


CHANGED = {
    "pruned": pruned,
    "pruned for good": lambda: pruned(True),
    "quantized": quantized,
    "weight norm": lambda: normed(torch.nn.utils.weight_norm),
    "weight norm, parametrized": lambda: normed(parametrizations.weight_norm),
    "spectral norm": lambda: normed(torch.nn.utils.spectral_norm),
    "spectral norm, parametrized": lambda: normed(parametrizations.spectral_norm),
    "averaged": lambda: AveragedModel(net()),
    "synchronized": lambda: nn.SyncBatchNorm.convert_sync_batchnorm(
        nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), *net()[1:])
    ),
    "channels last": lambda: net().to(memory_format=torch.channels_last),
    "in training": lambda: nn.Sequential(*net()[:6], nn.Dropout(0.5), net()[6]).train(),
}


@pytest.mark.parametrize("used", [False, True])
@pytest.mark.parametrize("name", CHANGED)
def test_what_tools_change_gives_the_same_answers_and_can_be_randomized(
    name: str, used: bool, picture: Picture
) -> None:
    module = CHANGED[name]()
    if used:
        module(torch.randn(2, 3, 64, 64))
    mode = module.training
    classifier = core.adopt(module, card(), "cpu")
    assert module.training == mode
    if name == "quantized":  # no gradient leads through it
        with torch.no_grad():
            expected = module(classifier.prepare(picture))[0]
        np.testing.assert_allclose(core.read(classifier, picture).logits, expected, atol=1e-5)
        core.attribute(classifier, picture, "occlusion")
        return
    check_logits(classifier, module.eval(), picture)
    found = core.attribute(classifier, picture, "integrated-gradients")
    core.check(classifier, picture, found)
    changed = core.randomize(classifier, picture, "saliency")
    assert changed.likeness[-1] is not None and abs(changed.likeness[-1]) < 0.999


def test_a_copy_shares_nothing_and_leaves_the_module_alone() -> None:
    module = vit()
    block = module.encoder.layers[0]
    before = block.forward

    def forward(x: Tensor, norm: nn.Module = block.ln_1) -> Tensor:
        return before(norm(x))

    block.forward = forward
    block.register_forward_hook(lambda _, i, o, head=module.heads: o + head(o).sum() * 0)
    copy, x = duplicate(module), torch.randn(1, 3, 64, 64)
    expected = module(x)
    assert torch.allclose(copy(x), expected) and block.forward is forward
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.zero_()
        assert not torch.allclose(module(x), expected) and torch.allclose(copy(x), expected)
        for parameter in copy.parameters():
            parameter.zero_()
        assert not copy(x).any()
    theirs, ours = ({id(part) for part in one.modules()} for one in (module, copy))
    assert not theirs & ours


def test_a_module_built_under_inference_mode(picture: Picture) -> None:
    with torch.inference_mode():
        module = vit()
        classifier = core.adopt(module, card(), "cpu")
    check_logits(classifier, vit(), picture)
    other = core.adopt(module, card(), "cpu")
    assert not any(one.is_inference() for one in (*classifier.module.parameters(), *other.module.parameters()))
    core.attribute(classifier, picture, "integrated-gradients", steps=10)


class Standard(nn.Module):
    """It carries numbers that are neither parameters nor buffers."""

    def __init__(self, kind: torch.dtype):
        super().__init__()
        self.net, self.mean = net().to(kind), torch.full((3, 1, 1), 0.1, dtype=kind)

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x - self.mean)


@pytest.mark.parametrize("kind", [torch.float64, torch.bfloat16, torch.float16])
def test_numbers_that_a_module_carries_get_its_precision(kind: torch.dtype, picture: Picture) -> None:
    classifier = core.adopt(Standard(kind), card(), "cpu")
    exact = deepcopy(Standard(kind)).float()
    exact.mean = exact.mean.float()
    check_logits(classifier, exact, picture)
