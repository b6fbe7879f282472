"""Start or resume a scan: determine the facts of the run, and find the batches that no part covers yet."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch

from core.checking import listed
from core.classifier import Classifier
from core.data.collection import Collection
from core.data.matching import match_classes
from core.files import native, reason, sweep, to_json
from core.messages import Message
from core.scanning.inference import batch_size, last_map
from core.scanning.parts import Part, covered, list_parts, read_broken, write_file
from core.scanning.run import RUN_FILE, Run, open_run
from core.types import LOGITS, InvalidInput

AGREEMENT = "rank-correlation"
SAME_MODEL = {
    "model": Message("another model"),
    "weights": Message("other weights"),
    "identity": Message("other pictures"),
    "labels": Message("another mapping of labels to classes"),
    "agreement": Message("another setting for agreement"),
}
"""The facts that a resumed scan must share with its start, with their names in messages."""


def start(
    classifier: Classifier,
    collection: Collection,
    out: Path,
    mapping: Mapping[str, str | None] | None = None,
    agreement: bool = True,
) -> tuple[Run, np.ndarray]:
    """The run in ``out``, new or existing, and the indices of the missing batches.

    Parts with changed pictures are removed.

    Raises:
        InvalidInput: ``out`` holds another scan or cannot be written, or the mapping names a label that is not in the
            data, or no class of the model.
    """
    facts = run_facts(classifier, collection, mapping, agreement)
    native(out.absolute())
    try:
        out.mkdir(parents=True, exist_ok=True)
        if (out / RUN_FILE).is_file():
            run = open_run(out)
            for key, what in SAME_MODEL.items():
                if run.facts.get(key) != facts[key]:
                    if key == "model":
                        what = Message("the model {model}", model=run.facts["model"])
                    raise InvalidInput(
                        "{out} already holds a scan with {what}. Choose another folder.", out=out, what=what
                    )
        else:
            if list_parts(out):
                raise InvalidInput(
                    "{out} holds parts of a scan without its {facts}. Choose another folder.", out=out, facts=RUN_FILE
                )
            write_file(out / RUN_FILE, (to_json(facts, indent=1) + "\n").encode())
            run = Run(out.absolute(), facts)
        sweep(out)
        for part in list_parts(out):
            if is_stale(part, collection):
                part.path.unlink()
        there = covered(list_parts(out), len(collection))
    except OSError as error:
        raise InvalidInput(
            "{out} cannot be written: {reason}. Choose another folder.", out=out, reason=reason(error)
        ) from error
    size = run.facts["batch"]
    return run, np.unique(np.flatnonzero(~there) // size)


def run_facts(
    classifier: Classifier, collection: Collection, mapping: Mapping[str, str | None] | None, agreement: bool
) -> dict[str, Any]:
    """The content of ``run.json`` for a new scan."""
    card, matched = (
        classifier.card,
        match_classes(collection.names, classifier.card.classes, mapping, classifier.aliases),
    )
    if stray := [label for label in mapping or () if label not in matched]:
        raise InvalidInput(
            "The data set has no label '{name}' to map to a class. It has: {labels}.",
            name=stray[0],
            labels=listed(collection.names) or [Message("none")],
        )
    return {
        "model": card.slug,
        "weights": fingerprint(classifier),
        "checksum": classifier.checksum,
        "classes": list(card.classes),
        "output": card.output,
        "independent": classifier.independent,
        "data": collection.origin,
        "taken": asdict(collection.taken),
        "identity": collection.identity,
        "pictures": len(collection),
        "labels": matched,
        "unmatched": [label for label, index in matched.items() if index is None],
        "agreement": AGREEMENT if agreement else None,
        "tap": last_map(classifier),
        "stage": next(reversed(classifier.stages), None),
        "size": card.size,
        "resize": card.resize,
        "interpolation": card.interpolation,
        "batch": batch_size(classifier),
        "device": classifier.device.type,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def fingerprint(classifier: Classifier) -> str:
    """A hash of the model's weights and of its preparation of pictures."""
    digest, card = hashlib.sha256(repr((classifier.card.mean, classifier.card.std)).encode()), classifier.card
    digest.update(f"{card.size} {card.classes}".encode())
    if card.output != LOGITS:
        digest.update(card.output.encode())
    if card.resize is not None or card.interpolation != "bilinear":
        digest.update(f"{card.resize} {card.interpolation}".encode())
    for name, tensor in classifier.module.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
    return digest.hexdigest()


def is_stale(part: Part, collection: Collection) -> bool:
    """Whether a part is damaged, or one of its pictures has changed since the scan."""
    try:
        rows = pq.read_table(native(part.path), columns=["number", "bytes", "changed"]).to_pydict()
        known = {one.number: one.stamp for one in read_broken(part)}
    except (InvalidInput, OSError, pa.ArrowException):
        return True
    known |= dict(zip(rows["number"], zip(rows["bytes"], rows["changed"], strict=True), strict=True))
    now = collection.stamps[part.first : part.stop].tolist()
    return any(known.get(part.first + place) != tuple(stamp) for place, stamp in enumerate(now))
