"""Recurrent attention: a sequence of glimpses, each chosen by the hidden state after the ones before.

    weightsₜ = softmax(Wq hₜ₋₁ · Wk f / √d) over positions,   gₜ = Σᵢ weightsₜᵢ fᵢ,   hₜ = LSTM(gₜ, hₜ₋₁)

The hidden state is the query, the encoding f gives keys and values, and after each glimpse the hidden state is what the
classifier sees. Mnih et al., "Recurrent models of visual attention", NeurIPS 2014; the soft glimpse is that of Xu et
al., "Show, attend and tell", ICML 2015, scored by the scaled product of Vaswani et al., 2017. The first state is
learned and has seen nothing of the picture, so that everything comes through the glimpses. LSTM: Hochreiter and
Schmidhuber, 1997, as a cell, because cuDNN's whole LSTM takes no gradient in eval mode.
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
    """(b, c, h, w) -> (b, s, c): the hidden state after each of s glimpses."""

    def __init__(self, channels: int, glimpses: int = GLIMPSES):
        super().__init__()
        self.glimpses = glimpses
        self.start = nn.Parameter(torch.randn(2, channels) / 2)
        self.query = nn.Linear(channels, channels, bias=False)
        self.key = nn.Conv2d(channels, channels, 1, bias=False)
        with torch.no_grad():  # scores start with a spread: an even start learns to average
            self.query.weight.mul_(SHARPNESS)
        self.cell = nn.LSTMCell(channels, channels)
        self.tap = Tap(Kind.SEQUENCE, softmax=True, off=None)

    def forward(self, x: Tensor) -> Tensor:
        """The states (b, s, c) after each of the s glimpses at x (b, c, h, w)."""
        grid, values = x.shape[-2:], x.flatten(2)  # (b, c, n)
        keys = self.key(x).flatten(2)
        hidden, memory = (state.expand(len(x), -1) for state in self.start)
        maps: list[Tensor] = []
        states: list[Tensor] = []
        for _ in range(self.glimpses):
            scores = torch.einsum("bc,bcn->bn", self.query(hidden), keys) / keys.shape[1] ** 0.5
            maps.append(scores.softmax(-1).view(len(x), *grid))
            weights = self.tap(torch.stack(maps, 1), grid)[:, -1]  # the film so far; only its last map is new
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
