"""A survey: one pass through a model that records each softmax and fused attention, and what its scores compare.

The cells of the picture are followed to the scores (``traces``). Where they are lost on the way, the input of a module
is taken as a new grid (``seeds``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from inspect import signature
from itertools import count
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode
from torch.utils.weak import WeakTensorKeyDictionary

from core.models.seam.forwards import CALLS, is_product
from core.models.seam.planes import CHANNEL, LEARNED, UNKNOWN, Trace, even
from core.models.seam.traces import HIDDEN, Traces, tensors_in
from core.models.stages import first_of

LEAVES = (nn.Softmax, nn.Softmax2d, nn.Dropout, nn.Identity)
"""Modules that may hold the softmax of the module around them."""

CLOSE = 1e-3
"""The largest difference from one of a row's sum that counts as none."""

Shape = tuple[int, ...]


@dataclass(eq=False)
class Found:
    """One call of a softmax or of fused attention, in the order of a pass.

    ``path`` names the modules that run, outermost first; ``owner`` is the innermost one that has the call for itself,
    and ``number`` counts its calls. ``trace`` is that of the scores, with the axis ``dim`` of the softmax; ``used``
    states that values were multiplied by the weights. Where heads were mixed before that, ``mixed`` is the trace of the
    weights then, and ``product`` shows which product of matrices after the call takes them as its first factor, counted
    from 1; 0 for another function. So it does where other weights were added (``blended``), those of the next ``later``
    calls of the same owner, which are a ``part`` of it; ``whole`` states that rows still sum to one. ``axes`` is the
    number of axes of the scores.
    """

    func: Any
    path: tuple[str, ...]
    number: int = 0
    owner: str = ""
    trace: Trace | None = None
    last: bool = True
    used: bool = False
    mixed: Trace | None = None
    product: int = 0
    blended: bool = False
    later: int = 0
    part: bool = False
    whole: bool = True
    keyed: bool = True
    axes: int = 0


