"""The bank of a model: its maps of many pictures, the reference for the similarity of unrelated maps.

A map is kept without its sign, pooled to at most ``SIDE`` cells a side and divided by its largest value. Attributions:

    v = 1 − s (1 − (q / L)²),   q whole, 0 to L,   s = (largest − least) / largest

The square separates the many small values of a map with one peak; L is ``LEVELS``, and ``FINE`` for the methods whose
maps have few cells above zero. Attention may be a gate that is nearly constant and differs in the last digits, so its q
is the rank of each cell, and s (KNOTS,) holds how far the values of some ranks are below 1. Maps can be restored,
pictures cannot. Files are named by the checksum of the weights, so a model that was trained again has no bank until one
is made for it.

A map is identified by its source, as named by ``map_source``, and by the settings that decide what it shows, such as
the stage of Grad-CAM or the baseline of Integrated Gradients, but not the number of samples.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from core.evaluation.grids import pool
from core.files import home, put
from core.legacy import current
from core.models import zoo
from core.types import AttentionMap, Attribution, InvalidInput

SIDE = 16
LEVELS, FINE = 15, 63
PEAKED = {"grad-cam", "guided-grad-cam"}
TIE, LEAST = 5e-5, 1e-9
"""The share of a map's spread that separates ranks whose stored values are equal."""
KNOTS = 1 - np.linspace(1, 0, 17) ** 2
"""The ranks, 0 to 1, whose values are stored; large ranks are denser."""
STEP = 7e-8
"""The least distance of two ranks in single precision; a larger one would change the values."""
FEWEST_MAPS = 40
"""The fewest maps for a 95 % range: with fewer, its ends would lie beyond the observed values."""
PRECISION = {"steps", "samples", "points", "seed"}
"""Parameters of methods that change the precision of a map, not what it shows."""
ATTENTION = "attention"
FACTS, MAPS, SPREADS = "facts", "maps", "spreads"
"""The arrays of a file: a text, and those of the sources whose arrays have the same shapes as numbered stacks."""
INSTEAD = "method"
"""The key in ``made`` of the source whose maps replace those of another source."""


@dataclass(frozen=True, eq=False)
class Bank:
    """Maps of a model: ``maps`` (n, h, w) uint8 and ``spreads`` (n,) by source, all of the same n ``pictures``.

    ``settings`` holds by source the parameters that a map of the same kind must have, and ``made`` the parameters of
    the stored maps if they are less precise, or the source that stands in for them.
    """

    checksum: str
    pictures: tuple[str, ...]
    maps: Mapping[str, np.ndarray] = field(default_factory=dict)
    spreads: Mapping[str, np.ndarray] = field(default_factory=dict)
    settings: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    made: Mapping[str, dict[str, Any]] = field(default_factory=dict)

    def find(self, map_: Any) -> str | None:
        """Return the source of a map if this bank has maps of its kind, else None.

        An attribution that compares two classes has none: the stored maps explain the predicted class.
        """
        if not isinstance(map_, AttentionMap | Attribution) or map_.model != self.checksum:
            return None
        name, given = kind(map_)
        if name not in self.maps or getattr(map_, "contrast", None) is not None:
            return None
        wanted = self.settings.get(name, {})
        return name if all(given.get(key, value) == value for key, value in wanted.items()) else None

    def unpack(self, name: str) -> np.ndarray:
        """The maps of a source: (n, h, w) float64, each up to 1; a blank one is zero."""
        packed, spread = self.maps[name].astype(np.float64), self.spreads[name].astype(np.float64)
        if is_attention(name):
            shares = packed / np.maximum(packed.max((1, 2), keepdims=True), 1)
            below = np.stack([np.interp(one, KNOTS, known) for one, known in zip(shares, spread, strict=True)])
            part = TIE * below.max((1, 2), keepdims=True) * (1 - shares)
            values = (1 - below) * (1 - part) + LEAST * shares
            values = np.minimum(values, 1 - STEP * (packed.max((1, 2), keepdims=True) - packed))
        else:
            values = 1 - spread[:, None, None] * (1 - (packed / levels(name)) ** 2)
        return np.where(packed.any((1, 2), keepdims=True), values, 0.0)

    def having(
        self, name: str, maps: np.ndarray, settings: Mapping[str, Any] = {}, made: Mapping[str, Any] = {}
    ) -> Bank:
        """The bank with the maps (n, h, w) of one more source."""
        size = maps.max((1, 2), keepdims=True)
        below = 1 - maps / np.where(size > 0, size, 1)
        if is_attention(name):
            packed = np.stack([np.unique(one, return_inverse=True)[1].reshape(one.shape) for one in maps])
            spreads = np.stack([curve(*pair) for pair in zip(packed, below, strict=True)])
        else:
            spreads = below.max((1, 2)) * (size[:, 0, 0] > 0)
            share = np.clip(1 - below / np.where(spreads > 0, spreads, 1)[:, None, None], 0, 1)
            packed = np.where(spreads[:, None, None] > 0, np.rint(levels(name) * np.sqrt(share)), 0)
        return self.adding(name, packed.astype(np.uint8), spreads.astype(np.float16), settings, made)

    def without(self, sha256: str) -> Bank:
        """The bank without the maps of that picture; unchanged if it has none."""
        kept = np.array([not sha256.startswith(one) for one in self.pictures])
        if kept.all():
            return self
        pictures = tuple(np.array(self.pictures)[kept].tolist())
        maps, spreads = ({name: one[kept] for name, one in packed.items()} for packed in (self.maps, self.spreads))
        return replace(self, pictures=pictures, maps=maps, spreads=spreads)

    def standing_in(self, name: str, other: str, settings: Mapping[str, Any] = {}) -> Bank:
        """Return the bank in which the maps of ``other`` also represent one more source."""
        return self.adding(name, self.maps[other], self.spreads[other], settings, {INSTEAD: other})

    def adding(
        self, name: str, maps: np.ndarray, spreads: np.ndarray, settings: Mapping[str, Any], made: Mapping[str, Any]
    ) -> Bank:
        """The bank with packed maps of one more source."""
        return replace(
            self,
            maps={**self.maps, name: maps},
            spreads={**self.spreads, name: spreads},
            settings={**self.settings, name: dict(settings)},
            made={**self.made, name: dict(made)},
        )


