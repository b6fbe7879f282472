"""Rows that are collected until they are written as a part."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.scanning.inference import Inferences
from core.scanning.parts import Broken, encode, write_part


class Rows:
    """Rows of the pictures from number ``first`` on, up to ``stop``; ``classes`` are the model's class names."""

    def __init__(self, first: int, classes: Sequence[str]):
        self.first = first
        self.classes = np.array(classes, object)
        self.batches: list[tuple[int, dict[str, Any], Sequence[Broken]]] = []

    @property
    def stop(self) -> int:
        """The number of the next picture."""
        return self.batches[-1][0] if self.batches else self.first

    def __len__(self) -> int:
        """The number of collected pictures, including broken ones."""
        return self.stop - self.first

    def add(self, stop: int, columns: dict[str, Any], broken: Sequence[Broken]) -> None:
        """Add the pictures up to ``stop``: the columns of those with a prediction, and the broken ones."""
        self.batches.append((stop, columns, broken))  # in one step: a scan may be stopped at any moment

    def columns(
        self,
        numbers: Sequence[int],
        paths: Sequence[str],
        labels: Sequence[str | None],
        truth: np.ndarray,
        hashes: Sequence[str],
        stamps: np.ndarray,
        results: Inferences,
    ) -> dict[str, Any]:
        """The results of some pictures as columns of a part; ``truth`` are class indices, -1 for none."""
        known, predicted = truth >= 0, results.top[:, 0]
        found = {
            "number": numbers,
            "path": paths,
            "label": labels,
            "true": np.where(known, self.classes[truth], None),
            "predicted": self.classes[predicted],
            "confidence": results.probabilities[:, 0],
            "correct": np.where(known, predicted == truth, None),
            "loss": results.losses,
            "sha256": hashes,
            "bytes": stamps[:, 0],
            "changed": stamps[:, 1],
            "agreement": results.agreement,
            "top": results.top,
            "probabilities": results.probabilities,
            "answers": results.answers,
            "attention": results.attention,
            "cam": results.cam,
            "features": results.features,
        }
        return {name: values for name, values in found.items() if values is not None}

    def write(self, folder: Path) -> None:
        """Write the collected rows as a part.

        Raises:
            InvalidInput: it cannot be written.
        """
        answered = [columns for _, columns, _ in self.batches if columns]
        names = answered[0] if answered else ()
        whole = {name: np.concatenate([np.asarray(one[name]) for one in answered]) for name in names}
        broken = [one for _, _, some in self.batches for one in some]
        write_part(folder, self.first, self.stop, encode({"number": [], **whole}, broken))
