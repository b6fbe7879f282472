"""Taps: identity modules through which attention weights pass right before they are used.

    weights = self.tap(scores.softmax(-1), grid)   # the displayed map is the map in use
    y = weights @ values

A tap is a child module. *Listening* to it records the map, *steering* it replaces the map, gradients reach it, and
layer methods treat it like any other layer. It keeps no tensor, has no parameter and no key in a state dict. Listening
and steering are stored in a ``ContextVar``, so two threads that share a model never read each other's maps.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.kinds import Kind
from core.messages import Message
from core.types import InvalidInput

Steer = Callable[["Tap", Tensor], Tensor]
"""A function of the tap and its weights (b, ...) that returns the weights to use instead, in the same shape."""


@dataclass(frozen=True, eq=False)
class Record:
    """The output of one tap in one forward pass: ``weights`` (b, ...) and the ``grid`` (h, w) they belong to.

    ``cells`` (windows, n) is the cell of each token of WINDOWED weights, or of each key of KEY_WINDOWS, counted row by
    row; -1 for padding. ``allowed`` (windows, queries, keys) is true if a query may attend to a key; None if all keys
    of a window are allowed.
    ``uses`` are the tensors that the model multiplied by: the weights, or the maps up to each glimpse.
    """

    tap: Tap
    weights: Tensor
    grid: tuple[int, int]
    cells: Tensor | None = None
    allowed: Tensor | None = None
    uses: tuple[Tensor, ...] = ()


_records: ContextVar[dict[Tap, Record] | None] = ContextVar("records", default=None)
_heard: ContextVar[Collection[Tap] | None] = ContextVar("heard", default=None)  # the taps to record; None for all
_allowed: ContextVar[Tensor | None] = ContextVar("allowed", default=None)  # true while a steer runs
_steers: ContextVar[Mapping[Tap, Steer]] = ContextVar("steers", default={})  # noqa: B039 (never written to)


class Tap(nn.Module):
    """The identity for attention weights of one kind.

    ``softmax``: whether the weights sum to one (over the last axis of a PAIRWISE map, over the grid of a SPATIAL map);
    the weights of a gate do not. ``off`` is the weight for "no attention": 1 for a gate, 0 for self-attention, None for
    the uniform weight. ``prefix``, ``suffix`` and ``unmapped`` are as in ``AttentionMap``: the tokens before and after
    the grid of a PAIRWISE map, and an attention layer of the model without a map. ``remixed``: the model mixes the
    heads of these weights before it uses them.
    """

    unmapped = ""
    remixed = False

    def __init__(
        self,
        kind: Kind,
        *,
        softmax: bool,
        off: float | None,
        prefix: tuple[str, ...] = (),
        suffix: tuple[str, ...] = (),
    ):
        super().__init__()
        self.kind, self.softmax, self.off = kind, softmax, off
        self.prefix, self.suffix = prefix, suffix

    def forward(
        self, weights: Tensor, grid: tuple[int, int], cells: Tensor | None = None, allowed: Tensor | None = None
    ) -> Tensor:
        """Return the ``weights`` (b, ...), or their replacement if the tap is steered, and record them on request."""
        steer = _steers.get().get(self)
        if steer is not None:
            weights = self.steered(steer, weights, allowed)
        records = _records.get()
        if records is not None and self.heard():
            before = records[self].uses if self.kind.growing and weights.shape[1] > 1 else ()
            records[self] = Record(self, weights, (grid[0], grid[1]), cells, allowed, (*before, weights))
        return weights

    def steered(self, steer: Steer, weights: Tensor, allowed: Tensor | None) -> Tensor:
        """Return the weights after a steer; weights that are not ``allowed`` stay zero."""
        token = _allowed.set(allowed)
        try:
            steered = steer(self, weights)
        finally:
            _allowed.reset(token)
        if not isinstance(steered, Tensor) or steered.shape != weights.shape:
            raise InvalidInput(
                "A function that steers a tap must return weights of the shape that it gets, {shape}.",
                shape=tuple(weights.shape),
            )
        return steered if allowed is None else steered.masked_fill(~allowed[:, None], 0)

    def heard(self) -> bool:
        """Return whether this tap is recorded."""
        heard = _heard.get()
        return _records.get() is not None and (heard is None or self in heard)

    def watched(self) -> bool:
        """Return whether this tap is recorded or steered; if not, a module may use a fused kernel without weights."""
        return self.heard() or self in _steers.get()

    def extra_repr(self) -> str:
        """Return the kind and the settings for the printed module."""
        return f"{self.kind}, softmax={self.softmax}, off={self.off}"


def taps(module: nn.Module) -> dict[str, Tap]:
    """Return every tap of a model by its public name, such as ``stage4.attention``, in the order of the modules."""
    return {name.removesuffix(".tap"): child for name, child in module.named_modules() if isinstance(child, Tap)}


@contextmanager
def listen(only: Collection[Tap] | None = None) -> Iterator[dict[Tap, Record]]:
    """Record the output of every tap, or of those in ``only``, in this thread: a dict that fills while models run."""
    records: dict[Tap, Record] = {}
    tokens = _records.set(records), _heard.set(only)
    try:
        yield records
    finally:
        _records.reset(tokens[0])
        _heard.reset(tokens[1])


@contextmanager
def steer(module: nn.Module, steers: Mapping[str, Steer]) -> Iterator[None]:
    """Replace the output of the named taps of ``module`` in this thread; the other taps stay as they are.

    Raises:
        InvalidInput: the module has no tap of that name.
    """
    known = taps(module)
    unknown = [name for name in steers if name not in known]
    if unknown:
        raise InvalidInput(
            "There is no tap '{name}'. This model has: {known}.",
            name=unknown[0],
            known=list(known) or [Message("none")],
        )
    token = _steers.set({**_steers.get(), **{known[name]: function for name, function in steers.items()}})
    try:
        yield
    finally:
        _steers.reset(token)


def gradients(score: Tensor, records: Sequence[Record]) -> list[Tensor]:
    """Return ∂score/∂weights of each record, in the shape of its weights; ``score`` is one number of the recorded pass.

    The gradient is zero for weights that do not affect the score.
    """
    uses = [use for record in records for use in record.uses]
    traced = [use for use in uses if use.requires_grad]
    slopes = iter(torch.autograd.grad(score, traced, materialize_grads=True) if traced else ())
    found = iter([next(slopes) if use.requires_grad else torch.zeros_like(use) for use in uses])
    # The map of a glimpse is used once, as the last one of its tensor: its gradient is in that tensor's last map.
    return [torch.cat([next(found)[:, -1:] for _ in record.uses], 1) if len(record.uses) > 1 else next(found)
            for record in records]  # fmt: skip


def uniform(tap: Tap, weights: Tensor) -> Tensor:
    """Return the same weight everywhere: 1/n for a softmax over n keys, the mean weight of the picture for a gate.

    If a query may not attend to every key, n counts the allowed keys. A row of mixed heads gets its own mean weight, so
    that its sum is unchanged.
    """
    if not tap.softmax:
        axes = tap.kind.cell_axes if tap.kind.signed else tuple(range(1, weights.ndim))
        return weights.mean(axes, keepdim=True).expand_as(weights)
    if (allowed := _allowed.get()) is not None:
        even = allowed / allowed.sum(-1, keepdim=True)
        return even[:, None].to(weights).expand_as(weights)
    n = math.prod(weights.shape[axis] for axis in tap.kind.cell_axes)
    return torch.full_like(weights, 1 / n)


def switched_off(tap: Tap, weights: Tensor) -> Tensor:
    """Return weights for "no attention": ones for a gate, zeros for self-attention, uniform for attention pooling."""
    return uniform(tap, weights) if tap.off is None else torch.full_like(weights, tap.off)


def shuffled(seed: int) -> Steer:
    """Return a steer that permutes the weights: one seeded permutation of the cells (keys, channels) for each picture.

    If a query may not attend to every key, only the weights of the allowed keys are permuted.
    """

    def shuffle(tap: Tap, weights: Tensor) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        last = len(tap.kind.cell_axes)
        flat = weights.flatten(-last)  # (b, ..., cells)
        order = torch.stack([torch.randperm(flat.shape[-1], generator=generator) for _ in range(len(flat))])
        order = order.to(flat.device)
        if (allowed := _allowed.get()) is not None:
            places = torch.stack([within(allowed, one) for one in order])  # (b, windows, n, n)
            return weights.gather(-1, places[:, :, None].expand_as(weights))
        order = order.view(len(flat), *[1] * (flat.ndim - 2), -1).expand_as(flat)
        return flat.gather(-1, order).view_as(weights)

    return shuffle


def within(allowed: Tensor, order: Tensor) -> Tensor:
    """Return for each query the key whose weight moves to each position, (windows, n, n), by ``order`` (n,)."""
    # allowed keys first, each group in order
    kept = allowed[..., order].int().argsort(dim=-1, descending=True, stable=True)
    places = allowed.int().argsort(dim=-1, descending=True, stable=True)
    return torch.empty_like(places).scatter(-1, places, order[kept])


def replaced(weights: Tensor) -> Steer:
    """Return a steer that replaces the map of the model by a given map (without the batch axis).

    Weights on keys that a query may not attend to are distributed among the allowed keys, in proportion.
    """

    def replace(tap: Tap, own: Tensor) -> Tensor:
        # The tensor grows by one map at each glimpse.
        given = weights[: own.shape[1]] if tap.kind.growing else weights
        if tuple(given.shape) != tuple(own.shape[1:]):
            raise InvalidInput(
                "The map has shape {shape}, but this tap needs {takes}. Give a map of that shape.",
                shape=tuple(weights.shape),
                takes=tuple(own.shape[1:]),
            )
        given = given.to(own)
        if (allowed := _allowed.get()) is not None:
            total, given = given.sum(-1, keepdim=True), given.masked_fill(~allowed[:, None], 0)
            left = given.sum(-1, keepdim=True)
            some = left > 0  # normalize first: the sum may be too small to divide by
            given = torch.where(some, total * (given / torch.where(some, left, 1)), given)
        return given.expand_as(own)

    return replace