def is_attention(name: str) -> bool:
    """Whether a source is an attention map."""
    return name.startswith(f"{ATTENTION}/")


def levels(name: str) -> int:
    """The largest integer that stores a value of an attribution."""
    return FINE if name in PEAKED else LEVELS


def curve(ranked: np.ndarray, below: np.ndarray) -> np.ndarray:
    """How far the values at the ``KNOTS`` are below the largest one, from the ranks (h, w) and the values of a map."""
    order = np.sort(below.ravel())[::-1]
    known, first = np.unique(np.sort(ranked.ravel()), return_index=True)
    return np.interp(KNOTS, known / max(1, known[-1]), order[first])


def kind(map_: AttentionMap | Attribution) -> tuple[str, dict[str, Any]]:
    """The source of a map, and the parameters that decide what it shows."""
    if isinstance(map_, AttentionMap):
        return f"{ATTENTION}/{map_.tap}", {}
    given = dict(map_.parameters)
    if map_.method == ATTENTION and given.get("head") == "mean":  # the same map as that of the tap
        return f"{ATTENTION}/{given['tap']}", {}
    if map_.method == "rollout":
        return f"{ATTENTION}/rollout", {}
    return map_.method, identity(given)


def identity(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a method that decide what its map shows."""
    return {name: value for name, value in parameters.items() if name not in PRECISION}


def shrink(map_: np.ndarray, side: int = SIDE) -> np.ndarray:
    """A map (h, w) without its sign, pooled to at most ``side`` cells a side."""
    small = np.abs(np.asarray(map_, np.float64))
    return pool(small, (min(side, small.shape[0]), min(side, small.shape[1])))


def bank_path(checksum: str, shipped: bool = False) -> Path:
    """The file of the bank of those weights: next to the ``shipped`` models, or in the user's cache."""
    return (zoo.zoo_folder() if shipped else home()) / "banks" / f"{checksum[:16]}.npz"


def find_bank(checksum: str) -> Bank | None:
    """The bank of a model: the shipped one, else the one made on this machine, else None."""
    for path in (bank_path(checksum, True), bank_path(checksum)) if checksum else ():
        try:
            found = open_bank(path, path.stat().st_mtime_ns)
        except (OSError, InvalidInput):  # missing or damaged: no range is stated then
            continue
        if found.checksum == checksum:
            return found
    return None


@lru_cache(maxsize=32)
def open_bank(path: Path, stamp: int = 0) -> Bank:
    """The bank in a file; ``stamp`` is its time of change, so that a new file is read again.

    Raises:
        InvalidInput: the file is not a bank.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            facts = json.loads(file[FACTS].tobytes())
            maps: dict[str, np.ndarray] = {}
            spreads: dict[str, np.ndarray] = {}
            for number, names in enumerate(facts["stacks"]):
                maps |= dict(zip(names, file[f"{MAPS}{number}"], strict=True))
                spreads |= dict(zip(names, file[f"{SPREADS}{number}"], strict=True))
            other = {name: facts["made"].get(name, {}).get(INSTEAD, name) for name in facts["settings"]}
            maps, spreads = ({name: one[other[name]] for name in other} for one in (maps, spreads))
            known = facts["checksum"], tuple(facts["pictures"])
            return Bank(*known, maps, spreads, _current(facts["settings"]), _current(facts["made"]))
    except (OSError, ValueError, KeyError, TypeError, EOFError, RuntimeError, zipfile.BadZipFile) as error:
        raise InvalidInput("{path} is not a bank of maps. Remove it and compute the maps again.", path=path) from error


def _current(parameters: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Parameters by source in their current spelling."""
    return {
        source: {name: current(value) if isinstance(value, str) else value for name, value in own.items()}
        for source, own in parameters.items()
    }


def write_bank(bank: Bank, path: Path) -> None:
    """Write a bank to its file atomically.

    Raises:
        InvalidInput: it cannot be written.
    """
    stacks: dict[tuple[tuple[int, ...], ...], list[str]] = {}
    for name in bank.maps:
        if INSTEAD not in bank.made[name]:
            stacks.setdefault((bank.maps[name].shape, bank.spreads[name].shape), []).append(name)
    facts = {"checksum": bank.checksum, "pictures": bank.pictures, "settings": bank.settings, "made": bank.made}
    arrays: dict[str, Any] = {
        FACTS: np.frombuffer(json.dumps(facts | {"stacks": [*stacks.values()]}).encode(), np.uint8)
    }
    for number, names in enumerate(stacks.values()):
        arrays[f"{MAPS}{number}"] = np.stack([bank.maps[name] for name in names])
        arrays[f"{SPREADS}{number}"] = np.stack([bank.spreads[name] for name in names])
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_LZMA) as zipped:  # a tenth less than what numpy writes itself
        for name, array in arrays.items():
            with zipped.open(f"{name}.npy", "w") as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        put(path, file.getvalue())
    except OSError as error:
        raise InvalidInput("{path} cannot be written. Free some space, or choose another folder.", path=path) from error
