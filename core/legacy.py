"""Names that earlier versions wrote into files and addresses, and what they are called now."""

from __future__ import annotations

RENAMED = {
    "centre": "center",  # the framing of a picture
    "grey": "gray",  # the fill of what is erased
    "mean-colour": "mean-color",  # a baseline
    "randomised": "randomized",  # measures of the benchmark
    "place-mass": "background-mass",
    "place-pointing": "background-pointing",
    "thing-mass": "object-mass",  # the same in addresses
    "thing-pointing": "object-pointing",
    "trial": "test",  # which test is open, and a section of Trust
    "league": "benchmark",
    "licence": "license",  # facts of a model card
    "colour": "color",  # a part of a training recipe
}


def current(name: str) -> str:
    """Today's spelling of a stored name; any other text stays as it is."""
    return RENAMED.get(name, name)
