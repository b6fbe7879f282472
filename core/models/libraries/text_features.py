"""The tokens of texts, and their features, kept once they are computed.

So the processes of a scan need no text tower and no tokenizer. The features lie in the user's cache folder, under a
digest of the weights and the texts. The tokenizers of some models are downloaded when they are first used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from core.files import first_line, home, put
from core.models.importing import library
from core.types import InvalidInput, ModelCard

KEY = "texts"


def folder() -> Path:
    """The folder of kept features."""
    return home() / KEY


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


def tokens(architecture: str, card: ModelCard, texts: Sequence[str]) -> Tensor:
    """The tokens of texts (k, n), by the model's own tokenizer.

    Raises:
        InvalidInput: it is not on this machine and cannot be downloaded, or it needs another library; or it reads two
            texts as the same one, or not to the end.
    """
    try:
        tokenize = library("open_clip").get_tokenizer(architecture)
        found, longer = tokenize(list(texts)), tokenize([f"{one} more" for one in texts])
    except ImportError as error:
        raise InvalidInput(
            "The tokenizer of {model} needs a library that is not installed: {reason}. Install it, or choose a model "
            "with the tokenizer of CLIP, such as ViT-B-32.",
            model=card.title,
            reason=first_line(error),
        ) from error
    except Exception as error:  # of the library that downloads it, which may be another one tomorrow
        raise InvalidInput(
            "The tokenizer of {model} is not on this machine and cannot be downloaded. Load the model once with a "
            "network, or choose one with the tokenizer of CLIP, such as ViT-B-32.",
            model=card.title,
        ) from error
    for number, one in enumerate(texts):
        if torch.equal(found[number], longer[number]):
            raise InvalidInput("The text '{text}…' is longer than the model reads. Shorten it.", text=one[:40])
        same = next((other for other in range(number) if torch.equal(found[number], found[other])), None)
        if same is not None:
            raise InvalidInput(
                "The model reads '{first}' and '{second}' as the same text. Remove one of them.",
                first=texts[same],
                second=one,
            )
    return found
