"""Replaced forwards: they run the module's own code, and let attention weights pass through a tap when it is watched.

While a tap is watched, a ``TorchFunctionMode`` around the forward sees each call of a softmax or of fused attention.
The calls are numbered, and the weights of those that were found to be attention pass through their tap; fused
attention is written out for it. A mode belongs to its thread, as do listening and steering. An active mode also keeps
torch from the native kernels of ``nn.MultiheadAttention`` and ``nn.TransformerEncoderLayer``, which show nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from core.attention.tap import Tap
from core.models.seam.fused import attention, multihead
from core.models.seam.layouts import Layout
from core.models.stages import Stage

SOFTMAX: frozenset[Any] = frozenset((F.softmax, torch.softmax, Tensor.softmax))
CALLS: dict[Any, Callable[..., Any] | None] = {
    **dict.fromkeys(SOFTMAX),
    F.scaled_dot_product_attention: attention,
    F.multi_head_attention_forward: multihead,
}
"""The functions that may be attention, each with the function that writes it out; None if nothing is hidden in it."""

PRODUCTS: frozenset[Any] = frozenset((torch.matmul, torch.bmm, Tensor.matmul, Tensor.bmm, Tensor.__matmul__))
"""The products of two tensors, whose first factor may be attention weights after their heads were mixed."""

_running: ContextVar[object] = ContextVar("running", default=None)  # the innermost replaced forward, while some tap
IDLE = object()  # a forward that no one watches, within one that is watched


@dataclass(frozen=True, eq=False)
class Call:
    """The ``number`` of a call within a forward, and where its weights pass.

    With a ``product``, these are the first factor of that product of matrices after the call, counted from 1.
    """

    number: int
    tap: Tap
    layout: Layout
    product: int = 0

    def through(self, weights: Tensor) -> Tensor:
        """The weights after the tap, in their own shape."""
        layout = self.layout
        cells, allowed = (one if one is None else one.to(weights.device) for one in (layout.cells, layout.allowed))
        arranged = layout.arrange(weights)
        given = self.tap(arranged, layout.grid, cells, allowed)
        return weights if given is arranged and not given.requires_grad else layout.restore(given, weights.shape)


class Watch(TorchFunctionMode):
    """Lets the weights of numbered calls, and the first factors of products after these, pass through taps."""

    def __init__(self, calls: dict[tuple[int, int], Call]):
        super().__init__()
        self.calls, self.count, self.products = calls, 0, 0

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if _running.get() is not self:
            return func(*args, **kwargs)
        if is_product(func):
            self.products += 1
            call = self.calls.get((self.count - 1, self.products))
            first = args[:1] if call is None or not call.tap.watched() else (call.through(args[0]),)
            return func(*first, *args[1:], **kwargs)
        if func not in CALLS:
            return func(*args, **kwargs)
        call = self.calls.get((self.count, 0))
        self.count, self.products = self.count + 1, 0
        if call is None or not call.tap.watched():
            return func(*args, **kwargs)
        written = CALLS[func]
        return call.through(func(*args, **kwargs)) if written is None else written(call.through, *args, **kwargs)


class Watched:
    """Replaces the ``forward`` of a module with attention; ``stage`` is the block around it, if it lies on a grid."""

    def __init__(self, forward: Callable[..., Any], calls: Sequence[Call], stage: Stage | None = None):
        self.forward, self.stage = forward, stage
        self.calls = {(call.number, call.product): call for call in calls}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The output of the module; its attention passes through the taps while they are watched."""
        watched = any(call.tap.watched() for call in self.calls.values())
        if not watched and _running.get() is None:
            return self.forward(*args, **kwargs)
        watch = Watch(self.calls) if watched else None
        token = _running.set(watch or IDLE)
        try:
            if watch is None:
                return self.forward(*args, **kwargs)
            with watch:
                return self.forward(*args, **kwargs)
        finally:
            _running.reset(token)


def is_product(func: Any) -> bool:
    """Whether a function is a product of two tensors."""
    return func in PRODUCTS


