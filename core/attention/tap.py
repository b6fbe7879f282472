"""The seam: attention weights pass through a tap right before they are multiplied.

    weights = self.tap(scores.softmax(-1), grid)   # what is shown is what is multiplied
    y = weights @ values

A tap is an identity child module. Whoever *listens* gets the map, whoever *steers* replaces it, a gradient reaches
it, and a layer method takes it as any layer. It keeps no tensor, has no parameter and leaves no key in a state dict.
Listening and steering are values of a ``ContextVar``: two threads that share one model never read each other's maps.
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
"""Given the tap and its weights (b, ...), the weights to multiply with instead, of the same shape."""


@dataclass(frozen=True, eq=False)
class Record:
    """What one tap let through in one forward pass: ``weights`` (b, ...) and the ``grid`` (h, w) they belong to.

    ``cells`` (windows, n) says where the tokens of WINDOWED weights lie: cells of the grid row by row, -1 for padding.
    ``allowed`` (windows, n, n) says which key each query may attend to, where that is not every one of its window.
    ``uses`` are the tensors that the model multiplied with: the weights, or a film as it was after each glimpse.
    """

    tap: Tap
    weights: Tensor
    grid: tuple[int, int]
    cells: Tensor | None = None
    allowed: Tensor | None = None
    uses: tuple[Tensor, ...] = ()


_records: ContextVar[dict[Tap, Record] | None] = ContextVar("records", default=None)
_heard: ContextVar[Collection[Tap] | None] = ContextVar("heard", default=None)  # the taps to record; None for all
_allowed: ContextVar[Tensor | None] = ContextVar("allowed", default=None)  # while a steer runs
_steers: ContextVar[Mapping[Tap, Steer]] = ContextVar("steers", default={})  # noqa: B039 (never written to)


class Tap(nn.Module):
    """The identity on attention weights of one kind.

    ``softmax`` says whether they sum to one (over the last axis of a PAIRWISE map, over the grid of a SPATIAL one); a
    gate does not. ``off`` is the weight that stands for "no attention": 1 for a gate, 0 for self-attention, None
    where the uniform weight is meant. ``prefix`` and ``suffix`` say what the tokens are that come before and behind the
    grid's in a PAIRWISE map, as in an ``AttentionMap``.
    """

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
        steer = _steers.get().get(self)
        if steer is not None:
            weights = self.steered(steer, weights, allowed)
        records = _records.get()
        if records is not None and self.heard():
            before = records[self].uses if self.kind.growing and weights.shape[1] > 1 else ()
            records[self] = Record(self, weights, (grid[0], grid[1]), cells, allowed, (*before, weights))
        return weights

    def steered(self, steer: Steer, weights: Tensor, allowed: Tensor | None) -> Tensor:
        """What a steer makes of the weights; what is not ``allowed`` stays zero, whatever it says."""
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
        """Whether anybody listens to this tap."""
        heard = _heard.get()
        return _records.get() is not None and (heard is None or self in heard)

    def watched(self) -> bool:
        """Whether anybody listens or steers: if not, a module may use a fused kernel that never makes the weights."""
        return self.heard() or self in _steers.get()

    def extra_repr(self) -> str:
        return f"{self.kind}, softmax={self.softmax}, off={self.off}"


def taps(module: nn.Module) -> dict[str, Tap]:
    """Every tap of a model by its public name, in the order of the modules: ``stage4.attention``."""
    return {name.removesuffix(".tap"): child for name, child in module.named_modules() if isinstance(child, Tap)}


@contextmanager
def listen(only: Collection[Tap] | None = None) -> Iterator[dict[Tap, Record]]:
    """Record what every tap, or ``only`` some, lets through in this thread: a dict that fills while models run."""
    records: dict[Tap, Record] = {}
    tokens = _records.set(records), _heard.set(only)
    try:
        yield records
    finally:
        _records.reset(tokens[0])
        _heard.reset(tokens[1])


@contextmanager
def steer(module: nn.Module, steers: Mapping[str, Steer]) -> Iterator[None]:
    """Replace what the named taps of ``module`` let through, in this thread; the other taps stay as they are.

    Raises:
        InvalidInput: a name that is no tap of the module.
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
    """∂score/∂weights of each record, in the shape of its weights; ``score`` is one number of the recorded pass."""
    found = iter(torch.autograd.grad(score, [use for record in records for use in record.uses]))
    # A film's frame is used once, when it is the last: its slope lies in the last frame of the film as it was then.
    return [torch.cat([next(found)[:, -1:] for _ in record.uses], 1) if len(record.uses) > 1 else next(found)
            for record in records]  # fmt: skip


def uniform(tap: Tap, weights: Tensor) -> Tensor:
    """The same weight everywhere: 1/n for a softmax over n keys, the picture's own mean weight for a gate.

    Where a query may not attend to every key, n counts those that it may.
    """
    if not tap.softmax:
        axes = tuple(range(1, weights.ndim))
        return weights.mean(axes, keepdim=True).expand_as(weights)
    if (allowed := _allowed.get()) is not None:
        even = allowed / allowed.sum(-1, keepdim=True)
        return even[:, None].to(weights).expand_as(weights)
    n = math.prod(weights.shape[axis] for axis in tap.kind.cell_axes)
    return torch.full_like(weights, 1 / n)


def switched_off(tap: Tap, weights: Tensor) -> Tensor:
    """No attention: ones for a gate, zeros for self-attention, uniform for attention pooling."""
    return uniform(tap, weights) if tap.off is None else torch.full_like(weights, tap.off)


def shuffled(seed: int) -> Steer:
    """The same weights in other places: one permutation of the cells (keys, channels) for each picture, seeded.

    Where a query may not attend to every key, the weights of those that it may are permuted among these.
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
    """The key whose weight comes to each place, for each query (windows, n, n): the ``order`` (n,) of those allowed."""
    kept = allowed[..., order].int().argsort(dim=-1, descending=True, stable=True)  # in the order, those allowed first
    places = allowed.int().argsort(dim=-1, descending=True, stable=True)
    return torch.empty_like(places).scatter(-1, places, order[kept])


def replaced(weights: Tensor) -> Steer:
    """A given map (without the batch axis) instead of the model's own.

    What it has for keys that a query may not attend to is distributed among the others, in proportion.
    """

    def replace(tap: Tap, own: Tensor) -> Tensor:
        # A film grows glimpse by glimpse: so far it has as many maps as the model has looked.
        given = weights[: own.shape[1]] if tap.kind.growing else weights
        if tuple(given.shape) != tuple(own.shape[1:]):
            raise InvalidInput(
                "The map has shape {shape}, but this tap needs {takes}.",
                shape=tuple(weights.shape),
                takes=tuple(own.shape[1:]),
            )
        given = given.to(own)
        if (allowed := _allowed.get()) is not None:
            total, given = given.sum(-1, keepdim=True), given.masked_fill(~allowed[:, None], 0)
            left = given.sum(-1, keepdim=True)
            some = left > 0  # shares first: the sum may be so small that nothing can be divided by it
            given = torch.where(some, total * (given / torch.where(some, left, 1)), given)
        return given.expand_as(own)

    return replace
