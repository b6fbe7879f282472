"""Discovery: find each attention of a model by dry runs, and attach taps to it.

A first pass follows the picture's cells to each score. Where they are lost, as in the merging of patches, the block of
the call is taken instead (``blocks``): the outermost module with this call, alone or with others parallel to it, whose
output has the shape of its input. Its input is a grid (b, c, h, w) or (b, h, w, c), or tokens (b, n, c), whose patches
are found by an experiment (``tokens``). A second pass follows these.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from math import isqrt

import torch
from torch import Tensor, nn

from core.attention.tap import Tap
from core.kinds import Kind
from core.messages import Message
from core.models.limits import BRANCHES, UNSURE, UNTRACED
from core.models.seam.blocks import Patches, arrangement, block_of
from core.models.seam.forwards import Call, Unfused, Watched
from core.models.seam.layouts import QUERY
from core.models.seam.planes import OTHER, Trace, numbered
from core.models.seam.read_queries import read_queries
from core.models.seam.resolving import Resolved, Unclear, resolve
from core.models.seam.summaries import instead
from core.models.seam.survey import Found, Survey, survey
from core.models.seam.token_parameters import kinds_by_parameters
from core.models.seam.tokens import REGISTER, Layout, find_layout, name_tokens, run, with_names
from core.models.stages import Stage

TAP = "tap"
NATIVE = (nn.MultiheadAttention, nn.TransformerEncoderLayer, nn.TransformerEncoder)
"""Modules with a native kernel that does not run their parts."""


@dataclass(eq=False)
class Attached:
    """The taps that were attached, with the ``owner`` of each by its name; ``refused`` gives reasons by name.

    ``mixed`` names attention whose heads are mixed after its softmax, with its tap after that, if there is one;
    ``blended`` that to which other weights are added after its softmax, with its tap after that.
    """

    taps: dict[str, Tap] = field(default_factory=dict)
    refused: dict[str, Message] = field(default_factory=dict)
    mixed: dict[str, Tap | None] = field(default_factory=dict)
    blended: dict[str, Tap] = field(default_factory=dict)


def attach(module: nn.Module, x: Tensor, forward: Callable[[Tensor], Tensor]) -> Attached:
    """Attach taps to the attention of a module, in place.

    ``x`` (b, 3, size, size) are two pictures, or one for a module that takes them one by one; ``forward`` runs the
    module.
    """
    parts, batch = dict(module.named_modules()), len(x)
    ours = tuple(f"{name}." for name, tap in parts.items() if isinstance(tap, Tap))
    seeds = {"": picture_trace}
    found = survey(module, lambda: forward(x), seeds)
    own_ones = owned(found.calls, parts, ours)
    if not own_ones:
        return Attached()
    resolved = {call: attempt(call, batch) for call in own_ones}
    lost = {call for call, one in resolved.items() if isinstance(one, Message) and call.trace is None and not call.part}
    if lost:
        known = len(own_ones)
        seeds |= seeds_of(forward, x, found, [call for call in own_ones if call in lost], parts)
        again = survey(module, lambda: forward(x), seeds)
        second = owned(again.calls, parts, ours)
        if len(second) == known:
            own_ones, resolved = second, {call: attempt(call, batch) for call in second}
            found = again
    return placed(module, x, forward, found, own_ones, resolved, parts)


def attempt(call: Found, batch: int) -> Resolved | Message:
    """The layout of a call's weights, or why it has none."""
    try:
        return resolve(call, batch)
    except Unclear as error:
        return error.why


def owned(calls: Sequence[Found], parts: dict[str, nn.Module], ours: Sequence[str]) -> list[Found]:
    """The calls outside of modules that have a tap, each with its owner and its number there.

    The owner is the innermost module; calls of other owners within it are not counted.
    """
    own = [call for call in calls if not any(has_tap(parts[name]) for name in call.path if name in parts)]
    for call in own:
        call.owner = call.path[-1] if call.path else ""
    numbers: Counter[str] = Counter()
    for call in own:
        call.number = numbers[call.owner]
        numbers[call.owner] += 1
    return own


def has_tap(module: nn.Module) -> bool:
    """Whether a module has a tap of its own."""
    return any(isinstance(child, Tap) for child in module.children())


def picture_trace(x: Tensor) -> Trace:
    """The trace of pictures (b, 3, h, w), or of square ones cut into patches (b, n, c)."""
    if x.ndim == 3:
        return token_trace(x, (0, 0))
    return grid_trace(x, (x.shape[-2], x.shape[-1]))


