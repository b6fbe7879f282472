"""torchvision's encoder block with a tap: self-attention over all tokens, the class token first.

    z = x + W softmax(Q Kᵀ / √d) V,   y = z + mlp(norm z)          Q, K, V linear in norm x

Dosovitskiy et al., "An image is worth 16×16 words", ICLR 2021. torchvision leaves the attention to
``nn.MultiheadAttention``, which does not expose the weights that it multiplies by; its parameters stay in place.
"""

from __future__ import annotations

from math import isqrt
from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules.linear import NonDynamicallyQuantizableLinear
from torchvision.models.vision_transformer import EncoderBlock, VisionTransformer

from core.attention.dot_product import attend
from core.attention.tap import Tap
from core.kinds import Kind
from core.messages import Message
from core.models.networks.transformer import patches
from core.models.stages import Stage
from core.models.torchvision_taps.equivalent import Equivalent


def square_grid(cells: int) -> tuple[int, int]:
    """The square grid of that many patches; a single row if they are no square."""
    side = isqrt(cells)
    return (side, side) if side**2 == cells else (1, cells)


class TokenBlock(Equivalent):
    """(b, n, c) -> (b, n, c): the patches, and the tokens before and after them that are named in its tap.

    torchvision's own model puts a class token first; for others see ``tokens``.
    """

    skipped: ClassVar = {
        "dropout": nn.Dropout,
        "self_attention": nn.MultiheadAttention,
        "self_attention.out_proj": NonDynamicallyQuantizableLinear,
    }

    ln_1: nn.Module
    self_attention: nn.MultiheadAttention
    ln_2: nn.Module
    mlp: nn.Module

    @classmethod
    def obstacle(cls, theirs: EncoderBlock) -> str | None:
        """Why torchvision's block cannot be replaced, or None."""
        own = theirs.self_attention
        if own.bias_k is not None or own.bias_v is not None or own.add_zero_attn:
            return Message("its attention has keys that do not belong to a token")
        usual = own.batch_first and own._qkv_same_embed_dim
        return None if usual else Message("its attention is not configured like torchvision's")

    def __init__(self, theirs: EncoderBlock):
        super().__init__(theirs)
        self.tap = Tap(Kind.PAIRWISE, softmax=True, off=0.0, prefix=("class",))

    def forward(self, x: Tensor) -> Tensor:
        """The tokens x (b, n, c) after attention and the two linear layers."""
        x = x + self.attend(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))

    def attend(self, x: Tensor) -> Tensor:
        """The attention of all tokens to all tokens, with the parameters of ``self_attention``."""
        b, n, c = x.shape
        theirs = self.self_attention
        projected = F.linear(x, theirs.in_proj_weight, theirs.in_proj_bias)
        query, key, value = projected.view(b, n, 3, theirs.num_heads, -1).permute(2, 0, 3, 1, 4)
        y = attend(self.tap, query, key, value, self.grid(n))
        return theirs.out_proj(y.transpose(1, 2).reshape(b, n, c))

    def grid(self, tokens: int) -> tuple[int, int]:
        """The grid of the patches among so many tokens."""
        return square_grid(tokens - len(self.tap.prefix) - len(self.tap.suffix))

    def patches(self, tokens: Tensor) -> Tensor:
        """The patches (b, c, h, w) in the output of the block."""
        first, grid = len(self.tap.prefix), self.grid(tokens.shape[1])
        return tokens[:, first : first + grid[0] * grid[1]].transpose(1, 2).unflatten(2, grid)


def stages(module: VisionTransformer) -> dict[str, Stage]:
    """The patches after each block except the last, whose patches are not used; of a single block, those before it."""
    layers = module.encoder.layers.named_children()
    blocks = {f"encoder.layers.{name}": Stage(block, getattr(block, "patches", patches)) for name, block in layers}
    *read, _last = blocks
    return {name: blocks[name] for name in read} or {"conv_proj": Stage(module.conv_proj)}
