"""What the open keys of the words of Compare may be."""

from __future__ import annotations

from app.views.compare.choices import MAPS, MODELS, MODES, PICTURES
from core.attribution import METHODS

LEVELS = ("little", "part", "well")
SIDES = ("attention", "attribution")

OF_COMPARE = {
    "compared.{mode}": [f"compared.{one}" for one in MODES],
    "compared.row.{mode}": [f"compared.row.{one}" for one in MODES],
    "compared.maps.{one}": [f"compared.maps.{one}" for one in MAPS],
    "compared.matrix.{side}": [f"compared.matrix.{one}" for one in SIDES],
    "compared.{rows}.{side}.{level(mean)}": [
        f"compared.{rows}.{side}.{level}" for rows in (MODELS, PICTURES) for side in SIDES for level in LEVELS
    ],
    "method.family.{every[slug].family}": [f"method.family.{one.family}" for one in METHODS],
}
"""By the key as it is written in the source: the keys that it may be."""