def grid_trace(x: Tensor, grid: tuple[int, int], last: bool = False) -> Trace:
    """The trace of a grid (b, c, h, w), or (b, h, w, c) with the channels ``last``."""
    plane = numbered(len(x), grid, x.device).view(len(x), 1, *grid)
    return Trace((plane.movedim(1, -1 if last else 1).expand(x.shape),), (grid,))


def token_trace(x: Tensor, layout: Layout) -> Trace:
    """The trace of tokens (b, n, c): a square of cells, with others before and after it."""
    side = isqrt(x.shape[1] - sum(layout))
    plane = torch.full(x.shape[:2], OTHER, device=x.device)
    plane[:, layout[0] : x.shape[1] - layout[1]] = numbered(len(x), (side, side), x.device)
    return Trace((plane[..., None].expand(x.shape),), ((side, side),))


def seeds_of(
    forward: Callable[[Tensor], Tensor], x: Tensor, found: Survey, lost: Sequence[Found], parts: dict[str, nn.Module]
) -> dict[str, Callable[[Tensor], Trace]]:
    """Traces for the inputs of blocks whose cells were lost on the way."""
    seeds: dict[str, Callable[[Tensor], Trace]] = {}
    tokens: dict[int, list[str]] = {}
    for call in lost:
        name = block_of(call, found, found.calls)
        shape = found.inputs.get(name, ())
        if not name or shape[0] != len(x):
            continue
        if len(shape) == 3:
            tokens.setdefault(shape[1], []).append(name)
        elif shape[1] == shape[2] != shape[3]:
            seeds[name] = lambda one: grid_trace(one, (one.shape[1], one.shape[2]), last=True)
        elif shape[2] == shape[3] != shape[1]:
            seeds[name] = lambda one: grid_trace(one, (one.shape[2], one.shape[3]))
    for count, names in tokens.items():
        layout = find_layout(forward, x[:1], {name: parts[name] for name in names}, count)
        if layout is not None:
            seeds |= dict.fromkeys(names, partial(token_trace, layout=layout))
    return seeds


def placed(
    module: nn.Module,
    x: Tensor,
    forward: Callable[[Tensor], Tensor],
    found: Survey,
    calls: Sequence[Found],
    resolved: dict[Found, Resolved | Message],
    parts: dict[str, nn.Module],
) -> Attached:
    """Put taps into the owners of the calls."""
    done, by_owner = Attached(), dict[str, dict[str, Call]]()
    named = token_names(module, x, forward, found, calls, resolved, parts)
    repeated = {call.owner for call in calls if found.runs.get(call.owner, 0) > 1}
    for call in calls:
        one = resolved[call]
        if call.owner in repeated and call.number >= numbers_of(calls, call.owner) // found.runs[call.owner]:
            continue  # the same call in a later run
        if call.part:
            continue
        name = (call.owner or type(module).__name__) + (f" ({call.number + 1})" if call.number else "")
        if isinstance(one, Message):
            # One axis: parameters; two at the end of the model: the probabilities of the classes.
            silent = call.axes == 1 or (call.axes == 2 and call is calls[-1])
            if one not in (BRANCHES, UNTRACED) or not silent:
                done.refused[name] = instead(parts[call.owner]) or one
            continue
        tap = Tap(
            Kind.PAIRWISE if one.layout.cells is None else Kind.KEY_WINDOWS if one.others else Kind.WINDOWED,
            softmax=True,
            off=None if one.single and not one.own else 0.0,
            prefix=named.get(call, ())[: one.before],
            suffix=named.get(call, ())[one.before :],
        )
        own = by_owner.setdefault(call.owner, {})
        number = 1 + sum(not child.endswith("_mixed") for child in own)
        child = TAP if number == 1 else f"{TAP}_{number}"
        own[child] = Call(call.number + call.later, tap, one.layout, call.product if call.blended else 0)
        path = f"{call.owner}.{child}".lstrip(".")
        done.taps[path.removesuffix(f".{TAP}")] = tap
        if call.blended:
            done.blended[path.removesuffix(f".{TAP}")] = tap
        if call.mixed is None:
            continue
        tap.remixed, after = True, after_mixing(call, tap, len(x))
        done.mixed[path.removesuffix(f".{TAP}")] = None if after is None else after.tap
        if after is not None:
            own[f"{child}_mixed"] = after
            done.taps[f"{path}_mixed"] = after.tap
    blocks = {call.owner: block_of(call, found, calls) for call in calls}
    for name, own in by_owner.items():
        part = parts[name]
        for child, through in own.items():
            part.add_module(child, through.tap)
        block = blocks[name]
        arrange = arrangement(found.laid.get(block), len(x)) if block else None
        vars(part)["forward"] = Watched(part.forward, [*own.values()], arrange and Stage(parts[block], arrange))
    for name in dict.fromkeys(call.owner for call in calls if call.owner not in by_owner):
        block = blocks[name]
        arrange = arrangement(found.laid.get(block), len(x)) if block else None
        if isinstance(arrange, Patches):  # the patches after a block of attention that has no map of its own
            vars(parts[name])["forward"] = Watched(parts[name].forward, (), Stage(parts[block], arrange))
    for name, part in parts.items():
        within = [tap for path, tap in done.taps.items() if f"{path}.".startswith(f"{name}." if name else "")]
        if isinstance(part, NATIVE) and within:
            vars(part)["forward"] = Unfused(part.forward, within)
    return done


