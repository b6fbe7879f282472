"""The base of our equivalents of torchvision's modules: they take over parameters, buffers and children."""

from __future__ import annotations

from typing import ClassVar

from torch import nn


class Equivalent(nn.Module):
    """A module that replaces another one, with the same parameters, buffers and children by the same names.

    So the keys of the state dict stay, and weights of the other module load. Equivalents are for inference, not for
    training: they leave out dropout.
    """

    skipped: ClassVar[dict[str, type[nn.Module] | tuple[type[nn.Module], ...]]] = {}
    """The children that it runs in another way, with the types that each may have."""

    @classmethod
    def obstacle(cls, theirs: nn.Module) -> str | None:
        """A setting of a module that the equivalent does not support; None if there is none."""
        return None

    def __init__(self, theirs: nn.Module):
        super().__init__()
        for name, parameter in theirs.named_parameters(recurse=False):
            self.register_parameter(name, parameter)
        for name, buffer in theirs.named_buffers(recurse=False):
            self.register_buffer(name, buffer, persistent=name not in theirs._non_persistent_buffers_set)
        for name, child in theirs.named_children():
            self.add_module(name, child)
