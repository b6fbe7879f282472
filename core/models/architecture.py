"""From a card to a module: our own architectures and torchvision's, with fresh weights or with given ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from core.attention import Mechanism, mechanism
from core.models import answers
from core.models.files.weights import Weights, fit
from core.models.libraries import timm_models, torchvision_models
from core.models.networks.backbone import STAGES, Backbone
from core.models.networks.short_sighted import short_sighted
from core.models.networks.transformer import Transformer
from core.models.sealed import seal
from core.models.torchvision_taps import adapt
from core.types import FOVEA, SHORT_SIGHTED, InvalidInput, ModelCard


def build(card: ModelCard) -> nn.Module:
    """The architecture that a card names, at the seam with fresh weights; InvalidInput where there is none."""
    return adapt(construct(card))


def construct(card: ModelCard) -> nn.Module:
    """The same as its authors made it, on the CPU: what is torchvision's has no taps yet."""
    with torch.device("cpu"):
        return _construct(card)


def _construct(card: ModelCard) -> nn.Module:
    family, _, name = card.architecture.partition("/")
    if family == torchvision_models.FAMILY:
        renormalize = torchvision_models.renormalizes(card)
        return torchvision_models.construct(name, answers.outputs_of(card.classes), card.size, renormalize)
    if family == timm_models.FAMILY:
        return timm_models.construct(name, answers.outputs_of(card.classes), card.size)
    if card.architecture not in OWN:
        raise InvalidInput(
            "The card of {model} names no architecture. Set it to fovea/MECHANISM, torchvision/NAME, timm/NAME or "
            "hf:OWNER/NAME.",
            model=card.slug,
        )
    if len(card.widths) != len(STAGES):
        raise InvalidInput(
            "The card of {model} must list {stages} widths, not {given}.",
            model=card.slug,
            stages=len(STAGES),
            given=len(card.widths),
        )
    kind = mechanism(card.mechanism)
    make = OWN[card.architecture]
    return make(kind, answers.outputs_of(card.classes), card.widths, card.size)


def _far_sighted(kind: Mechanism, classes: int, widths: Sequence[int], size: int) -> nn.Module:
    architecture = Backbone if kind.block is None else Transformer
    return architecture(kind, classes, widths, size)


Architecture = Callable[[Mechanism, int, Sequence[int], int], nn.Module]
"""Mechanism, number of outputs, widths, side of the picture -> a module."""

OWN: dict[str, Architecture] = {FOVEA: _far_sighted, SHORT_SIGHTED: short_sighted}
"""Our own architectures, by the name that a card has for them."""


def assemble(card: ModelCard, weights: Weights) -> nn.Module:
    """The card's model with these weights, in float32, frozen, in eval mode, on the CPU.

    Raises:
        InvalidInput: they do not match the model, or are not all numbers.
    """
    return freeze(fit(build(card), weights, card.slug))


def freeze(module: nn.Module, keep: bool = False) -> nn.Module:
    """Eval mode, float32 unless it is to ``keep`` its precision, no gradients for weights.

    Gradients to the input and the taps stay possible.
    """
    module = module.eval() if keep else module.eval().float()
    return module.requires_grad_(False).to(memory_format=torch.contiguous_format)


def is_mixed(module: nn.Module) -> bool:
    """Whether a module has numbers of another precision than float32."""
    carried = (one for part in module.modules() for one in vars(part).values() if isinstance(one, Tensor))
    numbers = (*module.parameters(), *module.buffers(), *carried)
    return any(one.is_floating_point() and one.dtype != torch.float32 for one in numbers)


def prepare_module(module: nn.Module, device: torch.device, keep: bool = False) -> nn.Module:
    """Freeze a module and bring it to a device, with the tensors that it carries as plain attributes.

    They become float32, or ``keep`` the precision that they have.
    """
    for part in module.modules():
        for name, value in list(vars(part).items()):
            if isinstance(value, Tensor):
                kind = torch.float32 if value.is_floating_point() and not keep else value.dtype
                vars(part)[name] = value.detach().to(device, kind)
        for name in ("train", "eval"):  # exported modules refuse both
            vars(part).pop(name, None)
    return freeze(seal(module), keep).to(device)


def blank(module: nn.Module, size: int) -> Tensor:
    """A picture of nothing, (1, 3, size, size), that the module can take."""
    own = next(module.parameters(), torch.empty(0, dtype=torch.float32))
    return torch.zeros(1, 3, size, size, dtype=own.dtype, device=own.device)


def check_outputs(given: object, card: ModelCard) -> Tensor:
    """What a module gave out for pictures, which must be one logit for each class of its card.

    Raises:
        InvalidInput: it is something else.
    """
    stated = getattr(given, "logits", None)  # of another number of classes, or they would have been taken
    given = stated if isinstance(stated, Tensor) else given
    if not isinstance(given, Tensor) or given.ndim not in (1, 2):
        if isinstance(given, Tensor):
            raise InvalidInput(
                "The model must return logits of shape (pictures, classes), not a tensor of shape {shape}. Wrap it.",
                shape=(1, *given.shape[1:]),  # of one picture
            )
        raise InvalidInput(
            "The model must return logits of shape (pictures, classes), not a {kind}. Wrap it.",
            kind=type(given).__name__,
        )
    count = given.shape[1] if given.ndim == 2 else 1  # one output, squeezed
    if not answers.fits(count, card.classes):
        raise InvalidInput(
            "The model has {outputs} outputs, but its card names {named} classes. Name each class once, in order.",
            outputs=count,
            named=len(card.classes),
        )
    return given
