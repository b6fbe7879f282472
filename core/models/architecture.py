"""From a card to a module: our own architectures and torchvision's, with fresh weights or with given ones."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from core.attention import mechanism
from core.models import answers, torchvision_models
from core.models.backbone import STAGES, Backbone
from core.models.transformer import Transformer
from core.models.weights import Weights, fit
from core.types import InvalidInput, ModelCard


def build(card: ModelCard) -> nn.Module:
    """The architecture that a card names, with fresh weights; InvalidInput where there is none like that."""
    family, _, name = card.architecture.partition("/")
    if family == torchvision_models.FAMILY:
        return torchvision_models.build(name, answers.outputs_of(card.classes), card.size)
    if card.architecture != "fovea":
        raise InvalidInput(f"The card of {card.slug} names no architecture: say fovea/MECHANISM or torchvision/NAME.")
    if len(card.widths) != len(STAGES):
        raise InvalidInput(f"The card of {card.slug} must give {len(STAGES)} widths, not {len(card.widths)}.")
    kind = mechanism(card.mechanism)
    architecture = Backbone if kind.block is None else Transformer
    return architecture(kind, answers.outputs_of(card.classes), card.widths, card.size)


def assemble(card: ModelCard, weights: Weights) -> nn.Module:
    """The card's model with these weights, in float32, frozen, in eval mode, on the CPU; InvalidInput as ``fit``."""
    return freeze(fit(build(card), weights, card.slug))


def freeze(module: nn.Module) -> nn.Module:
    """Eval mode, no gradients for weights; gradients to the input and the taps stay possible."""
    return module.eval().requires_grad_(False).to(memory_format=torch.contiguous_format)


def blank(module: nn.Module, size: int) -> Tensor:
    """A picture of nothing, (1, 3, size, size), that the module can take."""
    own = next(module.parameters(), torch.empty(0))
    return torch.zeros(1, 3, size, size, dtype=own.dtype, device=own.device)


def try_out(module: nn.Module, card: ModelCard) -> None:
    """Run a module once, on a picture of nothing.

    Raises:
        InvalidInput: it takes no picture of the card's size, does not give one logit for each of its classes, or two
            of these have one name.
    """
    size, classes = card.size, len(card.classes)
    if len(set(card.classes)) < classes:
        raise InvalidInput(f"The card of {card.slug} names a class twice; name each class once, in order.")
    try:
        with torch.no_grad():
            y = module(blank(module, size))
    except Exception as error:  # whatever a module of somebody else's raises
        reason = (str(error).strip().partition("\n")[0] or type(error).__name__).rstrip(".")
        raise InvalidInput(
            f"The model takes no picture of {size} × {size} pixels ({reason}); give its card the size it was made for."
        ) from error
    if isinstance(y, Tensor) and y.shape == (1,):  # one output, squeezed
        y = y[:, None]
    if not isinstance(y, Tensor) or y.ndim != 2:
        found = f"a tensor of shape {tuple(y.shape)}" if isinstance(y, Tensor) else f"a {type(y).__name__}"
        raise InvalidInput(f"The model must give logits (pictures, classes), not {found}; wrap it so that it does.")
    if not answers.fits(y.shape[1], card.classes):
        raise InvalidInput(
            f"The model tells {y.shape[1]} classes apart and its card names {classes}; name each class once, in order."
        )
