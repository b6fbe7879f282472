"""Banks of maps of other pictures: shipped, computed on this machine, or from the maps of a scan."""

from __future__ import annotations

from app.runtime import kept_runs, results
from core import Classifier
from core.evaluation import FEWEST_MAPS, Bank, find_bank
from core.scanning import Run


def find_reference(model: Classifier) -> tuple[Bank | None, tuple]:
    """The bank of a model, and its key: its own, else the maps that its last scan stored."""
    known = find_bank(model.checksum)
    if known is not None:
        return known, ("bank", *known.maps, len(known.pictures))
    run = find_run(model)
    if run is None:
        return None, ()
    key = ("bank", str(run.folder), run.scanned)
    return results.store().get(key, run.bank), key


def find_run(model: Classifier) -> Run | None:
    """The newest run of a model with as many pictures as a range takes."""
    own = (one for one in kept_runs.earlier() if one.facts.get("checksum") == model.checksum)
    return next((one for one in own if one.scanned >= FEWEST_MAPS), None)
