"""The guard: test a user's model once, and set it up so that its outputs stay its own.

Two different pictures go through the untouched module in one batch, and one of them alone; then through the prepared
module, in its usual run and in one with gradients and recorded attention. All outputs must be finite and equal, to
``CLOSE`` of their spread. Differences decide how the model is run: one picture at a time, on a copy of its input, or
without a graph; or a block is left unchanged and has no map; or the model is refused with one sentence.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from core import device as devices
from core.attention.tap import Tap, listen, taps
from core.files import first_line
from core.messages import Message
from core.models.adopting.recomputing import recomputes
from core.models.adopting.unread import UNREAD, unread
from core.models.architecture import check_outputs, is_mixed, prepare_module
from core.models.channels import refusal
from core.models.copying import check_weights, duplicate
from core.models.libraries.described import CHANNELS, FLIPPED, PATCH
from core.models.limits import (
    BATCH,
    GRAPHLESS,
    INPLACE,
    RANDOM,
    RECOMPUTED,
    SEALED,
    SINGLE,
    TWICE,
    UNSURE,
    no_attention,
    unmapped,
)
from core.models.run_settings import RunSettings, run_as
from core.models.sealed import is_sealed
from core.models.seam.proving import attach_proven
from core.models.tolerance import CLOSE, is_close
from core.models.torchvision_taps import adapt, blocks, obstacle
from core.models.torchvision_taps.differing import differing
from core.models.torchvision_taps.tokens import lay_tokens
from core.types import InvalidInput, ModelCard

AGAIN = 4  # runs on the same input if a model seems to be random


@dataclass(frozen=True, eq=False)
class Admitted:
    """A model that passed: the ``module``, ready to run.

    ``notes`` are sentences about its limits and how it is run; ``silent`` names the taps without a map.
    """

    module: nn.Module
    notes: tuple[str, ...] = ()
    silent: frozenset[str] = frozenset()


def admit(module: nn.Module, card: ModelCard, device: torch.device) -> Admitted:
    """Test a module on a device and add taps to it, in place: frozen, in float32 and in eval mode.

    A module that fails in float32, because it casts its features to another precision, keeps its precision.

    Raises:
        InvalidInput: it has no weights yet, does not take pictures of the card's size, or its outputs do not match the
            card's classes, are not finite, or differ each time.
    """
    check_weights(module)
    theirs = duplicate(module) if is_mixed(module) else None

    usual = RunSettings(flipped=card.facts.get(CHANNELS) == FLIPPED, patch=card.facts.get(PATCH, 0))

    def job() -> Admitted:
        try:
            return Admission(prepare_module(module, device), card, device, usual).admit()
        except InvalidInput as error:
            if theirs is None:
                raise
            try:
                return Admission(
                    prepare_module(theirs, device, keep=True), card, device, replace(usual, mixed=True)
                ).admit()
            except InvalidInput as other:
                raise (error if other.__cause__ else other) from None  # neither precision takes the pictures

    return devices.run(job, device)


def pictures(card: ModelCard, device: torch.device) -> Tensor:
    """Two synthetic pictures, coarse shapes with noise, normalized for the model of a card: (2, 3, size, size)."""
    draw = torch.Generator().manual_seed(0)
    with torch.device("cpu"):
        shapes, noise = (torch.rand(2, 3, side, side, generator=draw, dtype=torch.float32) for side in (6, card.size))
        mean, std = (torch.tensor(one, dtype=torch.float32).view(3, 1, 1) for one in (card.mean, card.std))
    shapes = nn.functional.interpolate(shapes, size=(card.size, card.size), mode="bilinear")
    return ((0.7 * shapes + 0.3 * noise - mean) / std).to(device, memory_format=torch.channels_last)


class Admission:
    """One module under test, with the results so far: the ``settings`` to run it with, and the ``notes``."""

    def __init__(self, module: nn.Module, card: ModelCard, device: torch.device, settings: RunSettings):
        self.module, self.card, self.x = module, card, pictures(card, device)
        self.untouched = duplicate(module, list(module.parameters()))
        sealed = any(is_sealed(part) for part in module.modules())
        self.settings, self.notes = settings, [SEALED] if sealed else []
        self.blocks = blocks(module)
        self.places = [(part, name, one) for part in module.modules() for name, one in part._modules.items()]
        self.inplace = [part for part in module.modules() if getattr(part, "inplace", False) is True]

    def admit(self) -> Admitted:
        """The module, ready to run; InvalidInput if it cannot be run."""
        expected = self.learn()
        left = self.bring(expected)
        count = 0 if SEALED in self.notes else 1 if self.settings.alone else 2
        self.notes += attach_proven(self.module, self.x[:count], self.forward, expected[:count], left)
        if recomputes(lambda x: self.run(self.module, x), self.x[:1]):
            self.settings = replace(self.settings, graphless=True)
            self.notes.append(RECOMPUTED)
        silent = self.watch(expected)
        silent |= self.left_unread(silent)
        module = run_as(self.module, self.settings)
        unknown = lay_tokens(module, self.x[:1])
        if unknown:
            self.notes.append(no_attention(unknown, UNSURE))
        for tap in taps(module).values():
            tap.unmapped = unmapped(self.notes)
        names = frozenset(name for name, tap in taps(module).items() if tap in silent or name in unknown)
        return Admitted(module, tuple(dict.fromkeys(self.notes)), names)

    def run(self, module: nn.Module, x: Tensor) -> Tensor:
        """The outputs of a module, run with the settings found so far; x stays unchanged."""
        return self.settings.run(module, x.clone())

    @torch.no_grad()
    def learn(self) -> Tensor:
        """Find how the untouched module must be run; returns its outputs (2, k) for both pictures."""
        found, usual = None, self.settings
        for alone, dense in ((False, False), (False, True), (True, False), (True, True)):
            self.settings, failure = replace(usual, alone=alone, dense=dense), None
            try:
                found = self.first()
            except Exception as error:  # a foreign module may raise anything
                failure = error
                continue
            if alone or not isinstance(found, Tensor) or len(found) == len(self.x):
                break
        if failure is not None:
            raise refusal(self.untouched, self.first, self.card, failure) from failure
        self.notes += [SINGLE] if alone else []
        answers = check_outputs(found, self.card)
        if not answers.isfinite().all():
            raise InvalidInput(
                "The model's output for an ordinary picture is not finite (NaN or infinity). Check its weights, "
                "and its size, mean and std."
            )
        return self.by_itself(answers)

    def first(self) -> object:
        """The result of the untouched module for both pictures; also finds whether it writes into them."""
        given = self.x.clone()
        y = self.settings.run(self.untouched, given)
        found = self.settings.find(y, len(self.x), len(self.card.classes))
        known, self.settings = found == self.settings, replace(found, copied=not torch.equal(given, self.x))
        return y if known else self.run(self.untouched, self.x)

    def by_itself(self, expected: Tensor) -> Tensor:
        """The outputs (2, k), equal for a picture alone and in a batch; one picture at a time if necessary."""
        try:
            alone = self.run(self.untouched, self.x[1:])
        except Exception as error:
            raise InvalidInput(
                "The model fails on a single picture: {reason}. Check whether one of its layers needs a batch, like a "
                "BatchNorm without statistics.",
                reason=first_line(error),
            ) from error
        if alone.shape == expected.shape[1:]:  # squeezed out of its batch of one
            self.settings, alone = replace(self.settings, classes=alone.numel()), alone[None]
        if is_close(expected[1:], alone, expected):
            return expected
        if self.steady(self.untouched, expected) and not self.settings.alone:
            self.settings = replace(self.settings, alone=True)
            self.notes.append(BATCH)
            expected = self.run(self.untouched, self.x)
            if is_close(expected[1:], alone, expected):
                return expected
        raise InvalidInput(RANDOM)

    @torch.no_grad()
    def steady(self, module: nn.Module, expected: Tensor) -> bool:
        """Whether a repeated run gives the same outputs, with a strict tolerance, because noise may be small by chance.

        This separates random modules from those that depend on the batch or on hooks.
        """
        return all(is_close(expected, self.run(module, self.x), close=CLOSE / 10) for _ in range(AGAIN))

    def forward(self, x: Tensor) -> Tensor:
        """The outputs of the module, run with the settings found so far."""
        return self.run(self.module, x)

    def bring(self, expected: Tensor) -> dict[str, str]:
        """Replace torchvision's blocks as far as the outputs stay equal; returns why others were left unchanged."""
        left = {name: why for name, block in self.blocks.items() if (why := obstacle(block))}
        adapt(self.module)
        if not self.keeps(expected):
            compared = [name for name in self.blocks if name not in left]
            wrong = differing(self.module, self.untouched, lambda: self.run(self.untouched, self.x), compared)
            left |= dict.fromkeys(wrong, Message("its outputs differ from those of torchvision's block"))
            self.restore(self.blocks[name] for name in wrong)
        if self.inplace and not self.keeps(expected):
            for part in self.inplace:
                part.inplace = True  # type: ignore[assignment]  # to torch's types all attributes are tensors or modules
            self.notes.append(INPLACE)
        if not self.keeps(expected):
            why = Message("the model's predictions would change")
            left |= {name: why for name in self.blocks if name not in left}
            self.restore(self.blocks.values())
        return left

    def restore(self, theirs: Iterable[nn.Module]) -> None:
        """Put the original blocks back in place of our equivalents."""
        back = set(theirs)
        for parent, name, one in self.places:
            if one in back:
                setattr(parent, name, one)

    @torch.no_grad()
    def keeps(self, expected: Tensor) -> bool:
        """Whether the module has the outputs of the untouched one."""
        if not self.changed():
            return True
        try:
            return is_close(expected, self.run(self.module, self.x))
        except Exception:  # an equivalent only takes the arguments of torchvision's own model
            return False

    def changed(self) -> bool:
        """Whether the module was changed."""
        return any(not part.inplace for part in self.inplace) or any(
            getattr(parent, name) is not one for parent, name, one in self.places
        )

    def watch(self, expected: Tensor) -> set[Tap]:
        """Run the module with a graph and recorded attention; returns the taps without a map, and notes the reason."""
        names = {tap: name for name, tap in taps(self.module).items()}
        calls: dict[nn.Module, list[int]] = {}
        handles = [
            tap.register_forward_hook(lambda tap, _, weights: calls.setdefault(tap, []).append(len(weights)))
            for tap in names
        ]
        try:
            if not self.can_be_watched(expected):
                if not self.steady(self.untouched, expected):
                    raise InvalidInput(RANDOM)
                calls.clear()
                self.settings = replace(self.settings, graphless=True)
                self.notes.append(GRAPHLESS)
                if not self.can_be_watched(expected):
                    raise InvalidInput(
                        "The model's output changes when its layers are observed. Give a model that "
                        "computes the same result in every forward pass."
                    )
        finally:
            for handle in handles:
                handle.remove()
        usual = [1, 1] if self.settings.alone else [2]
        idle = {tap for tap in names if tap not in calls}
        self.restore(self.blocks[names[tap]] for tap in idle if names[tap] in self.blocks)
        odd = {tap for tap in names if calls.get(tap, usual) != usual and not tap.kind.growing}
        if odd:
            self.notes.append(no_attention([names[tap] for tap in names if tap in odd], TWICE))
        return idle | odd

    def left_unread(self, silent: set[Tap]) -> set[Tap]:
        """The taps that no output depends on; notes the reason."""
        names = {tap: name for name, tap in taps(self.module).items() if tap not in silent}
        found = unread(self.module, self.forward, self.x[:1], names)
        if found:
            self.notes.append(no_attention([names[tap] for tap in names if tap in found], UNREAD))
        return found

    def can_be_watched(self, expected: Tensor) -> bool:
        """Whether the outputs are equal with a graph, gradients to the pictures, and recorded taps."""
        try:
            with torch.enable_grad(), listen():
                y = self.run(self.module, self.x.detach().requires_grad_())
            return is_close(expected, y.detach())
        except Exception:  # such as converting a tensor with a graph to an array
            return False