class Plain(TorchFunctionMode):
    """Changes nothing; that it is active keeps torch from its native kernels."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        return func(*args, **kwargs or {})


class Unfused:
    """Replaces the ``forward`` of a module whose native kernel leaves out the modules within it."""

    def __init__(self, forward: Callable[..., Any], taps: Sequence[Tap]):
        self.forward, self.taps = forward, tuple(taps)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The output of the module, with fused attention written out while a tap is watched."""
        if not any(tap.watched() for tap in self.taps):
            return self.forward(*args, **kwargs)
        with Plain():
            return self.forward(*args, **kwargs)


class Gate:
    """Replaces the ``forward`` of a module whose output is a gate: weights of ``shape``, without the batch."""

    def __init__(self, forward: Callable[..., Any], tap: Tap, shape: tuple[int, ...], grid: tuple[int, int]):
        self.forward, self.tap, self.shape, self.grid = forward, tap, shape, grid

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The weights of the gate, through the tap while it is watched."""
        weights = self.forward(*args, **kwargs)
        return self.through(weights) if self.tap.watched() else weights

    def through(self, weights: Tensor) -> Tensor:
        """The weights after the tap, in their own shape."""
        return self.tap(weights.reshape(-1, *self.shape), self.grid).reshape(weights.shape)


class Sigmoids(TorchFunctionMode):
    """Lets the result of a sigmoid pass through a gate."""

    def __init__(self, through: Callable[[Tensor], Tensor]):
        super().__init__()
        self.through = through

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        y = func(*args, **kwargs or {})
        return self.through(y) if func in (torch.sigmoid, Tensor.sigmoid) else y


class InnerGate(Gate):
    """Replaces the ``forward`` of a module that multiplies by a sigmoid, which no part of it puts out."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The output of the gate; its sigmoid passes through the tap while it is watched."""
        if not self.tap.watched():
            return self.forward(*args, **kwargs)
        with Sigmoids(self.through):
            return self.forward(*args, **kwargs)


class Crossed(TorchFunctionMode):
    """Lets the product of two sigmoids pass through a gate: the first is one instead, and the second is the product."""

    def __init__(self, through: Callable[[Tensor], Tensor]):
        super().__init__()
        self.through = through
        self.first: Tensor | None = None

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        y = func(*args, **kwargs or {})
        if func not in (torch.sigmoid, Tensor.sigmoid, Tensor.sigmoid_):
            return y
        if self.first is None:
            self.first = y
            return torch.ones_like(y)
        return self.through(self.first * y)


class CrossedGate(Gate):
    """Replaces the ``forward`` of a module that multiplies by a sigmoid for each row and one for each column."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The output of the gate; the products of its sigmoids pass through the tap while it is watched."""
        if not self.tap.watched():
            return self.forward(*args, **kwargs)
        with Crossed(self.through):
            return self.forward(*args, **kwargs)


def watched(part: nn.Module) -> Watched | None:
    """The replaced forward of a part with attention, also of one that is kept from its native kernel; None without."""
    forward = vars(part).get("forward")
    forward = forward.forward if isinstance(forward, Unfused) else forward
    return forward if isinstance(forward, Watched) else None


def block_stages(module: nn.Module) -> Iterator[Stage]:
    """The blocks around the attention of a module that lie on a grid."""
    for part in module.modules():
        forward = watched(part)
        if forward is not None and forward.stage is not None:
            yield forward.stage


def detach(module: nn.Module, tap: Tap) -> None:
    """Take a tap out of a module; where it was the last one of a part, that runs its own code again."""
    for part in module.modules():
        forward, outer = watched(part), vars(part).get("forward")
        if forward is not None:
            forward.calls = {place: call for place, call in forward.calls.items() if call.tap is not tap}
        own = [name for name, child in part._modules.items() if child is tap]
        for name in own:
            delattr(part, name)
        if isinstance(outer, Gate) and outer.tap is tap:
            part.forward = outer.forward
        if isinstance(outer, Unfused):
            outer.taps = tuple(one for one in outer.taps if one is not tap)
            part.forward = outer if outer.taps else outer.forward
        if own and forward is not None and not forward.calls:
            (outer if isinstance(outer, Unfused) and outer.taps else part).forward = forward.forward
