"""Recurrent attention: a sequence of glimpses, each computed from the hidden state after the previous one.

    weightsₜ = softmax(Wq hₜ₋₁ · Wk f / √d) over positions,   gₜ = Σᵢ weightsₜᵢ fᵢ,   hₜ = LSTM(gₜ, hₜ₋₁)

The hidden state is the query, and the features f are keys and values. After each glimpse, the hidden state is the input
of the classifier. Mnih et al., "Recurrent models of visual attention", NeurIPS 2014; the soft glimpse follows Xu et
al., "Show, attend and tell", ICML 2015, with the scaled dot product of Vaswani et al., 2017. The initial state is a
learned parameter that does not depend on the picture, so all information comes through the glimpses. The LSTM
(Hochreiter and Schmidhuber, 1997) is a cell, because cuDNN's LSTM has no gradient in eval mode.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from core.attention.mechanism import Mechanism
from core.attention.tap import Tap
from core.kinds import Kind

GLIMPSES = 4
SHARPNESS = 4.0


class RecurrentAttention(nn.Module):
    """Compute the hidden state after each of s glimpses: (b, c, h, w) -> (b, s, c)."""

    def __init__(self, channels: int, glimpses: int = GLIMPSES):
        super().__init__()
        self.glimpses = glimpses
        self.start = nn.Parameter(torch.randn(2, channels) / 2)
        self.query = nn.Linear(channels, channels, bias=False)
        self.key = nn.Conv2d(channels, channels, 1, bias=False)
        with torch.no_grad():  # initial scores with a spread, because from uniform weights the model learns to average
            self.query.weight.mul_(SHARPNESS)
        self.cell = nn.LSTMCell(channels, channels)
        self.tap = Tap(Kind.SEQUENCE, softmax=True, off=None)

    def forward(self, x: Tensor) -> Tensor:
        """Return the hidden states (b, s, c) after each of s glimpses at x (b, c, h, w)."""
        grid, values = x.shape[-2:], x.flatten(2)  # (b, c, n)
        keys = self.key(x).flatten(2)
        hidden, memory = (state.expand(len(x), -1) for state in self.start)
        maps: list[Tensor] = []
        states: list[Tensor] = []
        for _ in range(self.glimpses):
            scores = torch.einsum("bc,bcn->bn", self.query(hidden), keys) / keys.shape[1] ** 0.5
            maps.append(scores.softmax(-1).view(len(x), *grid))
            # the maps of all glimpses so far; only the last one is new
            weights = self.tap(torch.stack(maps, 1), grid)[:, -1]
            glimpse = torch.einsum("bn,bcn->bc", weights.flatten(1), values)
            hidden, memory = self.cell(glimpse, (hidden, memory))
            states.append(hidden)
        return torch.stack(states, 1)


RECURRENT = Mechanism(
    slug="recurrent",
    title="Recurrent glimpses",
    summary="four glimpses, each of which decides where the next one attends",
    equation="aₜ = softmax(hₜ₋₁ · K / √d),  hₜ = LSTM(Σᵢ aₜᵢ fᵢ, hₜ₋₁)",
    paper="Mnih et al., Recurrent models of visual attention, NeurIPS 2014; Xu et al., ICML 2015",
    pool=RecurrentAttention,
    positions=True,
    kind=Kind.SEQUENCE,
)
