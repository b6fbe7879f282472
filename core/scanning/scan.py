"""Scan a collection: read every picture once in threads, run the model on batches, and write the rows in parts.

The batches of a collection are always the same, however often the scan was stopped, so a resumed scan gives the same
rows as an uninterrupted one. Under torchrun each process takes a share of the missing batches and writes its own parts.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import compress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from core.classifier import Classifier, takes_classifier
from core.data.collection import Changed, Collection
from core.data.pictures import PICTURES, SEED, open_collection
from core.distributed import gather
from core.scanning.inference import infer_in_parts
from core.scanning.parts import Broken, covered, list_parts
from core.scanning.rows import Rows
from core.scanning.start import start
from core.types import InvalidInput, Progress

if TYPE_CHECKING:
    import pandas as pd

A = TypeVar("A")
B = TypeVar("B")

MOST = 512  # pictures in a part
SOONEST = 2.0  # seconds until the first parts are written ...
SHARE = 0.05  # ... and later this share of the running time: many small parts are slow to read


@takes_classifier
def scan(
    classifier: Classifier,
    data: str | Path,
    out: str | Path | None = None,
    *,
    seed: int = SEED,
    pictures: int = PICTURES,
    split: str | None = None,
    columns: Mapping[str, str | None] | None = None,
    mapping: Mapping[str, str | None] | None = None,
    agreement: bool = True,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """A table of a model's predictions over a data set, as from ``open_run(out).table()``.

    ``data`` is a family of scenes or a task with ``seed`` and number of ``pictures``, ``imagenette``, a folder with or
    without a subfolder for each class, a zip, or a CSV of paths and labels; ``split`` and ``columns`` choose in these,
    see ``open_collection``, and the run states the choice. Labels are matched to the model's classes by name;
    ``mapping`` assigns classes to labels with other names. Without ``agreement`` there is no Grad-CAM, and the scan is
    a little faster. ``out`` is the folder of the run; an existing scan is continued, and changed pictures are scanned
    again. With None, only the table is kept. A picture that cannot be read, or for which the model's output is not
    finite, has no row: ``broken`` and ``unanswered`` of the run list them.

    ``progress(done, total)`` is called after each batch, including earlier batches and, under torchrun, those of
    others.

    Raises:
        InvalidInput: no such data, ``out`` holds another scan, the disk is full, the data change or vanish during the
            scan, or the model has no finite output for any picture. Finished parts are kept.
        Stopped: ``progress`` raised it. Finished parts are kept.
    """
    if out is None:
        with TemporaryDirectory() as folder:
            return scan(classifier, data, folder, seed=seed, pictures=pictures, split=split, columns=columns,
                        mapping=mapping, agreement=agreement, progress=progress)  # fmt: skip
    collection = open_collection(data, seed=seed, pictures=pictures, split=split, columns=columns)
    with gather("cpu") as processes:  # they only exchange a few words, so the CPU is enough
        run, missing = processes.share(lambda: start(classifier, collection, Path(out), mapping, agreement))
        if run.facts["identity"] != collection.identity:
            raise InvalidInput(
                "This process found different pictures in {data} than the first process. Give "
                "all processes the same data.",
                data=data,
            )
        labels = {name: -1 if index is None else index for name, index in run.facts["labels"].items()}
        work = Work(classifier, collection, run.folder, labels, run.facts["agreement"] is not None, processes.workers)
        work.run(np.array_split(missing, processes.world)[processes.rank], run.facts["batch"], progress)
        processes.wait()  # until all are done
        if progress and processes.world > 1:
            progress(len(collection), len(collection))
    table = run.table()
    if not len(table) and (count := len(run.unanswered())):
        raise InvalidInput(
            "The output of {model} is not finite for any of {count:,} pictures. Check its weights, and its size, "
            "mean and std.",
            model=classifier.card.slug,
            count=count,
        )
    return table


@dataclass(frozen=True, eq=False)
class Batch:
    """A batch of pictures: their ``numbers``, ``squares`` (b, size, size, 3), hashes, and the broken ones."""

    first: int
    stop: int
    numbers: list[int]
    squares: list[np.ndarray]
    hashes: list[str]
    broken: list[Broken]


@dataclass(frozen=True, eq=False)
class Work:
    """The work of one process, and its folder; ``labels`` maps each label to its class index, -1 for none."""

    classifier: Classifier
    collection: Collection
    folder: Path
    labels: Mapping[str, int]
    agreement: bool
    threads: int

    def run(self, batches: np.ndarray, size: int, progress: Progress | None) -> None:
        """Scan the batches of those indices, and write a part whenever there are enough rows, and at the end."""
        total, began = len(self.collection), time.monotonic()
        rows, written, before = None, began, self.done()
        if progress:
            progress(before, total)
        ranges = [(int(index) * size, min((int(index) + 1) * size, total)) for index in batches]
        try:
            with closing(ahead(self.read, ranges, self.threads)) as read:
                for batch in read:
                    if rows is not None and rows.stop != batch.first:
                        rows.write(self.folder)
                        rows = None
                    rows = rows or Rows(batch.first, self.classifier.card.classes)
                    self.answer(batch, rows)
                    now = time.monotonic()
                    if len(rows) >= MOST or now - written > max(SOONEST, SHARE * (now - began)):
                        rows.write(self.folder)
                        rows, written, before = None, now, self.done()
                    if progress:
                        progress(before + (len(rows) if rows else 0), total)
        except BaseException:
            if rows is not None:
                with suppress(InvalidInput):  # the error that stopped the scan is raised, often one of the disk
                    rows.write(self.folder)
            raise
        if rows is not None:
            rows.write(self.folder)

    def done(self) -> int:
        """The number of pictures in parts of all processes."""
        try:
            return int(covered(list_parts(self.folder), len(self.collection)).sum())
        except OSError as error:
            raise InvalidInput("The run {folder} is missing. Restore it and scan again.", folder=self.folder) from error

    def read(self, bounds: tuple[int, int]) -> Batch:
        """The pictures of a batch, in one of the reading threads."""
        batch = Batch(*bounds, [], [], [], [])
        for number in range(*bounds):
            try:
                picture = self.collection.read(number)
            except Changed:
                raise
            except InvalidInput as error:
                known = tuple(self.collection.stamps[number].tolist())
                batch.broken.append(Broken(number, self.collection.paths[number], str(error), known))
                continue
            batch.numbers.append(number)
            batch.squares.append(self.classifier.square(picture))
            batch.hashes.append(picture.sha256)
        return batch

    def answer(self, batch: Batch, rows: Rows) -> None:
        """Run the model on a batch, and add the rows."""
        names = [self.collection.labels[number] for number in batch.numbers]
        truth = np.array([-1 if name is None else self.labels.get(name, -1) for name in names], np.int64)
        columns: dict[str, Any] = {}
        if batch.numbers:
            squares = np.stack(batch.squares)
            found = infer_in_parts(self.classifier, squares, truth, self.agreement)
            fine = np.array([reason is None for reason in found.reasons])
            for number, name, reason in zip(batch.numbers, names, found.reasons, strict=True):
                if reason is not None:
                    known = tuple(self.collection.stamps[number].tolist())
                    batch.broken.append(Broken(number, self.collection.paths[number], reason, known, True, name))
            numbers, hashes = list(compress(batch.numbers, fine)), list(compress(batch.hashes, fine))
            if numbers:
                paths, stamps = [self.collection.paths[n] for n in numbers], self.collection.stamps[numbers]
                labels = list(compress(names, fine))
                columns = rows.columns(numbers, paths, labels, truth[fine], hashes, stamps, found.only(fine))
        rows.add(batch.stop, columns, batch.broken)


def ahead(make: Callable[[A], B], items: Sequence[A], threads: int) -> Generator[B, None, None]:
    """Yield ``make`` of each item, in order, computed in threads a little ahead of the consumer."""
    waiting: deque[Future[B]] = deque()
    with ThreadPoolExecutor(threads, "fovea-reading") as pool:
        try:
            for item in items:
                waiting.append(pool.submit(make, item))
                if len(waiting) > threads + 1:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
