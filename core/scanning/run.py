"""A run: the folder that a scan writes, ``run.json`` and parts, which can be read at any time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.data.pictures import open_picture
from core.evaluation.bank import ATTENTION, Bank
from core.files import native, open_regular
from core.images import frame
from core.kinds import Kind
from core.scanning.facts import is_sound
from core.scanning.inference import ANSWER
from core.scanning.parts import SCHEMA, Broken, Part, covered, damaged, list_parts, read_broken, read_shapes
from core.types import AttentionMap, Attribution, InvalidInput, Picture, frozen

if TYPE_CHECKING:
    import pandas as pd

RUN_FILE = "run.json"
LARGEST = 64 << 20  # bytes of run.json, which lists all labels
CAM = "grad-cam"
BANK = 200
"""Pictures of a run whose maps give the range of unrelated pictures."""
COLUMNS = tuple(name for name in SCHEMA.names if name not in ("bytes", "changed")
                and not pa.types.is_list(SCHEMA.field(name).type))  # fmt: skip
"""The columns of the table: one value for each picture."""

ARRAYS = tuple(name for name in SCHEMA.names if pa.types.is_list(SCHEMA.field(name).type))
"""The arrays for each picture: maps, features, the most likely classes and their probabilities."""


ANSWERED = pc.field("confidence").is_valid()


@dataclass(frozen=True, eq=False)
class Run:
    """A scan in its ``folder``, finished or not; ``facts`` is the content of ``run.json``.

    Each access reads the parts that exist at that moment, in the order of the collection, each picture once. During a
    scan there may be more each time: use a ``snapshot`` to read several arrays that belong together.
    """

    folder: Path
    facts: dict[str, Any]
    snapshot_parts: tuple[Part, ...] | None = None

    @property
    def classes(self) -> tuple[str, ...]:
        """The model's class names, in the order of its indices."""
        return tuple(self.facts["classes"])

    @property
    def parts(self) -> Sequence[Part]:
        """The existing parts, or ``snapshot_parts``."""
        try:
            return list_parts(self.folder) if self.snapshot_parts is None else self.snapshot_parts
        except OSError as error:
            raise InvalidInput("The run {folder} is missing. Restore the folder.", folder=self.folder) from error

    def snapshot(self) -> Run:
        """The run as it is now, without later parts: its table and its arrays match, row by row."""
        return replace(self, snapshot_parts=tuple(self.parts))

    @property
    def scanned(self) -> int:
        """The number of finished pictures, including broken ones."""
        return int(covered(self.parts, self.facts["pictures"]).sum())

    @property
    def finished(self) -> bool:
        """Whether every picture is done."""
        return self.scanned == self.facts["pictures"]

    def table(self) -> pd.DataFrame:
        """A row for each picture with a prediction: ``COLUMNS``.

        ``number`` is the picture's index in the collection, ``path`` is relative to it, ``label`` is its label in the
        data, and ``true`` the model's class for that, missing if there is none; then ``correct`` and ``loss`` are
        missing, too. ``agreement`` is missing if the model has no attention map over the picture, if one of the two
        maps is constant, or if it was not requested.

        Raises:
            InvalidInput: the folder is gone, or a part is damaged.
        """
        import pandas as pd

        return self._read(COLUMNS).to_pandas(types_mapper={pa.bool_(): pd.BooleanDtype()}.get)

    def array(self, name: str) -> np.ndarray:
        """One of ``ARRAYS``, in the order of the table: float32, or int32 for the class indices ``top`` (n, 5).

        ``attention`` and ``cam`` (n, h, w), at most 16 × 16: the weights of the map, and Grad-CAM divided by its peak.
        ``features`` (n, c): the means of the last stage's features, scaled to length one. ``probabilities`` (n, 5) go
        with ``top``; ``answers`` (n, k) are those of all classes, for a model with at most a hundred.

        Raises:
            InvalidInput: the scan did not store it, or as ``table``.
        """
        if name not in ARRAYS:
            raise InvalidInput("A run has no array '{name}'. Choose one of: {names}.", name=name, names=list(ARRAYS))
        if not self.keeps(name):
            raise InvalidInput(
                "The run {folder} stores no {name}: the model has none, or it was not requested. "
                "If it has, scan again with it.",
                folder=self.folder,
                name=name,
            )
        values = self._read((name,))[name].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        kind = np.int32 if np.issubdtype(values.dtype, np.integer) else np.float32
        return frozen(values.astype(kind).reshape(-1, *self._shapes()[name]))

    def keeps(self, name: str) -> bool:
        """Whether the scan stored that array."""
        return name in self._shapes()

    def broken(self) -> pd.DataFrame:
        """The pictures that could not be read: ``number``, ``path`` and ``reason``."""
        import pandas as pd

        rows = [(one.number, one.path, one.reason) for one in self._left_out(seen=False)]
        return pd.DataFrame(rows, columns=["number", "path", "reason"])

    def unanswered(self) -> pd.DataFrame:
        """The pictures without a finite output, which are counted nowhere: number, path, label and reason."""
        import pandas as pd

        rows = [(one.number, one.path, one.label, one.reason) for one in self._left_out(seen=True)]
        # Older runs stored them as rows.
        older = self._read(("number", "path", "label"), where=~ANSWERED).to_pylist()
        rows += [(one["number"], one["path"], one["label"], ANSWER) for one in older]
        return pd.DataFrame(sorted(rows, key=lambda row: row[0]), columns=["number", "path", "label", "reason"])

    def unmatched(self) -> dict[str, int]:
        """The labels of the data that match no class of the model, with their number of pictures so far."""
        counts = dict.fromkeys(self.facts["unmatched"], 0)
        if counts:
            labels = self._read(("label",))["label"].to_pandas().value_counts()
            counts |= {name: int(labels.get(name, 0)) for name in counts}
        return counts

    def named(self, attended: np.ndarray, cam: np.ndarray) -> tuple[AttentionMap, Attribution]:
        """One picture's maps (h, w) of the two arrays, with their sources, so that a bank can find them."""
        model, stage = self.facts.get("checksum", ""), (("stage", self.facts.get("stage") or ""),)
        seen = AttentionMap(self.facts.get("tap") or "", Kind.SPATIAL, attended, attended.shape, model=model)
        return seen, Attribution(cam, cam.shape, None, CAM, model=model, parameters=stage)

    def bank(self, count: int = BANK) -> Bank | None:
        """The maps of ``count`` pictures, drawn from the run, as a bank for its model; None if a map is not stored."""
        if not (self.keeps("attention") and self.keeps("cam")):
            return None
        hashes = self.table()["sha256"].to_numpy()
        places = np.sort(np.unique(hashes, return_index=True)[1])  # each picture once
        places = np.random.default_rng(0).permutation(places)[:count]
        known = Bank(self.facts.get("checksum", ""), tuple(one[:16] for one in hashes[places]))
        known = known.having(f"{ATTENTION}/{self.facts.get('tap')}", np.abs(self.array("attention")[places]))
        return known.having(CAM, self.array("cam")[places], {"stage": self.facts.get("stage")})

    def picture(self, number: int) -> Picture:
        """The picture of that number, as it was scanned.

        Raises:
            InvalidInput: it was not scanned, no longer exists, or has changed.
        """
        own = [part for part in self.parts if part.first <= number < part.stop]
        found = self._read(("path", "sha256"), own, ANSWERED & (pc.field("number") == number)).to_pylist()
        if not found:
            raise InvalidInput(
                "The run {folder} has no prediction for picture {number}. Choose a picture in its table.",
                folder=self.folder,
                number=number,
            )
        return self.open(found[0]["path"], found[0]["sha256"])

    def open(self, path: str, sha256: str) -> Picture:
        """The picture of a row of the table, by its ``path`` and ``sha256``, as it was scanned; raises as ``picture``.

        It does not read the run, so it is faster than ``picture``, and may be called from several threads.
        """
        picture = open_picture(self.facts["data"], path)
        if picture.sha256 != sha256:
            raise InvalidInput("{path} has changed since it was scanned. Scan it again.", path=path)
        return frame(picture, self.facts.get("size", 0), self.facts.get("resize"))

    def _left_out(self, seen: bool) -> list[Broken]:
        found = {one.number: one for part in self.parts for one in read_broken(part) if one.seen == seen}
        return [one for _, one in sorted(found.items())]

    def _shapes(self) -> dict[str, list[int]]:
        # Of the first part with a prediction: a scan stores the same arrays for all its pictures.
        return next(filter(None, map(read_shapes, self.parts)), {})

    def _read(
        self, columns: Sequence[str], parts: Sequence[Part] | None = None, where: pc.Expression = ANSWERED
    ) -> pa.Table:
        from pyarrow import dataset

        paths = [native(part.path) for part in (self.parts if parts is None else parts)]
        wanted = list(dict.fromkeys(["number", *columns]))
        if not paths:
            table = SCHEMA.empty_table().select(wanted)
        else:
            try:
                table = dataset.dataset(paths, SCHEMA, format="parquet").to_table(wanted, filter=where)
            except (OSError, pa.ArrowException) as error:
                raise damaged(self.folder) from error
        _, order = np.unique(table["number"].to_numpy(), return_index=True)  # sorted, each once
        return table.take(order).select(list(columns))


def open_run(folder: str | Path) -> Run:
    """The run in a folder.

    Raises:
        InvalidInput: there is none, or its ``run.json`` cannot be read.
    """
    if not isinstance(folder, str | Path):
        raise InvalidInput("Open a run by its folder, not by {folder}.", folder=folder)
    path = Path(folder) / RUN_FILE
    if not path.is_file():
        raise InvalidInput("There is no run in {folder}. Scan into that folder first.", folder=folder)
    try:
        with open_regular(path) as file:
            facts = json.loads(file.read(LARGEST + 1))
        if not is_sound(facts):
            raise ValueError("facts are missing or wrong")
    except InvalidInput:
        raise
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise damaged(path) from error
    return Run(Path(folder).absolute(), facts)


def list_runs(folder: str | Path) -> tuple[Run, ...]:
    """The runs in the subfolders of a folder, the newest first; those that cannot be read are skipped."""
    found = []
    for path in Path(folder).glob(f"*/{RUN_FILE}"):
        try:
            found.append(open_run(path.parent))
        except InvalidInput:
            continue
    return tuple(sorted(found, key=lambda run: run.facts.get("started", ""), reverse=True))
