"""Twelve small random models, saved in the ways people save models, give the same logits when opened without a card."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save
from torch import Tensor, nn
from torchvision import models

import core
from tests.conftest import redraw
from tests.core.models.saved_models import (
    LABELS,
    PREPARED,
    lightning,
    logits_of,
    save_timm,
    save_transformers,
    timm_model,
    torchvision_model,
    transformers_model,
)

IMAGENET = (core.ModelCard.mean, core.ModelCard.std)
HALF = ((0.5,) * 3, (0.5,) * 3)
NUMBERED = ("class 0", "class 1", "class 2")


@dataclass(frozen=True)
class Saved:
    """A model, how it is written into a folder, and what its card must state: classes, size, mean and deviation.

    ``assumed`` are the fields that the files do not state; ``file`` is what is opened, the folder itself if empty.
    """

    build: Callable[[], nn.Module]
    write: Callable[[nn.Module, Path], object]
    classes: tuple[str, ...] = LABELS
    size: int = 32
    scaling: tuple[tuple[float, ...], tuple[float, ...]] = (
        tuple(PREPARED["image_mean"]),
        tuple(PREPARED["image_std"]),
    )
    assumed: tuple[str, ...] = ()
    file: str = ""


def transformers_folder(kind: str, **options: object) -> Saved:
    """A folder of ``save_pretrained`` with the settings of its image processor."""
    return Saved(
        lambda: transformers_model(kind, 3), lambda module, folder: save_transformers(module, folder, **options)
    )


def timm_folder(name: str, size: int, safe: bool = True, **arguments: object) -> Saved:
    """A folder of timm's ``save_for_hf``; ``arguments`` change the architecture."""

    def build() -> nn.Module:
        return redraw(timm.create_model(name, num_classes=3, **arguments), 4).eval()

    def write(module: nn.Module, folder: Path) -> None:
        save_timm(module, folder, safe, **({"model_args": arguments} if arguments else {}))

    settings = timm.get_pretrained_cfg(name)
    return Saved(build, write, size=size, scaling=(settings.mean, settings.std))


def single(
    build: Callable[[], nn.Module],
    size: int,
    data: Callable[[nn.Module], bytes],
    file: str,
    scaling: tuple[tuple[float, ...], tuple[float, ...]] = IMAGENET,
) -> Saved:
    """One file of weights: the architecture is recognized, and its usual size and scaling are assumed."""
    return Saved(
        build,
        lambda module, folder: (folder / file).write_bytes(data(module)),
        NUMBERED,
        size,
        scaling,
        ("architecture", "classes", "size", "normalization"),
        file,
    )


def stored(content: object) -> bytes:
    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


def named(prefix: str, module: nn.Module) -> dict[str, Tensor]:
    return {prefix + name: tensor.contiguous() for name, tensor in module.state_dict().items()}


def save_next_to_settings(module: nn.Module, folder: Path) -> None:
    """The configuration of a folder of transformers with the checkpoint of Lightning that fine-tuned it."""
    save_transformers(module, folder)
    (folder / "model.safetensors").unlink()
    (folder / "epoch=3.ckpt").write_bytes(lightning(module, "model.", learning_rate=1e-4))


SAVED = {
    "transformers ViT": transformers_folder("ViT"),
    "transformers DeiT": transformers_folder("DeiT", max_shard_size="40KB"),
    "transformers BEiT": transformers_folder("Beit"),
    "transformers Swin": transformers_folder("Swin"),
    "transformers ConvNeXt": transformers_folder("ConvNext"),
    "transformers ResNet": transformers_folder("ResNet"),
    "timm ViT": timm_folder("test_vit", 96, img_size=96),
    "timm EfficientNet": timm_folder("test_efficientnet", 160, safe=False),
    "Lightning, ViT of transformers": Saved(lambda: transformers_model("ViT", 5), save_next_to_settings),
    "Lightning, ConvNeXt of timm": single(
        lambda: timm_model("test_convnext", 6),
        160,
        lambda module: lightning(module, "net.backbone."),
        "last.ckpt",
        HALF,
    ),
    "state dict, ResNet-18 of torchvision": single(
        lambda: torchvision_model("resnet18", 7),
        224,
        lambda module: stored({"epoch": 2, "state_dict": named("module.", module)}),
        "best.pth",
    ),
    "state dict, ResNet of timm": single(
        lambda: timm_model("test_resnet", 8),
        160,
        lambda module: save(named("_orig_mod.model.", module)),
        "a.safetensors",
        HALF,
    ),
}


