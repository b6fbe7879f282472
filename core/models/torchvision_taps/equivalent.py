"""What all our equivalents of torchvision's modules have in common: they carry what the other one carried."""

from __future__ import annotations

from typing import ClassVar

from torch import nn


class Equivalent(nn.Module):
    """A module that stands in another's place with the very same parameters, buffers and children, by the same names.

    So the keys of the state dict stay, and weights made for the other module load. Ours are for models that are used,
    not trained: they leave out dropout.
    """

    skipped: ClassVar[dict[str, type[nn.Module] | tuple[type[nn.Module], ...]]] = {}
    """The children that it does not run as the other module does, with the types that each may have."""

    @classmethod
    def obstacle(cls, theirs: nn.Module) -> str | None:
        """What in a module's settings an equivalent would not follow; None where there is nothing."""
        return None

    def __init__(self, theirs: nn.Module):
        super().__init__()
        for name, parameter in theirs.named_parameters(recurse=False):
            self.register_parameter(name, parameter)
        for name, buffer in theirs.named_buffers(recurse=False):
            self.register_buffer(name, buffer, persistent=name not in theirs._non_persistent_buffers_set)
        for name, child in theirs.named_children():
            self.add_module(name, child)
