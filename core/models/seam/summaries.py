"""Modules called attention that have a softmax, but no map of weights between positions: what they compute instead.

Bello, LambdaNetworks: modeling long-range interactions without attention, ICLR 2021. Mehta and Rastegari, Separable
self-attention for mobile vision transformers, TMLR 2023. Xu et al., Co-scale conv-attentional image transformers, ICCV
2021. Yuan et al., VOLO: vision outlooker for visual recognition, TPAMI 2022. Lee et al., EfficientViM: efficient vision
Mamba with hidden state mixer based state space duality, CVPR 2025. Li et al., Next-ViT: next generation vision
transformer for efficient deployment in realistic industrial scenarios, arXiv 2022.
"""

from __future__ import annotations

from torch import nn

from core.messages import Message
from core.models.limits import SEQUENCES

LAMBDA = Message(
    "it has no weights between positions: with a softmax of the keys over all positions, it sums the values up in one "
    "matrix (lambda), by which each query is multiplied"
)
SEPARABLE = Message(
    "it has no weights between positions: a softmax gives each position one weight, and the sum of the keys with these "
    "weights is multiplied with the value of each position"
)
FACTORIZED = Message(
    "it has no weights between positions: with a softmax of the keys over all positions, it sums the values up in one "
    "matrix for each head, by which each query is multiplied"
)
OUTLOOK = Message(
    "its weights do not compare positions: a linear layer computes the weights of the neighbors of a position from the "
    "features of this position alone"
)

STATES = Message(
    "it has no weights between positions: it is a state space model, which sums the positions up in hidden states, "
    "each with a softmax over all positions, and computes each position from these states"
)
BATCHED = Message(
    "its softmax compares the pictures of a batch with each other, not positions, and for one picture its weight is one"
)

INSTEAD: dict[str, Message] = {
    "timm.layers.lambda_layer.LambdaLayer": LAMBDA,
    "timm.models.mobilevit.LinearSelfAttention": SEPARABLE,
    "transformers.models.mobilevitv2.modeling_mobilevitv2.MobileViTV2LinearSelfAttention": SEPARABLE,
    "timm.models.coat.FactorAttnConvRelPosEnc": FACTORIZED,
    "timm.models.volo.OutlookAttention": OUTLOOK,
    "timm.models.efficientvim.HSMSSD": STATES,
    "timm.models.csatv2.SpatialTransformerBlock": BATCHED,
    "timm.models.nextvit.EfficientAttention": SEQUENCES,
}
"""By the name of the class."""


def instead(part: nn.Module) -> Message | None:
    """Why a module with a softmax has no map of attention; None for any other."""
    found = INSTEAD.get(f"{type(part).__module__}.{type(part).__qualname__}")
    return found if found is not None and "forward" not in vars(part) else None
