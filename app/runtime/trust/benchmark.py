"""The benchmark: the shipped rows, replaced by rows measured on this machine, and new measurements."""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

import torch

import core
from app.runtime import results
from app.runtime.jobs import wait_for
from app.runtime.public import is_closed
from app.runtime.trust import sources
from core import Classifier, InvalidInput
from core.attribution import pace
from core.data import home
from core.evaluation import CURVE_STEPS, BenchmarkRow, is_photographed, open_benchmark, shipped_benchmark
from core.files import reason
from core.types import Progress

FILE = "FOVEA_BENCHMARK"
LARGEST = 10_000_000
"""Bytes of that file on a server that others can reach; then nothing more is measured."""
ASIDE = torch.device("meta")
"""A device without computation: its worker runs one benchmark after another and leaves the real device to other
jobs."""


@dataclass(frozen=True)
class BenchmarkTable:
    """The ``rows``, and the files that are ``broken``."""

    rows: tuple[BenchmarkRow, ...]
    broken: tuple[Path, ...]


def own_file() -> Path:
    """The file of this machine's measurements: the one that FOVEA_BENCHMARK names, else one in the user's cache."""
    named = os.environ.get(FILE)
    return Path(named).expanduser() if named else home() / "benchmark.json"


def read_rows(checksums: Mapping[str, str]) -> BenchmarkTable:
    """The shipped rows, replaced by this machine's own rows of the same model and source.

    On a server that others can reach, anybody can measure, so the shipped rows stay. ``checksums`` are those of the
    weights by model; a row of other weights or of a missing model is ignored.
    """
    table: dict[tuple[str, str], tuple[BenchmarkRow, ...]] = {}
    broken = []
    for path in (shipped_benchmark(), own_file()):
        try:
            rows = [one for one in _open(path) if checksums.get(one.model) == one.checksum]
        except InvalidInput:
            broken.append(path)
            continue
        if is_closed():
            rows = [one for one in rows if (one.model, one.source) not in table]
        table |= dict.fromkeys(((one.model, one.source) for one in rows), ())
        for one in rows:
            table[one.model, one.source] += (one,)
    return BenchmarkTable(tuple(row for rows in table.values() for row in rows), tuple(broken))


def _open(path: Path) -> tuple[BenchmarkRow, ...]:
    """The rows of a file, read again after a change; InvalidInput if the file or a row is invalid."""

    def rows() -> tuple[BenchmarkRow, ...]:
        found = open_benchmark(path)
        if not all(map(_sound, found)):
            raise InvalidInput(
                "{path} is not a benchmark table. Name another file, or remove it and measure again.", path=path
            )
        return found

    if not path.is_file():
        return ()
    state = path.stat()
    return results.store().get(("benchmark", str(path), state.st_mtime_ns, state.st_size), rows)


def _sound(row: BenchmarkRow) -> bool:
    """Whether a row is valid, since anybody may have written the file."""
    texts = (row.model, row.source, row.measure, row.checksum)
    numbers = (row.mean, row.low, row.high, row.pictures, row.wanted, row.seed, row.chance or 0)
    sound = all(isinstance(one, int | float) and not isinstance(one, bool) and isfinite(one) for one in numbers)
    return sound and all(isinstance(one, str) for one in texts)


def missing_sources(
    rows: Sequence[BenchmarkRow], model: Classifier, wanted: Sequence[str], pictures: int, seed: int
) -> list[str]:
    """Return the sources that have not been measured on that many pictures of that seed.

    On a server that others can reach, those that are shipped, or measured on as many pictures of another seed, are not
    measured again: the rows that others see stay.
    """
    own = [row for row in rows if (row.model, row.checksum) == (model.card.slug, model.card.facts.get("checksum", ""))]
    if is_closed():
        shipped = {(row.model, row.source, row.checksum) for row in _open(shipped_benchmark())}
        there = {
            row.source for row in own if (row.model, row.source, row.checksum) in shipped or row.wanted >= pictures
        }
    else:
        there = {row.source for row in own if (row.wanted, row.seed) == (pictures, seed)}
    return [name for name in wanted if name not in there]


def seconds(model: Classifier, wanted: Sequence[str], pictures: int) -> float:
    """The estimated time to measure those sources; the first call for a model measures its speed.

    Each picture needs a map, one more of the re-initialized model, and the curves; a photograph needs one more map,
    among three others.
    """
    curves = (3 + 2 * (CURVE_STEPS - 1)) * pace(model).seconds
    maps = 3 if is_photographed(model.card.family) else 2
    return pictures * sum(maps * sources.seconds(model, name) + curves for name in wanted)


def measure_sources(
    model: Classifier,
    wanted: Sequence[str],
    pictures: int,
    seed: int,
    *,
    owner: Hashable = None,
    tick: Progress | None = None,
) -> None:
    """Measure those sources and store them in this machine's own file; finished ones are kept if it is stopped.

    Raises:
        InvalidInput: as ``core.benchmark``; the file's folder cannot be created, or the file of a server is full.
        Stopped: a newer request took its place.
    """
    path = own_file()
    if is_closed() and path.is_file() and path.stat().st_size > LARGEST:
        raise InvalidInput(
            "The measurements on this server use {megabytes} MB, which is the limit. The owner of the server can "
            "remove {name}.",
            megabytes=LARGEST // 1_000_000,
            name=path.name,
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(
            "{path} cannot be written: {reason}. Choose another path.", path=path, reason=reason(error)
        ) from error

    def job(progress: Progress) -> None:
        core.benchmark(model, path, sources=wanted, pictures=pictures, seed=seed, progress=progress)

    wait_for(ASIDE, job, owner, tick)


def remove_own_rows() -> None:
    """Remove this machine's own rows."""
    own_file().unlink(missing_ok=True)
