"""A view as one JSON file: the picture, the question, the numbers, and the versions and settings behind them."""

from __future__ import annotations

import base64
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from core import checking
from core.attribution import batch_sizes, method
from core.classifier import Classifier, takes_classifier
from core.evaluation.bank import find_bank
from core.files import put, reason, to_json
from core.replay.measuring import NOTHING, SEED, Checked, Number, Question, measure_view
from core.reporting import to_png
from core.types import Attribution, InvalidInput, Picture, Progress
from core.version import code_version

FORMAT, VERSION = "fovea-view", 1
LIBRARIES = ("torch", "torchvision", "captum", "timm", "numpy", "pillow", "transformers", "open-clip-torch")
"""The packages that a number may depend on."""
FILE = "file:"
"""The prefix of the slug of a model in a local file."""
MOST_LIKELY = 5
"""The classes that ``prediction`` names."""


@dataclass(frozen=True, eq=False)
class Record:
    """A recorded view: ``facts`` as in the file, and from these the ``picture``, the ``question`` and the ``numbers``.

    The picture's ``sha256`` is that of its pixels' PNG, unless it was just recorded.
    """

    facts: Mapping[str, Any]
    picture: Picture
    question: Question
    numbers: Mapping[str, Number]

    def to_json(self) -> str:
        """The file's text."""
        return to_json(self.facts, indent=1)


@takes_classifier
def record(
    classifier: Classifier,
    picture: Picture,
    question: Question,
    *,
    sample: str = "",
    code: str = "",
    found: Attribution | None = None,
    checks: Mapping[str, Checked] = NOTHING,
    view: Mapping[str, Any] = NOTHING,
    progress: Progress | None = None,
) -> Record:
    """Compute the numbers of a view and record them with everything that is needed to compute them again.

    ``sample`` is the slug of a sample picture, and ``code`` is Python code that computes the maps. ``view`` is further
    data that a viewer needs to show the view again. For ``found``, ``checks`` and ``progress`` see ``measure``. The
    parameters are recorded in full, with the defaults.

    Raises:
        InvalidInput: the model has no such class, method, parameter, tap, head or query.
        Stopped: ``progress`` raised it.
    """
    checking.picture(picture, "record")
    settled = method(question.method).settle(classifier, dict(question.parameters))
    question = Question(**{**asdict(question), "parameters": tuple(sorted(settled.items()))})
    numbers = measure_view(classifier, picture, question, found=found, checks=checks, progress=progress)
    facts = {
        "format": FORMAT,
        "version": VERSION,
        "recorded": datetime.now(UTC).isoformat(timespec="seconds"),
        "model": describe_model(classifier),
        "picture": _describe_picture(picture, sample),
        "question": asdict(question) | {"parameters": settled},
        "prediction": _prediction(classifier, numbers),
        "checks": [*checks],
        "numbers": {name: encode(one) for name, one in numbers.items()},
        "machine": describe_machine(classifier.device),
        "batches": batch_sizes(classifier),
        "bank": describe_bank(classifier),
        "shuffle_seed": SEED,
        "code": code,
        "view": dict(view),
    }
    return Record(facts, picture, question, numbers)


def save_record(view: Record, path: str | Path) -> None:
    """Write a record to a JSON file.

    Raises:
        InvalidInput: the file cannot be written.
    """
    try:
        put(Path(path), view.to_json().encode())
    except OSError as error:
        raise InvalidInput(
            "{path} cannot be written: {reason}. Choose another path.", path=path, reason=reason(error)
        ) from error


def describe_model(classifier: Classifier) -> dict[str, Any]:
    """The model by name and checksum, with its classes and its preprocessing."""
    card = classifier.card
    stated = {
        name: getattr(card, name) for name in ("slug", "title", "architecture", "size", "resize", "interpolation")
    }
    stated["slug"] = public_slug(card.slug)
    lists = {"mean": list(card.mean), "std": list(card.std), "classes": list(card.classes)}
    weights = {"checksum": classifier.checksum, "weights": classifier.weights_checksum}
    return {**stated, "output": card.output, **lists, **weights}


def public_slug(slug: str) -> str:
    """Return the slug of a model; for a local file only its name, because a record may be shared."""
    return f"{FILE}{os.path.basename(slug)}" if slug.startswith(FILE) else slug


def describe_bank(classifier: Classifier) -> str | None:
    """A checksum of the maps of other pictures that the ranges come from; None without a bank."""
    bank = find_bank(classifier.checksum)
    if bank is None:
        return None
    digest = sha256("".join(bank.pictures).encode())
    for name in sorted(bank.maps):
        digest.update(name.encode() + bank.maps[name].tobytes())
    return digest.hexdigest()[:16]


def describe_machine(device: torch.device) -> dict[str, Any]:
    """The device, the threads and the versions that the numbers were computed with."""
    return {
        "system": f"{platform.system()} {platform.machine()} {torch.backends.cpu.get_cpu_capability()}",
        "device": str(device),
        "threads": torch.get_num_threads(),
        "libraries": {"python": platform.python_version(), **dict(_versions())},
    }


def _versions() -> list[tuple[str, str]]:
    """Name and version of Fovea, and of each of ``LIBRARIES`` that is installed."""
    found = [("fovea", code_version())]
    for name in LIBRARIES:
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            continue
    return found


def _describe_picture(picture: Picture, sample: str) -> dict[str, Any]:
    """The picture without loss, and the model's square of it."""
    named = {"name": os.path.basename(picture.name), "sample": sample, "sha256": picture.sha256}
    square = {"box": [float(edge) for edge in picture.box], "centered": picture.centered}
    return {**named, **square, "png": base64.b64encode(to_png(picture.pixels)).decode()}


def _prediction(classifier: Classifier, numbers: Mapping[str, Number]) -> list[dict[str, Any]]:
    """Return the most likely classes, for human readers."""
    probabilities = np.asarray(numbers["probabilities"])
    best = np.argsort(-probabilities, kind="stable")[:MOST_LIKELY]
    return [{"class": classifier.card.classes[i], "probability": float(probabilities[i])} for i in best]


def encode(value: Number) -> Any:
    """A number as it is; an array as its shape and the base64 of its float32, little-endian, so that no bit is lost."""
    if not isinstance(value, np.ndarray):
        return None if value is None else float(value)
    return {"shape": list(value.shape), "float32": base64.b64encode(value.astype("<f4").tobytes()).decode()}
