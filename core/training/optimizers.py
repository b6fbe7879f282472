"""Two optimizers with one learning rate: Muon for the hidden matrices, AdamW for everything else.

Muon makes the momentum of a weight matrix orthogonal before it is applied, so that all its directions learn at one pace
(Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024; the scale that matches AdamW's step
is of Liu et al., "Muon is scalable for LLM training", 2025). Hidden are the convolutions,
each as the matrix (out, in · height · width), and the linear layers of a transformer's blocks.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from core.training.recipe import Recipe


def hidden(name: str, parameter: Tensor) -> bool:
    """Whether Muon is meant for a parameter: a convolution, or a linear layer of a transformer's block."""
    return parameter.ndim == 4 or (parameter.ndim == 2 and name.startswith("block"))


def as_matrix(weight: Tensor) -> Tensor:
    """A convolution (out, in, height, width) as (out, height · width · in), on the same memory; a matrix as it is."""
    return weight.permute(0, 2, 3, 1).flatten(1) if weight.ndim == 4 else weight


class Optimizers:
    """Muon on the hidden matrices, AdamW on the rest, stepped together at one rate."""

    def __init__(self, model: nn.Module, recipe: Recipe):
        matrices = [p for name, p in model.named_parameters() if recipe.muon and hidden(name, p)]
        chosen = {id(p) for p in matrices}
        rest = [p for p in model.parameters() if id(p) not in chosen]
        # Muon takes matrices only: views (out, rest) on the same memory as the weights.
        self.pairs = [(p, as_matrix(p.detach())) for p in matrices]
        if any(view.data_ptr() != p.data_ptr() for p, view in self.pairs):
            raise RuntimeError("a convolution's weights are not channels_last: call model.to(memory_format=...) first")
        decayed, free = [p for p in rest if p.ndim > 1], [p for p in rest if p.ndim <= 1]
        groups = [{"params": decayed, "weight_decay": recipe.decay}, {"params": free, "weight_decay": 0.0}]
        self.parts: list[torch.optim.Optimizer] = [
            torch.optim.AdamW([g for g in groups if g["params"]], lr=recipe.rate)
        ]
        if matrices:
            views = [view for _, view in self.pairs]
            rule = "match_rms_adamw"
            self.parts.append(
                torch.optim.Muon(views, lr=recipe.rate, weight_decay=recipe.decay, adjust_lr_fn=rule, ns_steps=4)
            )

    def step(self, rate: float) -> None:
        """One step at that learning rate; the gradients are cleared."""
        for parameter, view in self.pairs:
            view.grad = None if parameter.grad is None else as_matrix(parameter.grad)
        for part in self.parts:
            for group in part.param_groups:
                group["lr"] = rate
            part.step()
            part.zero_grad(set_to_none=True)
        for parameter, _ in self.pairs:
            parameter.grad = None

    def state_dict(self) -> list[dict[str, Any]]:
        """The states of both, for a checkpoint."""
        return [part.state_dict() for part in self.parts]

    def load_state_dict(self, states: list[dict[str, Any]]) -> None:
        """Go on from a checkpoint."""
        for part, state in zip(self.parts, states, strict=True):
            part.load_state_dict(state)


def one_cycle(done: float, peak: float) -> float:
    """The rate at the fraction ``done`` of the run: up linearly in the first quarter, down by a cosine to zero.

    Smith and Topin, "Super-convergence", 2018.
    """
    if done < 0.25:
        return peak * (0.04 + 0.96 * done / 0.25)
    return cosine((done - 0.25) / 0.75, peak)


def cosine(done: float, peak: float) -> float:
    """The rate at the fraction ``done`` of the run: from the peak down by half a cosine to zero, without restarts.

    Loshchilov and Hutter, "SGDR", ICLR 2017, equation 5.
    """
    return peak * 0.5 * (1 + math.cos(math.pi * done))


def plateau(done: float, peak: float) -> float:
    """The rate at the fraction ``done`` of the run: up linearly for a twentieth, at the peak, down for the last third.

    Zhai et al., "Scaling vision transformers", CVPR 2022. A long time at the peak suits what is learned all at once.
    """
    return peak * min(0.04 + 0.96 * done / 0.05, 1.0, (1 - done) * 3)


SCHEDULES = {"one-cycle": one_cycle, "cosine": cosine, "plateau": plateau}
