"""The transformer block: self-attention over all tokens, then a perceptron for each token.

    z = x + softmax(Q Kᵀ / √d) V of norm(x),   y = z + W₂ gelu(W₁ norm(z))

The tokens are a class token, from which the prediction is read, and the patches of the picture. Dosovitskiy et al., "An
image is worth 16×16 words", ICLR 2021; the small convolutional stem before it is that of Hassani et al., "Escaping the
big data paradigm with compact transformers", 2021. Both residual connections are kept, as in every transformer: without
attention, the class token receives nothing from the picture.
"""

from __future__ import annotations

from torch import Tensor, nn

from core.attention.dot_product import attend
from core.attention.mechanism import Mechanism
from core.attention.tap import Tap
from core.kinds import Kind


class TokenAttention(nn.Module):
    """Multi-head attention between all tokens, the class token first: (b, 1 + n, c) -> (b, 1 + n, c)."""

    def __init__(self, channels: int, heads: int):
        super().__init__()
        self.heads = heads
        self.project = nn.Linear(channels, 3 * channels)
        self.gather = nn.Linear(channels, channels)
        self.tap = Tap(Kind.PAIRWISE, softmax=True, off=0.0, prefix=("class",))

    def forward(self, x: Tensor, grid: tuple[int, int]) -> Tensor:
        """Return for each token of x (b, n, c) the weighted mean of the values of all tokens: (b, n, c)."""
        b, n, c = x.shape
        query, key, value = self.project(x).view(b, n, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        return self.gather(attend(self.tap, query, key, value, grid).transpose(1, 2).reshape(b, n, c))


class TransformerBlock(nn.Module):
    """Transformer block for tokens (b, 1 + n, c), the class token first; ``grid`` (h, w) is the grid of the patches."""

    def __init__(self, channels: int, heads: int = 4, widening: int = 3):
        super().__init__()
        self.attention_norm = nn.LayerNorm(channels)
        self.attention = TokenAttention(channels, heads)
        self.widen_norm = nn.LayerNorm(channels)
        self.widen = nn.Linear(channels, widening * channels)
        self.gelu = nn.GELU()
        self.narrow = nn.Linear(widening * channels, channels)

    def forward(self, x: Tensor, grid: tuple[int, int]) -> Tensor:
        """Return the tokens x (b, n, c) after attention and the two linear layers: (b, n, c)."""
        x = x + self.attention(self.attention_norm(x), grid)
        return x + self.narrow(self.gelu(self.widen(self.widen_norm(x))))


TRANSFORMER = Mechanism(
    slug="transformer",
    title="Transformer",
    summary="a class token gathers information from all patches, block after block",
    equation="z = x + softmax(Q Kᵀ / √d) V;  y = z + W₂ gelu(W₁ z)",
    paper="Dosovitskiy et al., An image is worth 16×16 words, ICLR 2021; Hassani et al., Compact transformers, 2021",
    block=TransformerBlock,
    kind=Kind.PAIRWISE,
)
