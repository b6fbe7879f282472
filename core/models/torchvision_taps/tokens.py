"""The tokens of torchvision's transformer blocks where they are used in another model."""

from __future__ import annotations

from torch import Tensor, nn

from core.models.importing import loaded
from core.models.seam.tokens import Layout, find_layout, name_tokens, run


def lay_tokens(module: nn.Module, x: Tensor) -> tuple[str, ...]:
    """Set the kinds of the tokens in a model's taps, in place; returns the blocks where they cannot be found.

    ``x`` (1, 3, size, size) is any picture that the model takes.
    """
    if not loaded("torchvision.models"):
        return ()
    from core.models.torchvision_taps.vision_transformer import TokenBlock

    blocks = {name: child for name, child in module.named_modules() if isinstance(child, TokenBlock)}
    if not blocks:
        return ()
    wanted = run(module, x, blocks)
    layouts: dict[int, Layout | None] = {}
    for count in {len(one) for one in wanted.values()}:
        alike = {name: blocks[name] for name, one in wanted.items() if len(one) == count}
        layouts[count] = find_layout(module, x, alike, count)
    for name, one in wanted.items():
        if (layout := layouts[len(one)]) is not None:
            names = name_tokens(list(wanted.values())[-1], layout)
            blocks[name].tap.prefix, blocks[name].tap.suffix = names[: layout[0]], names[layout[0] :]
    return tuple(name for name, one in wanted.items() if layouts[len(one)] is None)
