"""The rows that are in hand until they are written as a part."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.scanning.look import Looks
from core.scanning.parts import Broken, encode, write_part


class Rows:
    """Rows of the pictures from number ``first`` on, up to ``stop``; ``classes`` are the model's class names."""

    def __init__(self, first: int, classes: Sequence[str]):
        self.first = self.stop = first
        self.classes = np.array(classes, object)
        self.columns: dict[str, list] = {}
        self.broken: list[Broken] = []

    def __len__(self) -> int:
        """How many pictures are in hand, the broken ones too."""
        return self.stop - self.first

    def add(
        self,
        numbers: Sequence[int],
        paths: Sequence[str],
        labels: Sequence[str | None],
        truth: np.ndarray,
        hashes: Sequence[str],
        stamps: np.ndarray,
        looks: Looks,
    ) -> None:
        """Add what was seen of some pictures; ``truth`` are class indices, -1 for none."""
        known, predicted = truth >= 0, looks.top[:, 0]
        found = {
            "number": numbers,
            "path": paths,
            "label": labels,
            "true": np.where(known, self.classes[truth], None),
            "predicted": self.classes[predicted],
            "confidence": looks.probabilities[:, 0],
            "correct": np.where(known, predicted == truth, None),
            "loss": looks.losses,
            "sha256": hashes,
            "bytes": stamps[:, 0],
            "changed": stamps[:, 1],
            "agreement": looks.agreement,
            "top": looks.top,
            "probabilities": looks.probabilities,
            "attention": looks.attention,
            "cam": looks.cam,
            "features": looks.features,
        }
        for name, values in found.items():
            if values is not None:
                self.columns.setdefault(name, []).append(values)

    def close(self, stop: int, broken: Sequence[Broken]) -> None:
        """Say that the pictures up to ``stop`` are done, and which of them are broken."""
        self.stop = stop
        self.broken += broken

    def write(self, folder: Path) -> None:
        """Write what is in hand as a part.

        Raises:
            InvalidInput: it cannot be written.
        """
        whole = {name: np.concatenate([np.asarray(one) for one in lists]) for name, lists in self.columns.items()}
        write_part(folder, self.first, self.stop, encode({"number": [], **whole}, self.broken))