@pytest.fixture(params=SAVED)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Saved, nn.Module, Path]:
    """A saved model, its module, and what to open."""
    saved = SAVED[request.param]
    module = saved.build()
    folder = tmp_path / "saved"
    folder.mkdir()
    saved.write(module, folder)
    return saved, module, folder / saved.file


def difference(classifier: core.Classifier, module: nn.Module) -> float:
    """The largest difference of the logits of two pictures, in parts of their spread."""
    size = classifier.card.size
    x = torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(1))
    expected = logits_of(module)(x)
    with torch.no_grad():
        found = classifier.scores(x)
    assert expected.std() > 0 and not torch.equal(expected[0], expected[1])
    return float((found - expected).abs().max() / (expected.max() - expected.min()))


def test_a_saved_model_opens_with_the_same_logits(case: tuple[Saved, nn.Module, Path]):
    saved, module, path = case
    files = {one.name: one.read_bytes() for one in (path.parent if saved.file else path).iterdir()}
    missing = core.missing_facts(files)
    assert tuple(one.field for one in missing) == saved.assumed
    for classifier in (core.load(f"file:{path}", "cpu"), core.open_files(files, device="cpu")):
        card = classifier.card
        assert difference(classifier, module) <= 1e-6
        assert (card.classes, card.size, (card.mean, card.std)) == (saved.classes, saved.size, saved.scaling)
        assert all(str(one.sentence) in map(str, classifier.notes) for one in missing)


def test_what_the_files_do_not_state_can_be_stated():
    module = models.resnet18(num_classes=3)
    redraw(module, 9).eval()
    facts = {"classes": LABELS, "size": 96, "mean": (0.1, 0.2, 0.3), "std": (0.3,) * 3}
    found = core.open_files({"w.pth": stored(named("net.", module))}, "torchvision/resnet18", **facts, device="cpu")
    assert difference(found, module) <= 1e-6
    assert {key: getattr(found.card, key) for key in facts} == facts


def test_ghostnet_v2_reopened_differs_only_by_the_rounding_of_another_layout_in_memory() -> None:
    """The reopened GhostNetV2 has the same logits, to the last bit, for a tensor in the same layout in memory.

    With random weights it multiplies each rounding error by two to ten in each block: a difference of 1e-7 of the
    features after the first block is 1e-1 after the last one. Another layout of the same picture (channels last, which
    ``prepare`` gives) is rounded in another way, so the original module differs from itself by more than 1e-6 of the
    spread of its logits. In float64 it does not, and neither with the weights that timm draws.
    """
    module = redraw(timm.create_model("ghostnetv2_100", num_classes=3), 2).eval()
    opened = core.open_files({"a.pt": stored(module.state_dict())}, "timm/ghostnetv2_100", size=96, device="cpu")
    x = torch.rand(1, 3, 96, 96, generator=torch.Generator().manual_seed(1))
    last = x.contiguous(memory_format=torch.channels_last)
    with torch.no_grad():
        plain, other = module(x), module(last)
        assert torch.equal(opened.scores(x), plain) and torch.equal(opened.scores(last), other)
        exact, exact_other = (module.double()(one.double()) for one in (x, last))
    spread = float(exact.max() - exact.min())
    assert float((plain - other).abs().max()) > 1e-6 * spread > 1e3 * float((exact - exact_other).abs().max())