@dataclass(eq=False)
class Survey(TorchFunctionMode):
    """A pass through a module with the modules that run.

    ``seeds`` give the trace of a module's input that has none. ``inputs`` and ``outputs`` have the shape of the first
    tensor of each module that ran; ``given`` is its number among all such inputs, the same for one tensor. ``runs``
    counts, and ``laid`` is the trace of the features that they put out.
    """

    module: nn.Module
    seeds: Mapping[str, Callable[[Tensor], Trace]] = field(default_factory=dict)
    traces: Traces = field(default_factory=Traces)
    stack: list[str] = field(default_factory=list)
    calls: list[Found] = field(default_factory=list)
    inputs: dict[str, Shape] = field(default_factory=dict)
    outputs: dict[str, Shape] = field(default_factory=dict)
    runs: dict[str, int] = field(default_factory=dict)
    laid: dict[str, Trace] = field(default_factory=dict)
    given: dict[str, int] = field(default_factory=dict)
    numbers: WeakTensorKeyDictionary = field(default_factory=WeakTensorKeyDictionary)
    counter: Iterator[int] = field(default_factory=count)
    products: int = 0

    def __post_init__(self) -> None:
        super().__init__()

    def enter(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """A module begins to run."""
        self.stack.append(name)
        self.runs[name] = self.runs.get(name, 0) + 1
        given = [one for one in (*args, *kwargs.values()) if isinstance(one, Tensor)]
        if given:
            self.inputs[name] = tuple(given[0].shape)
            if given[0] not in self.numbers:
                self.numbers[given[0]] = next(self.counter)
            self.given[name] = self.numbers[given[0]]
            if name in self.seeds and self.traces.get(given[0]) is None:
                self.traces.put(given[0], self.seeds[name](given[0]))

    def leave(self, name: str, y: Any) -> None:
        """A module has run."""
        self.stack.pop()
        made = tensors_in(y)[:1]
        if made:
            self.outputs[name] = tuple(made[0].shape)
            trace = self.traces.get(first_of(y))
            if trace is not None and len(trace.planes) == 1:
                self.laid[name] = trace

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        call = None
        if func in CALLS:
            call = Found(func, tuple(self.stack))
            self.calls.append(call)
            self.products = 0
            self.scored(call, args, kwargs)
        y = func(*args, **kwargs)
        try:
            self.follow(call, func, args, kwargs, y)
        except Exception:  # a function with unusual arguments: its result has no trace
            for one in tensors_in(y):
                self.traces.put(one, None)
        return y

    def follow(self, call: Found | None, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], y: Any) -> None:
        """The traces of a function's result."""
        traces = self.traces
        first = traces.get(args[0]) if args else None
        if call is None:
            self.products += is_product(func)
            weights = traces.follow(func, args, kwargs, y)
            if weights is not None and weights.call is not None:
                found = self.calls[weights.call]
                found.used = True
                if weights.mixed:
                    found.mixed = weights
                    near = found is self.calls[-1] and found.path == tuple(self.stack)
                    found.product = self.products if near and is_product(func) and first is weights else 0
                elif weights.blended:
                    self.blend(found, self.calls[weights.call + 1 :], args[0], is_product(func) and first is weights)
            return
        number = len(self.calls) - 1 if self.calls[-1] is call else self.calls.index(call)
        whole = y[0] if isinstance(y, tuple) else y
        if CALLS[func] is None:
            known = call.trace
            traces.put(whole, None if known is None else Trace(known.planes, known.grids, known.allowed, number))
        else:
            known, call.used = traces.get(args[0] if args else kwargs["query"]), True
            traces.put(whole, known and known.map(lambda plane: plane[..., :1].expand(whole.shape)))

    def blend(self, found: Found, later: list[Found], weights: Tensor, factor: bool) -> None:
        """Other weights were added to those of a call, and the sum (..., n, m) multiplies values."""
        own = all(one.path == found.path and one.trace is None for one in later)
        found.blended, found.later, found.product = True, len(later), self.products if factor and own else 0
        found.whole = factor and bool((weights.sum(-1) - 1).abs().max() < CLOSE)
        for one in later if own else ():
            one.part = True

    def scored(self, call: Found, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """The trace of the scores of a call."""
        traces = self.traces
        written = CALLS[call.func]
        if written is None:
            scores = args[0] if args else kwargs["input"]
            dim = kwargs.get("dim", args[1] if len(args) > 1 else None)
            call.last = dim is not None and dim % scores.ndim == scores.ndim - 1
            call.axes, call.trace = scores.ndim, pooled(traces.get(scores), call.last)
            return
        call.axes = 4
        try:  # the function that writes it out has its parameters, by name or position
            given = signature(written).bind(None, *args, **kwargs).arguments
        except TypeError:
            return
        q, k = (traces.get(given[name]) for name in ("query", "key"))
        if q is None and k is not None:
            query = given["query"]
            q = Trace((torch.full(query.shape, LEARNED, device=query.device),), k.grids)
        if q is None or k is None:
            return
        a, b = q.planes[0], k.planes[0]
        if call.func is F.multi_head_attention_forward:
            extra = ("bias_k", "bias_v", "static_k")
            call.keyed = all(given.get(name) is None for name in extra) and not given["add_zero_attn"]
            a, b = (one[..., 0].T[:, None].expand(-1, given["num_heads"], -1)[..., None] for one in (a, b))
        elif b.shape[1] != a.shape[1]:
            b = b[:, :1]
        shape = (*a.shape[:-1], b.shape[-2])
        if even(a, -1) and even(b, -1):
            planes = a[..., :1].expand(shape), b[..., :1].transpose(-1, -2).expand(shape)
        else:  # tokens along the axis that is summed over, or several cells in one token
            planes = (torch.full(shape, CHANNEL if even(a, -2) and even(b, -2) else UNKNOWN),) * 2
        call.trace = Trace(planes, (q.grids[0], k.grids[0]), allowed_by(given, call.func, shape))


def pooled(trace: Trace | None, last: bool) -> Trace | None:
    """The trace of scores; one score for each cell, along the ``last`` axis, has a query that is a parameter."""
    if trace is None or len(trace.planes) != 1 or not last or even(trace.planes[0], -1):
        return trace
    plane = trace.planes[0]
    return Trace((torch.full_like(plane, LEARNED), plane), trace.grids * 2, trace.allowed)


def allowed_by(given: Mapping[str, Any], func: Any, shape: tuple[int, ...]) -> Tensor | None:
    """Where fused attention with these arguments lets a query attend to a key, of that shape; None for everywhere."""
    seen: list[Tensor] = []
    mask, padding = given.get("attn_mask"), given.get("key_padding_mask")
    whole = func is F.multi_head_attention_forward  # whose masks of truth values say what is hidden
    if mask is not None:
        mask = mask.unflatten(0, (-1, shape[1])) if whole and mask.ndim == 3 else mask
        seen.append((~mask if whole else mask) if mask.dtype == torch.bool else mask > HIDDEN)
    if padding is not None:
        seen.append((~padding if padding.dtype == torch.bool else padding > HIDDEN)[:, None, None])
    if given.get("is_causal") and not whole:  # there it only describes the mask
        seen.append(torch.ones(shape[-2:], dtype=torch.bool, device=given["query"].device).tril())
    if not seen:
        return None
    both = [one.broadcast_to(shape) for one in seen]
    return torch.stack(both).all(0).float()


def survey(module: nn.Module, run: Callable[[], Any], seeds: Mapping[str, Callable[[Tensor], Trace]]) -> Survey:
    """The survey of one run of a module; ``seeds`` are traces of inputs, by the name of the module."""
    found = Survey(module, seeds)
    handles = []
    for name, part in module.named_modules():
        if not isinstance(part, LEAVES):
            handles.append(
                part.register_forward_pre_hook(
                    lambda _, args, kwargs, name=name: found.enter(name, args, kwargs), with_kwargs=True
                )
            )
            handles.append(part.register_forward_hook(lambda _, __, y, name=name: found.leave(name, y)))
    try:
        with torch.no_grad(), found:
            run()
    finally:
        for handle in handles:
            handle.remove()
    return found
