"""Check weights: the checksum on their card, and finite numbers."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import torch
from torch import Tensor, nn

from core.types import InvalidInput, ModelCard

SHA256 = re.compile(r"[0-9a-f]{64}")


def check_bytes(card: ModelCard, data: bytes | Path, place: str) -> None:
    """Refuse a file of weights whose sha256 is not the ``checksum`` on the card, if it has one.

    Raises:
        InvalidInput: they differ. The measurements on the card are those of other weights.
    """
    expected = card.facts.get("checksum")
    if not isinstance(expected, str) or not SHA256.fullmatch(expected):
        return
    if checksum(data) != expected:
        raise InvalidInput(
            "The weights of {model} in {place} do not match the checksum in their card. Copy the file again, or "
            "remove the checksum from the card if you changed the weights.",
            model=card.slug,
            place=place,
        )


def checksum(data: bytes | Path) -> str:
    """The sha256 of bytes, or of a file, which is read in chunks."""
    if isinstance(data, bytes):
        return hashlib.sha256(data).hexdigest()
    with data.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_numbers(module: nn.Module, name: str) -> None:
    """Refuse weights that are not finite.

    A buffer may hold infinity, as masks do; a parameter may not.

    Raises:
        InvalidInput: the first tensor with a NaN, or the first parameter with an infinity.
    """
    parameters = dict(module.named_parameters())
    for key, tensor in module.state_dict().items():
        if not tensor.is_floating_point():
            continue
        bad = tensor.isnan() if key not in parameters else ~torch.isfinite(tensor)
        if bool(bad.any()):
            raise InvalidInput(
                "The weights of {name} are damaged: {count:,} of the {total:,} values of {key} are not finite. "
                "Copy the file again, or use a checkpoint from before the training failed.",
                name=name,
                count=int(bad.sum()),
                total=tensor.numel(),
                key=key,
            )


def checksum_of(module: nn.Module) -> str:
    """The sha256 of a module's weights with their names, whatever file they came from."""
    digest = hashlib.sha256()
    for name, value in module.state_dict().items():
        digest.update(name.encode())
        if not isinstance(value, Tensor) or value.is_quantized:  # as in quantized modules
            digest.update(repr(value).encode())
        else:
            digest.update(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()
