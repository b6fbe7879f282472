"""Names that earlier versions wrote into files and addresses, with their current names."""

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
    "trial": "test",  # the key of the open test, and a section of Trust
    "league": "benchmark",
    "licence": "license",  # facts of a model card
    "colour": "color",  # a part of a training recipe
}


def current(name: str) -> str:
    """The current spelling of a stored name; any other text is returned unchanged."""
    return RENAMED.get(name, name)
