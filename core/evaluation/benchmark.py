"""The benchmark: every source of maps by every measure on a model, over a set of pictures, in one file.

    mass, pointing                 how much of the map, and its peak, lies where the evidence is        high is good
    tag-mass, tag-pointing         the same for a tag that reveals the class        high if the model uses the tag
    background-mass ...            the same for such a background: everything but the object
    cue-, step-, answer-mass ...   the same for the parts of a task's evidence
    blank                          how often the map has no positive evidence at all                    low is good
    deletion                       area under the probability while the map's cells are removed         low is good
    insertion                      area under it while they are added                                   high is good
    randomized                     rank correlation with the map of the re-initialized model            low is good

The evidence is defined in ``cases``. A blank map has mass 0 and pointing 0. A constant map has no order of its cells,
so it has no deletion, insertion or rank correlation: the picture is left out of these, and a measure without any
picture has no row. The 95 % interval of a mean is that of ``intervals``: Wilson's for yes and no, and the same with the
variance of the values for the rest. The rows of a source are written when it is finished, so a stopped benchmark can be
resumed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from core.classifier import Classifier, takes_classifier
from core.evaluation.cases import Case, find_cases
from core.evaluation.erasure import cells, rank
from core.evaluation.faithfulness import trace_curves
from core.evaluation.grids import is_constant
from core.evaluation.intervals import interval
from core.evaluation.localization import localize
from core.evaluation.randomization import map_correlation, reinitialize
from core.evaluation.sources import Source, map_source, source_names
from core.files import put, reason, to_json
from core.legacy import current
from core.models import zoo
from core.types import InvalidInput, Progress

PICTURES = 50
RANGES = {"randomized": (-1.0, 1.0)}
"""The range of a measure, if it is not 0 to 1."""


@dataclass(frozen=True)
class BenchmarkRow:
    """The mean of one measure of one source on one model over ``pictures``, its 95 % interval, and its chance level.

    ``chance`` is the mean share of the mask in the picture, or None for measures whose references are the sources
    random, blob and edges. ``wanted`` pictures were requested, drawn with ``seed``; ``checksum`` is of the weights.
    """

    model: str
    source: str
    measure: str
    mean: float
    low: float
    high: float
    chance: float | None
    pictures: int
    wanted: int
    seed: int
    checksum: str


def shipped_benchmark() -> Path:
    """The file of the table that is shipped with the zoo."""
    return zoo.zoo_folder() / "benchmark.json"


def open_benchmark(path: str | Path | None = None) -> tuple[BenchmarkRow, ...]:
    """The rows of a table, by default the shipped one; none if there is no such file.

    Raises:
        InvalidInput: the file is not a benchmark table.
    """
    path = Path(path or shipped_benchmark())
    if not path.is_file():
        return ()
    try:
        return tuple(
            BenchmarkRow(**{**row, "measure": current(row["measure"])}) for row in json.loads(path.read_text("utf-8"))
        )
    except (TypeError, KeyError, ValueError, OSError) as error:
        raise InvalidInput(
            "{path} is not a benchmark table. Name another file, or remove it and measure again.", path=path
        ) from error


@takes_classifier
def benchmark(
    classifier: Classifier,
    path: str | Path,
    *,
    sources: Sequence[str] | None = None,
    pictures: int = PICTURES,
    seed: int = 0,
    data: str | Path | None = None,
    progress: Progress | None = None,
) -> tuple[BenchmarkRow, ...]:
    """Measure the sources on a model and store the rows in the file; existing rows are not measured again.

    ``sources`` are names for ``map_source``, None for all that the model supports. ``data`` is the folder of the
    photographs, None the one in FOVEA_DATA. ``progress(done, total)`` counts pictures of all sources, and is called
    within them. Returns the rows of this model; those of a source are written when it is finished.

    Raises:
        InvalidInput: no such source; the photographs are missing or show other classes, or fewer than two of them are
            predicted correctly; the file cannot be read or written.
        Stopped: ``progress`` raised it. The rows of the finished sources are kept.
    """
    fitting = source_names(classifier)
    for name in sources or ():
        if name not in fitting:
            raise InvalidInput(
                "{model} has no source '{name}'. Choose from: {choices}.",
                model=classifier.card.slug,
                name=name,
                choices=fitting,
            )
    if pictures < 2:
        raise InvalidInput("Give at least two pictures, because an interval cannot be computed from one.")
    path, slug, checksum = Path(path), classifier.card.slug, classifier.card.facts.get("checksum", "")
    table = list(open_benchmark(path))
    current = {row.source for row in table if (row.model, row.checksum, row.wanted, row.seed)
               == (slug, checksum, pictures, seed)}  # fmt: skip
    missing = [name for name in sources or fitting if name not in current]
    cases = find_cases(classifier, pictures, seed, data) if missing else []
    reinitialized = reinitialize(classifier, seed) if missing else classifier
    done = 0

    def report(*_: int) -> None:
        if progress:
            progress(done, len(missing) * len(cases))

    for name in missing:
        made = map_source(classifier, name)
        found: dict[str, list[tuple[float, float | None]]] = {}
        for case in cases:
            for measure, value in measure_case(classifier, reinitialized, made, case, report).items():
                found.setdefault(measure, []).append(value)
            done += 1
            report()
        # Read again: another model may have been measured into the same file meanwhile.
        table = [row for row in open_benchmark(path) if (row.model, row.source) != (slug, name)]
        for measure, pairs in found.items():
            values, chances = zip(*pairs, strict=True)
            low, high = interval(values, *RANGES.get(measure, (0.0, 1.0)))
            chance = None if chances[0] is None else float(np.mean(chances))
            mean = float(np.mean(values))
            table.append(
                BenchmarkRow(slug, name, measure, mean, low, high, chance, len(values), pictures, seed, checksum)
            )
        write(table, path)
    return tuple(row for row in table if row.model == slug and row.source in (sources or fitting))


def measure_case(
    classifier: Classifier, reinitialized: Classifier, made: Source, case: Case, progress: Progress
) -> dict[str, tuple[float, float | None]]:
    """Every measure that applies to one map, with its chance level if that is known.

    ``reinitialized`` is the copy with new random weights.
    """
    picture, target = case.picture, case.target
    map_ = made(classifier, picture, target, progress)
    found: dict[str, tuple[float, float | None]] = {}
    for name, mask in case.masks.items():
        place = localize(map_, mask)
        found |= {f"{name}mass": (place.mass, place.chance), f"{name}pointing": (place.pointing, place.chance)}
        found["blank"] = (float(place.blank), None)
    if case.whole and not is_constant(map_):
        order = {"map": rank(map_, cells(classifier))}
        curves = classifier.run(
            lambda: trace_curves(classifier, classifier.prepare(picture), target, order, progress=progress)
        )
        likeness = map_correlation(map_, made(reinitialized, picture, target, progress))
        requested = {"deletion": curves["map"].deletion_area, "insertion": curves["map"].insertion_area}
        requested |= {} if likeness is None else {"randomized": likeness}
        found |= {name: (value, None) for name, value in requested.items()}
    return found


def write(rows: Sequence[BenchmarkRow], path: Path) -> None:
    """Write the rows to the file atomically."""
    lines = ",\n".join(to_json(asdict(row)) for row in rows)
    try:
        put(path, f"[\n{lines}\n]\n".encode())
    except OSError as error:
        raise InvalidInput(
            "{path} cannot be written: {reason}. Choose another path.", path=path, reason=reason(error)
        ) from error
