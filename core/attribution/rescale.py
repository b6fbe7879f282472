"""The rescale rule: a backward pass with slopes between two inputs, z and z₀, instead of gradients at one of them.

    one input            Δy = m · Δz                   m = Δy / Δz, elementwise; the gradient where Δz is 0
    largest of several   Δy = m_i Δz_i + m_j Δz_j      i is where z is largest, j where z₀ is
    a product            Δy = (b + b₀)/2 · Δa + (a + a₀)/2 · Δb
    a choice             Δy = m · Δz of the input that moved further, where another one was chosen

Every rule is exact, so the products of all slopes along the paths sum to the change of the output. Linear
operations (convolutions, sums, average pooling) have their gradient as the slope. The first rule is that of
Shrikumar, Greenside, Kundaje, ICML 2017, eq. 7. The second shares a window's change as DeepSHAP does (Lundberg, Lee,
NeurIPS 2017): a rise of the largest value goes to i, a fall to j, and no slope is outside 0 to 1; windows may
overlap. The third is the Shapley value of both factors. Quotients, softmax, norms, attention and LSTM cells are
composed of these (see ``composites``).

The rules apply to torch functions, whether they are called by modules, as functions or as tensor methods; modules may
run several times or in place. Operations without a rule (sorting, scripted code, custom operations) keep their
gradient, and the gap shows the error.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from core.attribution.composites import MADE_OF, quotient

Function = Callable[..., Any]
Args = tuple[Any, ...]
Kwargs = dict[str, Any]

CURVES = frozenset(
    "abs absolute acos acosh arctan asin asinh atan atanh ceil celu clamp clamp_max clamp_min clip cos cosh elu erf "
    "erfc exp exp2 expm1 floor frac gelu hardshrink hardsigmoid hardswish hardtanh leaky_relu log log10 log1p log2 "
    "log_sigmoid logit logsigmoid masked_fill mish neg pow prelu reciprocal relu relu6 round rpow rrelu rsqrt selu "
    "sigmoid sign silu sin sinh softplus softshrink softsign sqrt square tan tanh tanhshrink threshold trunc".split()
)
"""Elementwise functions of one input; all other arguments are constants."""
TIMES = frozenset("mul multiply imul rmul".split())
PRODUCTS = TIMES | frozenset("matmul rmatmul mm bmm mv dot inner outer einsum bilinear".split())
QUOTIENTS = frozenset("div divide true_divide truediv idiv itruediv".split())
WRITTEN = frozenset("div_ divide_ true_divide_ __idiv__ __itruediv__".split())
"""Quotients that overwrite the dividend."""
LARGEST = {"max": 1, "amax": 1, "maximum": 1, "min": -1, "amin": -1, "minimum": -1}
ROUNDING = 64
"""Two values count as equal within this many steps of floating-point precision."""
POOLS = {
    f"{kind}max_pool{n}d{more}": n for kind in ("", "adaptive_") for n in (1, 2, 3) for more in ("", "_with_indices")
}


class Rescaled(TorchFunctionMode):
    """A context in which a model runs twice: on the baseline, then, after ``turn``, on the picture.

    The gradient of the second output is the product of the slopes between both runs. Both runs must call the same
    functions; otherwise RuntimeError is raised.
    """

    def __init__(self) -> None:
        super().__init__()
        self.known: deque[list[Tensor]] = deque()
        self.again = False

    def turn(self) -> None:
        """End the run on the baseline."""
        self.again = True

    def before(self, *inputs: Tensor) -> list[Tensor] | None:
        """Return the values of these inputs in the first run; None during the first run."""
        if not self.again:
            self.known.append([one.detach().clone() for one in inputs])
            return None
        found = self.known.popleft() if self.known else []
        if [one.shape for one in found] != [one.shape for one in inputs]:
            raise RuntimeError("The model does not take the same steps for the picture and the baseline.")
        return found

    def __torch_function__(self, func: Function, types: Any, args: Args = (), kwargs: Kwargs | None = None) -> Any:
        kwargs, name = dict(kwargs or {}), getattr(func, "__name__", "").strip("_")
        if not args and isinstance(kwargs.get("input"), Tensor):
            args = (kwargs.pop("input"),)
        moving = [one for one in args if isinstance(one, Tensor) and one.requires_grad]
        if not moving or not torch.is_grad_enabled():
            return func(*args, **kwargs)
        if name in MADE_OF or (name in QUOTIENTS and len(args) > 1 and args[1] is moving[-1]):
            with self:
                made = MADE_OF.get(name, quotient)(*args, **kwargs)
            return args[0].copy_(made) if func.__name__ in WRITTEN else made
        if name in PRODUCTS and len(moving) == 2:
            return product(self, func, args, kwargs)
        if name in CURVES and len(moving) == 1 and args[0] is moving[0]:
            return curve(self, func, args, kwargs)
        if name in TIMES and mask(args):
            return curve(self, func, args if args[0] is moving[0] else args[::-1], kwargs)
        if name == "where" and len(args) == 3:
            return choice(self, *args)
        if name in POOLS:
            return pool(self, func, args, kwargs, name)
        if name in LARGEST:
            return largest(self, func, args, kwargs, LARGEST[name])
        return func(*args, **kwargs)


def through(y: Tensor, line: Tensor) -> Tensor:
    """Return the value of ``y`` with the gradient of ``line``."""
    return y.detach() + (line - line.detach())


def outcome(func: Function, args: Sequence[Any], kwargs: Kwargs) -> tuple[Any, bool]:
    """Return the result of a function on a copy of its first input, and whether the function works in place."""
    own = args[0].clone() if isinstance(args[0], Tensor) else args[0]
    y = func(own, *args[1:], **kwargs)
    return y, y is own


def mask(args: Sequence[Any]) -> bool:
    """Return whether one of two tensors of the same shape has no graph but may differ between the runs: z · (z > 0)."""
    return all(isinstance(one, Tensor) for one in args) and args[0].shape == args[1].shape


def curve(rules: Rescaled, func: Function, args: Args, kwargs: Kwargs) -> Tensor:
    """Apply the rule for an elementwise function of one input.

    If Δy is below rounding, the slope is the gradient halfway.
    """
    z, *rest = args
    then = rules.before(z, *(one for one in rest if isinstance(one, Tensor)))
    if then is None:
        return func(*args, **kwargs)
    fixed = iter(then[1:])
    others = [next(fixed) if isinstance(one, Tensor) else one for one in rest]
    with torch.enable_grad():
        halfway = ((z.detach() + then[0]) / 2).requires_grad_()
        (gradient,) = torch.autograd.grad(outcome(func, (halfway, *rest), kwargs)[0].sum(), halfway)
    (y, written), (y0, _) = (outcome(func, one, kwargs) for one in ((z.detach(), *rest), (then[0], *others)))
    rise, change, gradient = y - y0, z.detach() - then[0], gradient.nan_to_num(0, 0, 0)
    rounding = torch.finfo(z.dtype).eps ** 0.5 * (y.abs() + y0.abs())
    seen = (rise.abs().maximum(change.abs()) >= rounding) & (change != 0)
    slope = torch.where(seen, rise / change, gradient)
    made = through(y, slope * torch.where(z.isfinite(), z, 0))  # a masked score is −∞, and its slope is 0
    return z.copy_(made) if written else made


def product(rules: Rescaled, func: Function, args: Args, kwargs: Kwargs) -> Tensor:
    """Apply the rule for a function that is linear in each of two inputs."""
    first, second = (place for place, one in enumerate(args) if isinstance(one, Tensor) and one.requires_grad)
    then = rules.before(args[first], args[second])
    if then is None:
        return func(*args, **kwargs)

    def put(**changed: Tensor) -> tuple[Tensor, bool]:
        parts = list(args)
        for name, place in (("a", first), ("b", second)):
            parts[place] = changed.get(name, args[place])
        return outcome(func, parts, kwargs)

    a, b = args[first].detach(), args[second].detach()
    y, written = put(a=a, b=b)
    made = through(y, put(a=(a + then[0]) / 2)[0] + put(b=(b + then[1]) / 2)[0])
    return args[first].copy_(made) if written else made


def choice(rules: Rescaled, chosen: Tensor, first: Any, second: Any) -> Tensor:
    """Apply the rule for ``torch.where``; if both runs choose the same input, its gradient passes unchanged."""
    a, b = (torch.as_tensor(one, device=chosen.device) for one in (first, second))
    then = rules.before(chosen, a, b)
    y = torch.where(chosen, first, second)
    if then is None:
        return y
    chosen_before, a_before, b_before = then
    change, same = y.detach() - torch.where(chosen_before, a_before, b_before), chosen == chosen_before
    by_a, by_b = a.detach() - a_before, b.detach() - b_before
    line, further = torch.zeros_like(y), by_a.abs() >= by_b.abs()
    for z, moved, kept, more in ((a, by_a, chosen, further), (b, by_b, ~chosen, ~further)):
        if z.requires_grad:
            slope = torch.where(same, kept.to(y), torch.where(more & (moved != 0), change / moved, 0))
            line = line + slope * torch.where(z.isfinite(), z, 0)
    return through(y, line)


def share(z_i: Tensor, z_j: Tensor, before_i: Tensor, before_j: Tensor) -> Tensor:
    """Return the line of the second rule: z_i is the largest of z, and before_j is the largest of z₀."""
    now, other = z_i.detach(), z_j.detach()
    raised, lowered = (now - before_j).clamp(min=0), (before_j - now).clamp(min=0)
    up = torch.where(now != before_i, raised / (now - before_i), (now == before_j).to(now))
    down = torch.where(other != before_j, lowered / (before_j - other), 0)
    return up * z_i + down * z_j


def share_ties(z: Tensor, before: Tensor) -> Tensor:
    """Apply the second rule along the last axis; several equal maxima get equal parts.

    Values that differ only by rounding count as equal.
    """
    own = z.detach()
    top, top_before = own.amax(-1, keepdim=True), before.amax(-1, keepdim=True)
    rounding = ROUNDING * torch.finfo(own.dtype).eps
    i, j = (one >= most - rounding * most.abs() for one, most in ((own, top), (before, top_before)))
    moved = own - before
    up = torch.where(moved != 0, (top - top_before).clamp(min=0) / moved, (top == top_before).to(own))
    down = torch.where(moved != 0, -(top_before - top).clamp(min=0) / moved, 0)
    slope = torch.where(i, up / i.sum(-1, keepdim=True), 0) + torch.where(j, down / j.sum(-1, keepdim=True), 0)
    return (slope * torch.where(z.isfinite(), z, 0)).sum(-1)


def pool(rules: Rescaled, func: Function, args: Args, kwargs: Kwargs, name: str) -> Any:
    """Apply the rule for max pooling over the last axes, with or without overlap."""
    z, *rest = args
    then = rules.before(z)
    given = func(*args, **kwargs)
    if then is None:
        return given
    dims = POOLS[name]
    find = getattr(F, name.removesuffix("_with_indices"))
    places = [find(one, *rest, **{**kwargs, "return_indices": True})[1] for one in (z.detach(), then[0])]

    def at(whole: Tensor, where: Tensor) -> Tensor:
        return whole.flatten(-dims).gather(-1, where.flatten(-dims)).view_as(where)

    line = share(*(at(whole, where) for whole in (z, then[0]) for where in places))
    return (through(given[0], line), given[1]) if isinstance(given, tuple) else through(given, line)


def largest(rules: Rescaled, func: Function, args: Args, kwargs: Kwargs, sign: int) -> Any:
    """Apply the rule for the maximum (minimum if ``sign`` is −1) along axes, over a whole tensor, or of two tensors."""
    others = [one for one in (*args[1:], kwargs.get("other")) if isinstance(one, Tensor)]
    dims: Sequence[int] = (0,)
    if others:
        z = torch.stack(torch.broadcast_tensors(args[0], others[0]))
    else:
        z, dim = args[0], kwargs.get("dim", args[1] if len(args) > 1 else None)
        dims = tuple(range(z.ndim)) if dim in (None, ()) else dim if isinstance(dim, tuple | list) else (dim,)
    then = rules.before(z)
    given = func(*args, **kwargs)
    if then is None:
        return given
    now, old = (
        sign * one.movedim(tuple(dims), tuple(range(-len(dims), 0))).flatten(-len(dims)) for one in (z, then[0])
    )
    line = sign * share_ties(now, old)
    if isinstance(given, tuple):
        return type(given)((through(given[0], line.view_as(given[0])), given[1]))
    return through(given, line.view_as(given))