def after_mixing(call: Found, before: Tap, batch: int) -> Call | None:
    """Where the weights of a call pass after their heads were mixed; None where that is unknown."""
    mixed = attempt(replace(call, trace=call.mixed, last=True), batch) if call.product else UNSURE
    if isinstance(mixed, Message) or mixed.layout.cells is not None:
        return None
    tap = Tap(Kind.MIXED, softmax=False, off=0.0, prefix=before.prefix, suffix=before.suffix)
    return Call(call.number, tap, mixed.layout, call.product)


def numbers_of(calls: Sequence[Found], owner: str) -> int:
    """How many calls an owner has."""
    return sum(call.owner == owner for call in calls)


def token_names(
    module: nn.Module,
    x: Tensor,
    forward: Callable[[Tensor], Tensor],
    found: Survey,
    calls: Sequence[Found],
    resolved: dict[Found, Resolved | Message],
    parts: dict[str, nn.Module],
) -> dict[Found, tuple[str, ...]]:
    """The names of the tokens around the patches, by how the outputs depend on them after the last block."""
    named: dict[Found, tuple[str, ...]] = {}
    around: dict[int, list[tuple[Found, Resolved, str]]] = {}
    for call in calls:
        one = resolved[call]
        if isinstance(one, Message) or not one.before + one.after:
            continue
        if one.single and one.own:
            named[call] = ("class", *["register"] * (one.before + one.after - 1))
            continue
        count = tokens_of(call, one)
        holder = next((name for name in call.path[1:] if holds(found.outputs.get(name), count, len(x))), "")
        around.setdefault(count, []).append((call, one, holder))
    holders = {holder: parts[holder] for ones in around.values() for *_, holder in ones if holder}
    try:
        wanted = run(module, x[:1], holders, forward) if holders else {}
    except Exception:  # a foreign module without gradients may raise anything
        wanted = {}
    by_layout: dict[Layout, tuple[str, ...]] = {}
    for count, ones in reversed(around.items()):
        last = next((wanted[holder] for *_, holder in reversed(ones) if holder in wanted), None)
        if last is None:
            last = read_queries(forward, x[:1], found.calls, ones[-1][0], ones[-1][1].layout)
            last = last if len(last or ()) == count else None
        known: dict[int, str] = {}
        with suppress(Exception):  # as above
            known = kinds_by_parameters(module, forward, x[:1], parts[ones[0][0].owner], count)
        for call, one, _ in ones:
            layout = (one.before, one.after)
            names = name_tokens(last, layout) if last is not None else (REGISTER,) * sum(layout)
            # What the last blocks are read by holds for the earlier ones, whose tokens all reach the outputs.
            names = by_layout.setdefault(layout, names)
            named[call] = by_layout[layout] = with_names(names, known, layout, count)
    for call, one, _ in (each for ones in around.values() for each in ones):
        named[call] = by_layout[one.before, one.after]
    return named


def tokens_of(call: Found, one: Resolved) -> int:
    """The number of tokens of a block: that of the queries, which have the same tokens around the patches as the keys.

    There are fewer keys where these were pooled.
    """
    if call.trace is None:
        return 0
    (height, width), _ = call.trace.grids
    queries = next((size for role, size in one.layout.parts if role == QUERY), 0)
    whole = queries == height * width + one.before + one.after
    return queries if whole else call.trace.planes[1].shape[-1]


def holds(shape: tuple[int, ...] | None, count: int, batch: int) -> bool:
    """Whether a tensor has so many tokens, (b, n, c) or (n, b, c)."""
    return shape is not None and len(shape) == 3 and (shape[:2] in ((batch, count), (count, batch)))
