"""Weights: read from a file without running anything that is in it, and loaded into the module that they fit."""

from __future__ import annotations

import io
import pickle
import warnings
import zipfile
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, load_file
from torch import Tensor, nn

from core.types import InvalidInput

Weights = dict[str, Tensor]

WRAPPERS = ("state_dict", "model_state_dict", "model")
"""Keys under which training scripts put the state dict."""

PREFIXES = ("module.", "_orig_mod.", "model.")
"""What data-parallel training, ``torch.compile`` and Lightning put before every name."""

SHOWN = 3  # names of each kind in a refusal


def read_weights(source: Path | bytes, name: str) -> Weights:
    """The tensors in a safetensors file or a state dict, by name; ``name`` is what the file is called to people.

    The state dict may lie under one of ``WRAPPERS``, its names may carry ``PREFIXES``.

    Raises:
        InvalidInput: the file cannot be read, is a pickle with more in it than tensors, or holds no state dict.
    """
    try:
        start = source[:9] if isinstance(source, bytes) else _start(source)
        if start[8:] == b"{":  # eight bytes of length, then JSON
            return load(source) if isinstance(source, bytes) else load_file(source)
        return unwrap(_load(io.BytesIO(source) if isinstance(source, bytes) else source), name)
    except InvalidInput:
        raise
    except pickle.UnpicklingError as error:
        raise InvalidInput(
            f"{name} is refused, for it is a pickle with more in it than tensors, and to open one can run code; save "
            "module.state_dict() alone, best as safetensors."
        ) from error
    except (OSError, SafetensorError) as error:
        raise InvalidInput(f"{name} cannot be read ({_first_line(error)}); save or copy it again.") from error
    except Exception as error:  # torch.load raises whatever the bytes lead it to
        raise InvalidInput(
            f"{name} is damaged, or neither safetensors nor a state dict; save module.state_dict() again, best as "
            "safetensors."
        ) from error


def unwrap(found: object, name: str) -> Weights:
    """The state dict in what a file held; InvalidInput where there is none."""
    for wrapper in WRAPPERS:
        if isinstance(found, dict) and isinstance(found.get(wrapper), dict):
            found = found[wrapper]
    named = isinstance(found, dict) and all(isinstance(k, str) and isinstance(t, Tensor) for k, t in found.items())
    if not named or not found:
        raise InvalidInput(f"{name} holds no state dict, which names tensors; save module.state_dict().")
    for prefix in PREFIXES:
        if all(key.startswith(prefix) for key in found):
            found = {key.removeprefix(prefix): tensor for key, tensor in found.items()}
    return found


def fit(module: nn.Module, weights: Weights, name: str) -> nn.Module:
    """Load weights into the module; halves become the module's own precision.

    Raises:
        InvalidInput: they do not fit; it says which names are missing, unexpected, or of another shape.
    """
    try:
        module.load_state_dict(weights)  # knows the names that older versions of torchvision wrote
    except Exception as error:
        own = module.state_dict()
        shapes = {key: (list(weights[key].shape), list(own[key].shape)) for key in own if key in weights}
        wrong = [
            _few("missing", [key for key in own if key not in weights]),
            _few("unexpected", [key for key in weights if key not in own]),
            _few("of the wrong shape", [f"{key} {a} for {b}" for key, (a, b) in shapes.items() if a != b]),
        ]
        told = "; ".join(one for one in wrong if one) or _first_line(error)
        raise InvalidInput(f"The weights of {name} do not fit its architecture: {told}.") from error
    return module


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(9)


def _load(source: Path | io.BytesIO) -> object:
    """What a file of ``torch.save`` holds; a zip that unpacks to more than its own size is not opened."""
    if zipfile.is_zipfile(source):
        with zipfile.ZipFile(source) as archive:
            if any(one.compress_type != zipfile.ZIP_STORED for one in archive.infolist()):
                raise zipfile.BadZipFile("torch.save does not compress")
    if isinstance(source, io.BytesIO):
        source.seek(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what torch says about a pickle before it refuses it
        return torch.load(source, map_location="cpu", weights_only=True)


def _few(what: str, names: list[str]) -> str:
    rest = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{what} {', '.join(names[:SHOWN])}{rest}" if names else ""


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".") or type(error).__name__
