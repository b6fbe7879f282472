"""Attach taps to a module, and take out those with which its outputs would change while they are watched."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import torch
from torch import Tensor, nn

from core.attention.tap import Tap, listen, taps
from core.messages import Message
from core.models.limits import blended, mixed_heads, no_attention
from core.models.seam.discovery import Attached, attach
from core.models.seam.forwards import detach
from core.models.seam.gates import attach_gates
from core.models.tolerance import is_close

CHANGED = Message("the model's predictions would change")


def attach_proven(
    module: nn.Module, x: Tensor, run: Callable[[Tensor], Tensor], expected: Tensor, left: Mapping[str, str]
) -> tuple[Message, ...]:
    """Attach taps to any attention and gate of a module, in place; returns sentences about those without a map.

    ``left`` are blocks of torchvision's that were left unchanged, with the reason.
    ``run`` gives the outputs ``expected`` for the pictures ``x``. Modules that have a tap are left as they are.
    """

    def keeps(only: Collection[Tap] | None = None) -> bool:
        try:
            with torch.no_grad(), listen(only):
                return is_close(expected, run(x))
        except Exception:  # a foreign module may raise anything
            return False

    taken: dict[str, Tap] = {}
    done = Attached()
    if len(x):  # sealed layers have no modules to see
        taken, done = attach_gates(module, lambda: run(x)), attach(module, x, run)
    everything, refused = taken | done.taps, dict[str, str](done.refused)
    if everything and not keeps():
        for name, tap in everything.items():
            if not keeps([tap]):
                detach(module, tap)
                refused[name] = CHANGED
    clear = [*taps(module), *refused]
    refused |= {name: why for name, why in left.items() if not any(f"{one}.".startswith(f"{name}.") for one in clear)}
    notes = [
        no_attention([name for name, why in refused.items() if why == one], one)
        for one in dict.fromkeys(refused.values())
    ]
    known = set(taps(module).values())
    for both in (True, False):
        names = [name for name, tap in done.mixed.items() if (tap in known) is both]
        notes += [mixed_heads(names, both)] if names else []
    names = [name for name, tap in done.blended.items() if tap in known]
    notes += [blended(names)] if names else []
    return tuple(notes)
