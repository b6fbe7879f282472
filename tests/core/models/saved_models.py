"""Small random models of transformers, timm and torchvision, saved as their libraries and trainers save them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import timm
import torch
import transformers
from safetensors.torch import save
from timm.models import save_for_hf
from torch import Tensor, nn
from torchvision import models

import core
from tests.conftest import redraw
from tests.core.refusals import refusal as refused

LABELS = ("cat", "dog", "fox")
SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
SIDE = {"image_size": 32, "patch_size": 8}
NAMED = {"id2label": dict(enumerate(LABELS)), "label2id": {name: at for at, name in enumerate(LABELS)}}
KINDS: dict[str, tuple[str, dict]] = {
    "ViT": ("vit", SMALL | SIDE),
    "DeiT": ("deit", SMALL | SIDE),
    "Beit": ("beit", SMALL | SIDE | {"use_relative_position_bias": True}),
    "Swin": ("swin", {"image_size": 32, "patch_size": 2, "embed_dim": 16, "depths": [1, 1], "num_heads": [2, 2],
                      "window_size": 4}),
    "Dinov2WithRegisters": ("dinov2_with_registers", SMALL | SIDE),
    "ConvNext": ("convnext", {"hidden_sizes": [8, 16, 24, 32], "depths": [1, 1, 1, 1]}),
    "ResNet": ("resnet", {"embedding_size": 8, "hidden_sizes": [8, 16, 24, 32], "depths": [1, 1, 1, 1],
                          "layer_type": "basic"}),
}  # fmt: skip
"""Architectures of transformers, with a small configuration each."""
TIMM = ("test_vit", "test_resnet", "test_efficientnet", "test_convnext")
TORCHVISION = ("squeezenet1_1", "resnet18", "mobilenet_v3_small")
PREPARED = {"do_normalize": True, "image_mean": [0.4, 0.5, 0.6], "image_std": [0.2, 0.25, 0.3], "do_rescale": True,
            "rescale_factor": 1 / 255, "resample": 3, "size": {"height": 32, "width": 32}}  # fmt: skip


def transformers_model(kind: str, seed: int = 0) -> nn.Module:
    """A classifier of transformers with three named classes and random weights."""
    model_type, settings = KINDS[kind]
    config = transformers.AutoConfig.for_model(model_type, **settings, **NAMED)
    return redraw(getattr(transformers, f"{kind}ForImageClassification")(config), seed).eval()


def timm_model(name: str, seed: int = 0) -> nn.Module:
    return redraw(timm.create_model(name, num_classes=3), seed).eval()


def torchvision_model(name: str, seed: int = 0) -> nn.Module:
    return redraw(models.get_model(name, num_classes=3), seed).eval()


def save_transformers(module: nn.Module, folder: Path, prepared: bool = True, **options: object) -> Path:
    module.save_pretrained(folder, **options)
    if prepared:
        (folder / "preprocessor_config.json").write_text(json.dumps(PREPARED))
    return folder


def save_timm(module: nn.Module, folder: Path, safe: bool = True, **options: object) -> Path:
    save_for_hf(module, folder, model_config={"label_names": list(LABELS)}, safe_serialization=safe, **options)
    return folder


def lightning(module: nn.Module, prefix: str = "model.", **parameters: object) -> bytes:
    """The bytes of a checkpoint as Lightning writes it."""
    file = io.BytesIO()
    weights = {prefix + name: tensor for name, tensor in module.state_dict().items()}
    torch.save({"epoch": 3, "global_step": 9, "state_dict": weights, "hyper_parameters": parameters, "loops": {}}, file)
    return file.getvalue()


def bare(module: nn.Module) -> bytes:
    return save({name: tensor.contiguous() for name, tensor in module.state_dict().items()})


def logits_of(module: nn.Module) -> Callable[[Tensor], Tensor]:
    """The logits of a module for pictures, whatever it returns."""

    @torch.no_grad()
    def run(x: Tensor) -> Tensor:
        found = module(x)
        return found if isinstance(found, Tensor) else found.logits

    return run


def same(classifier: core.Classifier, module: nn.Module) -> bool:
    """Whether a classifier has the logits of a module, to a millionth of their size."""
    x = torch.rand(2, 3, classifier.card.size, classifier.card.size, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        found, expected = classifier.scores(x), logits_of(module)(x)
    return torch.allclose(found, expected, rtol=0, atol=1e-6 * max(1, float(expected.abs().max())))


def refusal(files: dict[str, bytes], *choices: object, **more: object) -> str:
    """The sentence with which files are refused."""
    return refused(core.open_files, files, *choices, device="cpu", **more)
