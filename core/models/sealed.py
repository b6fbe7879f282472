"""Modules whose layers cannot be seen or hooked: scripted, traced and exported ones."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.fx import GraphModule


class Sealed(nn.Module):
    """A scripted module as one layer, with its weights: torch allows no hooks in it."""

    script: torch.jit.ScriptModule

    def __init__(self, script: torch.jit.ScriptModule):
        super().__init__()
        vars(self)["script"] = script.eval()  # not a child module, so that the list of modules ends here
        self._register()

    def forward(self, *given: Tensor) -> Any:
        """The output of the sealed module."""
        return self.script(*given)

    def _apply(self, *given: Any, **named: Any) -> Sealed:
        self.script._apply(*given, **named)
        self._register()
        return self

    def _register(self) -> None:
        """Register the weights of the script as own weights, in the same memory."""
        for name, weight in self.script.named_parameters():
            own = nn.Parameter(weight.detach(), weight.requires_grad)
            self.register_parameter(name.replace(".", "_"), own)

    def __deepcopy__(self, memo: dict[int, Any]) -> Sealed:
        memo[id(self)] = copy = Sealed(self.script.__deepcopy__(memo))
        return copy


def seal(module: nn.Module) -> nn.Module:
    """The module with every scripted part as one layer, in place; a new one where it is scripted itself."""
    if isinstance(module, torch.jit.ScriptModule):
        return Sealed(module)
    for name, child in list(module._modules.items()):
        if child is not None and (sealed := seal(child)) is not child:
            setattr(module, name, sealed)
    return module


def is_sealed(part: nn.Module) -> bool:
    """Whether a module has layers, but does not run them as modules."""
    if not isinstance(part, GraphModule):
        return isinstance(part, Sealed)
    calls = {node.target for node in part.graph.nodes if node.op == "call_module"}
    return any(node.op == "get_attr" for node in part.graph.nodes) and calls <= {"_guards_fn"}
