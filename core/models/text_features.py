"""The features of texts, kept once they are computed, so that a scan's processes need no text tower and no tokenizer.

They lie in the user's cache folder, under a digest of the weights and the texts. The tokenizers of some
models are downloaded when they are first used.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from core.files import put

KEY = "texts"


def folder() -> Path:
    """The folder of kept features."""
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "fovea" / KEY


def file_of(source: str, texts: Sequence[str]) -> Path:
    """The file of the features of these texts; ``source`` is the model's name with the checksum of its weights."""
    digest = sha256("\n".join((source, *texts)).encode()).hexdigest()
    return folder() / f"{digest[:32]}.safetensors"


def features(source: str, texts: Sequence[str], compute: Callable[[], Tensor]) -> Tensor:
    """The features (k, d) of texts, each of length one: kept ones, or those that ``compute`` gives, kept for later."""
    path = file_of(source, texts)
    found = read(path, len(texts))
    if found is None:
        found = compute()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            put(path, save({KEY: found.contiguous()}))
        except OSError:  # a read-only or full disk: they are computed again next time
            pass
    return found


def read(path: Path, count: int) -> Tensor | None:
    """The features in a file; None where there is none, or it is damaged."""
    try:
        found = load(path.read_bytes()).get(KEY)
    except (OSError, SafetensorError):
        return None
    fine = found is not None and found.ndim == 2 and len(found) == count and found.dtype == torch.float32
    return found if found is not None and fine and bool(found.isfinite().all()) else None
