"""Families of models: they share the first part of their slugs, and their training pictures or their library."""

from __future__ import annotations

from dataclasses import dataclass

SMALL_WIDTHS = (16, 32, 64, 128)


@dataclass(frozen=True)
class Family:
    """The models whose slugs begin with ``slug``, which stands before the first slash or colon.

    ``group`` is the group of models in the picker; ``drawn``: trained on synthetic scenes; ``shortcut`` is what reveals
    the class in these, "tag", "background" or None; ``widths`` are the channels of each stage of the backbone. The
    weights of a ``packaged`` one are installed with Fovea's requirements.
    """

    slug: str
    group: str = ""
    drawn: bool = False
    shortcut: str | None = None
    widths: tuple[int, ...] = (32, 64, 128, 256)
    packaged: bool = False


IMAGENET, NAMED, SHORTCUT = "torchvision", "named", "shortcut"
FAMILIES = (
    Family("scenes", drawn=True, widths=SMALL_WIDTHS),
    Family("imagenette"),
    Family("scenes-tag", SHORTCUT, drawn=True, shortcut="tag", widths=SMALL_WIDTHS),
    Family("scenes-place", SHORTCUT, drawn=True, shortcut="background", widths=SMALL_WIDTHS),
    Family("imagenet", IMAGENET, packaged=True),
    Family("torchvision", IMAGENET),
    Family("timm", IMAGENET),
    Family("hf", NAMED),
    Family("clip", NAMED),
)
"""In the order of pickers. Each task is a family too, see ``core.tasks``."""


def find_family(slug: str) -> Family:
    """Return the family of that slug; for an unlisted slug, a family of photographs."""
    return next((one for one in FAMILIES if one.slug == slug), Family(slug))
