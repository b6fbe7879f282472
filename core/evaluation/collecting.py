"""Compute the bank of a model: its attention maps and the maps of every supported method for a set of pictures.

    python -m core bank                       every shipped model: about two hours on one core
    python -m core bank file:model.json --data folder

Existing maps are not made again, so a stopped command can be resumed. A map of the bank may be less precise than one
that is shown, because only the distribution of all of them counts. Methods with samples or steps use few of them
(``CHEAP``), and ``STANDS_IN`` lists methods whose maps are replaced by those of another one. On 40 scenes outside of
the bank, with 1,560 unrelated pairs and three attention maps, 5 % should be outside of the range; with few samples,
the percentages outside by rank correlation, overlap of the top 20 % and overlap were:

    Integrated Gradients, 10 steps for 50      5.2, 2.9, 5.2       SmoothGrad, 5 samples for 25      5.4, 4.1, 5.2
    GradientSHAP by Integrated Gradients       6.5, 3.0, 3.8       VarGrad, 5 samples                5.3, 3.4, 7.1

so VarGrad, whose mass was outside in 10 % for one map, has 10 samples. Occlusion with windows twice as wide was outside
in up to half of the cases, so it keeps its usual windows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.attention.reduction import to_grid
from core.attention.rollout import ROLLOUT, can_roll, rollout_map
from core.attribution import METHODS, attribute, methods
from core.attribution.panel import panel
from core.classifier import Classifier, read
from core.data.pictures import open_collection
from core.evaluation.bank import ATTENTION, SIDE, Bank, identity, open_bank, shrink, write_bank
from core.types import InvalidInput, Panel, Picture, Progress

PICTURES = 100
SEED = 12
"""The seed of the scenes, which no other set uses, and of the draw from other collections."""
CELLS = 8

CHEAP: dict[str, dict[str, int]] = {
    "integrated-gradients": {"steps": 10},
    "smoothgrad": {"samples": 5},
    "vargrad": {"samples": 10},
    "layer-integrated-gradients": {"steps": 5},
}
"""Parameters by method that differ from the defaults, for faster maps."""
STANDS_IN = {"gradient-shap": "integrated-gradients", "kernel-shap": "feature-ablation", "lime": "feature-ablation"}


def choose_pictures(data: str | Path, count: int = PICTURES) -> Iterator[Picture]:
    """Draw ``count`` pictures from a collection, ``data`` as for ``open_collection``; broken ones are skipped.

    Raises:
        InvalidInput: there is no such collection.
    """
    known = open_collection(data, seed=SEED, pictures=count)
    for index in np.random.default_rng(SEED).permutation(len(known)).tolist():
        if not count:
            return
        try:
            picture = known.read(index)
        except InvalidInput:
            continue
        count -= 1
        yield picture


def names(classifier: Classifier) -> tuple[str, ...]:
    """Every source of maps: those of one common pass first, and stand-ins before the sources that use them."""
    places = [name for name, tap in classifier.taps.items() if tap.kind.on_picture and not tap.kind.signed]
    taps = [f"{ATTENTION}/{name}" for name in places]
    slugs = [one.slug for one in methods(classifier)]
    rolled = [f"{ATTENTION}/{ROLLOUT}"] if ROLLOUT in slugs else []
    others = [one for one in slugs if one not in (ATTENTION, ROLLOUT)]
    return tuple(sorted([*taps, *rolled, *others], key=lambda name: (not _is_free(name), name in STANDS_IN)))


def collect(
    classifier: Classifier,
    pictures: Sequence[Picture],
    path: str | Path,
    *,
    sources: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Bank:
    """Make the bank of a model from pictures, or complete it; the file is written after each source.

    ``sources`` are slugs of methods and ``attention/`` with the name of a tap, None for all supported ones. An
    agreement finds the bank at the ``path`` of ``bank_path``. ``progress(done, total)`` counts maps.

    Raises:
        InvalidInput: the file cannot be written, or holds maps of other pictures.
        Stopped: ``progress`` raised it. The finished sources are kept.
    """
    if not pictures:
        raise InvalidInput("A bank of maps needs pictures. Give at least one.")
    where = Path(path)
    bank = _begin(classifier, where, tuple(one.sha256[:16] for one in pictures))
    side = min(SIDE, _side(classifier, pictures[0]))
    fitting = list(names(classifier))
    for name in sources or ():
        if name not in fitting:
            raise InvalidInput(
                "{model} has no maps of '{name}'. Choose from: {choices}.",
                model=classifier.card.slug,
                name=name,
                choices=fitting,
            )
    wanted = [one for one in (fitting if sources is None else sources) if one not in bank.maps]
    done = 0

    def report(*_: int) -> None:
        if progress:
            progress(done, len(pictures) * len(wanted))

    free = [one for one in wanted if _is_free(one)]
    if free:
        found: dict[str, list[np.ndarray]] = {name: [] for name in free}
        for picture in pictures:
            seen = panel(classifier, picture)
            for name in free:
                found[name].append(shrink(_of_panel(seen, name), side))
            done += len(free)
            report()
        for name in free:
            bank = bank.having(name, np.stack(found[name]), settings(classifier, name))
        write_bank(bank, where)
    for name in wanted:
        if name in free:
            continue
        slug, made = STANDS_IN.get(name, name), CHEAP.get(name, {})
        if slug != name and slug in bank.maps:
            bank, done = bank.standing_in(name, slug, settings(classifier, name)), done + len(pictures)
            report()
        else:
            maps = []
            for picture in pictures:
                maps.append(shrink(attribute(classifier, picture, slug, progress=report, **made).values, side))
                done += 1
                report()
            bank = bank.having(name, np.stack(maps), settings(classifier, name), made)
        write_bank(bank, where)
    return bank


def _begin(classifier: Classifier, path: Path, pictures: tuple[str, ...]) -> Bank:
    if path.is_file():
        known = open_bank(path, path.stat().st_mtime_ns)
        if known.checksum == classifier.checksum:
            if known.pictures != pictures:
                raise InvalidInput(
                    "{path} contains the maps of other pictures. Remove it, or give the same pictures.", path=path
                )
            return known
    return Bank(classifier.checksum, pictures)


def _is_free(name: str) -> bool:
    return name.startswith(f"{ATTENTION}/") or any(one.in_panel for one in METHODS if one.slug == name)


def _of_panel(seen: Panel, name: str) -> np.ndarray:
    if not name.startswith(f"{ATTENTION}/"):
        return seen.attributions[name].values
    tap, maps = name.removeprefix(f"{ATTENTION}/"), seen.reading.maps
    if tap == ROLLOUT and can_roll(maps):
        return to_grid(rollout_map(maps))
    return to_grid(next(one for one in maps if one.tap == tap))


def settings(classifier: Classifier, name: str) -> dict[str, Any]:
    """The parameters that a map must have to be of the bank's kind: the method's defaults."""
    known = next((one for one in METHODS if one.slug == name), None)
    return {} if known is None else identity({one.name: one.initial(classifier) for one in known.parameters})


def _side(classifier: Classifier, picture: Picture) -> int:
    """The cells per side on which two maps are compared: those of the finest attention map."""
    return max([CELLS, *(max(one.grid) for one in read(classifier, picture).maps if one.kind.on_picture)])
