"""Traces: to which cell of a grid each number of a tensor belongs, followed through the functions of a forward.

A plane has the shape of its tensor. Its numbers are 0 for padding, 1 + picture · cells + cell for a cell of a grid,
and ``OTHER`` for a token that is no cell, such as a class token. Functions that move numbers are applied to the plane
as well; functions of single tokens keep it; a convolution or pool that changes the size starts a new grid. Scores of
queries and keys have two planes, the cells of the query and of the key. What cannot be followed has no trace.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.utils.weak import WeakTensorKeyDictionary

from core.models.seam.planes import (
    CHANNEL,
    LEARNED,
    OTHER,
    UNKNOWN,
    Trace,
    agreed,
    compact,
    complete,
    even,
    kernel_of,
    numbered,
    pooled,
    unpadded,
)

SHAPED = frozenset("view reshape flatten unflatten squeeze unsqueeze view_as reshape_as contiguous".split())
MOVED = frozenset(
    "permute transpose swapaxes swapdims movedim moveaxis t T mT roll pad __getitem__ select narrow split chunk "
    "tensor_split unbind expand expand_as repeat tile flip index_select cat concat stack unfold repeat_interleave "
    "split_with_sizes".split()
)
JOINED = frozenset("cat concat stack".split())
SUMS = frozenset("add radd iadd".split())
TIMES = frozenset("mul multiply rmul imul".split())
PRODUCTS = frozenset("matmul __matmul__ bmm einsum baddbmm".split())
POOLED = frozenset("amax max amin min mean sum".split())
SHUFFLED = frozenset("sort argsort topk cumsum cumprod gather scatter __setitem__ fft bincount".split())
HIDDEN = -50.0
"""An addend to a score below which the key counts as hidden."""


def name_of(func: Any) -> str:
    """The name of a function of torch, without the underscore of its in-place form; of a property, that of it."""
    name = getattr(func, "__name__", "")
    if name == "__get__":
        name = getattr(getattr(func, "__self__", None), "__name__", "")
    return name if name.startswith("__") else name.rstrip("_")


def tensors_in(value: Any) -> list[Tensor]:
    """The tensors in the arguments of a function."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [one for part in value for one in tensors_in(part)] if isinstance(value, list | tuple) else []


class Traces:
    """The traces of the tensors that are there."""

    def __init__(self) -> None:
        self.known = WeakTensorKeyDictionary()

    def get(self, x: object) -> Trace | None:
        """The trace of a tensor, if it has one."""
        return self.known.get(x) if isinstance(x, Tensor) else None

    def put(self, x: Tensor, trace: Trace | None) -> None:
        """Set the trace of a tensor; one of another shape is none."""
        if trace is None or any(one.shape != x.shape for one in trace.planes):
            self.known.pop(x, None)
        else:
            self.known[x] = trace

    def follow(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], y: Any) -> Trace | None:
        """Set the trace of a function's result; returns the trace of weights that were multiplied with values."""
        given = tensors_in([args, kwargs])
        if all(self.get(one) is None for one in given):
            for one in tensors_in(y):
                self.known.pop(one, None)
            return None
        name = name_of(func)
        if name == "__setitem__" and self.unchanged(*args[:3]):
            return None
        if name in SHUFFLED:
            for one in (*tensors_in(y), *(given[:1] if name == "__setitem__" else ())):
                self.known.pop(one, None)
        elif name in MOVED and isinstance(y, Tensor | tuple | list):
            self.moved(func, name, args, kwargs, y)
        elif name in POOLED and len(given) == 1 and isinstance(made := tensors_in(y)[0], Tensor):
            self.put(made, pooled(self.get(args[0]), kwargs.get("dim", args[1] if len(args) > 1 else None), made))
        elif not isinstance(y, Tensor):
            return None
        elif name in SHAPED:
            trace = self.get(args[0])
            self.put(y, trace and trace.map(lambda plane: plane.reshape(y.shape)))
        elif name in PRODUCTS:
            return self.multiplied(name, args, y)
        elif name == "linear":
            self.put(y, self.linear(args[0], y))
        elif "conv" in name or "pool" in name or name == "interpolate":
            self.put(y, self.resized(self.get(args[0]), y, kernel_of(name, args, kwargs)))
        else:
            known = (self.get(one) for one in given)
            factors = [one for one in known if one is not None and one.call is not None]
            self.put(y, self.combined(name, args, kwargs, given, y))
            return factors[0] if factors and name.strip("_") in TIMES else None
        return None

    def unchanged(self, x: Tensor, index: Any, value: Any) -> bool:
        """Whether what is written into a part of a tensor belongs to the same cells as what stood there."""
        own, other = self.get(x), self.get(value)
        if own is None or other is None or len(own.planes) != len(other.planes) or own.grids != other.grids:
            return False
        pairs = zip(own.planes, other.planes, strict=True)
        return all(a[index].shape == b.shape and torch.equal(a[index], b) for a, b in pairs)

    def moved(self, func: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], y: Any) -> None:
        """A function that moves numbers, applied to the planes."""
        traced = [trace for one in tensors_in([args, kwargs]) if (trace := self.get(one)) is not None]
        if name in JOINED:  # a class token joins the cells of any grid
            traced = [one for one in traced if not one.all(OTHER)] or traced[:1]
        grids, count = traced[0].grids, len(traced[0].planes)
        if any(one.grids != grids or len(one.planes) != count for one in traced):
            traced = []  # cells of different grids
        results: list[Any] = []
        for place in range(count + 1) if traced else ():

            def swapped(value: Any, place: int = place) -> Any:
                if isinstance(value, Tensor) and (trace := self.get(value)) is not None:
                    if place == count:
                        return torch.ones_like(trace.planes[0]) if trace.allowed is None else trace.allowed
                    return trace.planes[place]
                if isinstance(value, Tensor) and name in JOINED:
                    return torch.full(value.shape, OTHER, device=value.device)
                if isinstance(value, list | tuple):
                    return type(value)([swapped(one) for one in value])
                return value

            named = {key: swapped(value) for key, value in kwargs.items()}
            if name == "pad":
                named = {key: value for key, value in named.items() if key == "pad"}
                results.append(func(*[swapped(one) for one in args[:2]], **named))
            else:
                results.append(func(*[swapped(one) for one in args], **named))
        whole = isinstance(y, Tensor)
        for index, one in enumerate([y] if whole else y):
            planes = [made if whole else made[index] for made in results]
            kept = planes[count] if planes and any(one.allowed is not None for one in traced) else None
            self.put(one, replace(traced[0], planes=tuple(planes[:count]), allowed=kept) if planes else None)

    def linear(self, x: Tensor, y: Tensor) -> Trace | None:
        """A function of the last axis alone."""
        trace = self.get(x)
        if trace is None or x.ndim != y.ndim or not all(even(one, -1) for one in trace.planes):
            return None
        return replace(trace.map(lambda plane: plane[..., :1].expand(y.shape)), mixed=trace.call is not None)

    def resized(self, trace: Trace | None, y: Tensor, kernel: int) -> Trace | None:
        """A convolution or pool: the same cells, or those of a new grid where the old one was whole and in order.

        Zeros around the grid, fewer than a ``kernel`` has cells, are its padding.
        """
        if trace is None or trace.planes[0].ndim != y.ndim or not all(even(one, 1) for one in trace.planes):
            return None
        if y.ndim == 4 and len(trace.planes) == 1:
            trace = replace(trace, planes=(unpadded(trace.planes[0], trace.grids[0], kernel),))
        plane, grid = trace.planes[0], trace.grids[0]
        if plane.shape[2:] == y.shape[2:]:
            return replace(trace.map(lambda one: one[:, :1].expand(y.shape)), mixed=trace.call is not None)
        if y.ndim != 4 or tuple(plane.shape[2:]) != grid:
            return None
        own, cells = plane[:, 0].flatten(1), numbered(1, grid, plane.device)
        pictures = (own[:, :1] - cells[:, :1]) / cells.numel()  # of each row: heads may lie in the batch
        if not torch.equal(own, cells + cells.numel() * pictures):
            return None
        height, width = y.shape[2:]
        fresh = numbered(1, (height, width), own.device) + height * width * pictures
        return Trace((fresh.view(len(y), 1, height, width).expand(y.shape),), ((height, width),))

    def combined(
        self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], given: list[Tensor], y: Tensor
    ) -> Trace | None:
        """A function of single numbers, or of all channels of a token: the result has the shape of its inputs."""
        traced = [trace for one in given if (trace := self.get(one)) is not None]
        traced = [one for one in traced if not one.all(LEARNED)] or traced  # a summary of the picture is of no cell
        most = max(len(one.planes) for one in traced)
        traced = [one for one in traced if len(one.planes) == most]
        if any(one.grids != traced[0].grids for one in traced):  # such as a queried summary added to the features
            traced = [one for one in traced if complete(one)]
        if not traced:
            return None
        first, *others = traced
        if torch.broadcast_shapes(*(one.planes[0].shape for one in (first, *others))) != y.shape:
            wider, others = self.broadcast(first, y), []
            if wider is None:
                return None
            first = wider
        if any(one.grids != first.grids for one in others):
            return None
        planes = tuple(plane.broadcast_to(y.shape) for plane in first.planes)
        for other in others:
            unknown = torch.full((), UNKNOWN, device=y.device)
            pairs = zip(planes, (plane.broadcast_to(y.shape) for plane in other.planes), strict=True)
            both = [(compact(a), compact(b)) for a, b in pairs]
            planes = tuple(agreed(a, b, unknown).expand(y.shape) for a, b in both)
        allowed = None if first.allowed is None else first.allowed.broadcast_to(y.shape)
        hides = self.hidden(name, args, kwargs, given) if most == 2 else None
        if hides is not None:
            allowed = (torch.ones(y.shape, device=y.device) if allowed is None else allowed) * ~hides
        several = sum(one.call is not None for one in traced) > 1  # the difference of two heads, for example
        blended = first.blended or (first.call is not None and name.strip("_") in SUMS and self.adds_weights(given, y))
        return replace(first, planes=planes, allowed=allowed, mixed=first.mixed or several, blended=blended)

    def adds_weights(self, given: list[Tensor], y: Tensor) -> bool:
        """Whether a tensor without a trace has a number for each query and key, as the result y (..., n, m) has."""
        return any(self.get(one) is None and one.shape[-2:] == y.shape[-2:] for one in given)

    def broadcast(self, trace: Trace, y: Tensor) -> Trace | None:
        """The trace in the shape of a result that other inputs made larger."""
        try:
            return trace.map(lambda plane: plane.broadcast_to(y.shape))
        except RuntimeError:
            return None

    def hidden(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], given: list[Tensor]) -> Tensor | None:
        """Where a function hides keys: by a mask that it fills in, or by a very low addend."""
        if name == "masked_fill" and len(given) > 1 and float(args[2]) <= HIDDEN:
            return given[1].bool()
        if name in ("add", "__add__", "__radd__", "__iadd__", "where"):
            for one in given:
                if self.get(one) is None and one.is_floating_point() and bool((one <= HIDDEN).any()):
                    return one <= HIDDEN
        return None

    def multiplied(self, name: str, args: tuple[Any, ...], y: Tensor) -> Trace | None:
        """A product of two tensors: queries with keys, or weights with values; returns the trace of such weights."""
        if name == "einsum":
            text, *rest = args
            pair = rest[0] if len(rest) == 1 and isinstance(rest[0], list | tuple) else rest
            text = text.replace(" ", "")
            if len(pair) != 2 or "->" not in text or "." in text:
                return None
            inputs, out = text.split("->")
            left, right = inputs.split(",")
        else:
            pair = args[1:3] if name == "baddbmm" else args[:2]
            if any(one.ndim < 2 for one in pair):
                return None
            batch = "abcdefgh"[: y.ndim - 2]
            out = f"{batch}nm"
            left, right = (batch[y.ndim - one.ndim :] + ends for one, ends in zip(pair, ("nx", "xm"), strict=True))
        a, b = (self.get(one) for one in pair)

        def spread(plane: Tensor, labels: str) -> Tensor | None:
            """A plane in the shape of the result, if it is even along the axes that are summed over."""
            for label in sorted(set(labels) - set(out)):
                if not even(plane, labels.index(label)):
                    return None
                plane = plane.select(labels.index(label), 0)
                labels = labels.replace(label, "")
            plane = plane.permute([labels.index(label) for label in out if label in labels])
            for place, label in enumerate(out):
                plane = plane if label in labels else plane.unsqueeze(place)
            return plane.expand(y.shape)

        for weights, labels, values, names in ((a, left, b, right), (b, right, a, left)):
            if weights is not None and len(weights.planes) == 2:
                within = values is not None and bool((weights.planes[0] == CHANNEL).all())  # of a token's channels
                source, names = (values, names) if values is not None and within else (weights, labels)
                plane = spread(source.planes[0], names)
                self.put(y, None if plane is None else Trace((plane,), (source.grids[0],)))
                return weights if values is None or len(values.planes) == 1 else None
        if a is None or b is None:
            one, labels = (a, left) if a is not None else (b, right)
            plane = None if one is None else spread(one.planes[0], labels)
            self.put(y, None if one is None or plane is None else Trace((plane,), one.grids))
            return None
        planes = spread(a.planes[0], left), spread(b.planes[0], right)
        if planes[0] is not None and planes[1] is not None:
            self.put(y, Trace((planes[0], planes[1]), (a.grids[0], b.grids[0])))
        elif planes[0] is None and planes[1] is None:  # a sum over tokens, or several cells in one token
            summed = all(even(one.planes[0], axis) for one, axis in ((a, -2), (b, -1)))
            channels = torch.full(y.shape, CHANNEL if summed else UNKNOWN, device=y.device)
            self.put(y, Trace((channels, channels), (a.grids[0], b.grids[0])))
        return None
