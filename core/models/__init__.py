"""Models: architectures, cards, files of weights, and the zoo."""

from __future__ import annotations

from core.models import own, timm_models, torchvision_models, zoo
from core.models.answers import absent_class
from core.models.clip_models import with_classes
from core.models.copying import duplicate
from core.models.deciding import Missing
from core.models.named import is_named
from core.models.own import MAX_WEIGHTS, WEIGHT_SUFFIXES
from core.models.saved_files import CONFIG
from core.models.short_sighted import RECEPTIVE_FIELD

__all__ = [
    "CONFIG",
    "MAX_WEIGHTS",
    "RECEPTIVE_FIELD",
    "WEIGHT_SUFFIXES",
    "Missing",
    "absent_class",
    "duplicate",
    "is_named",
    "own",
    "timm_models",
    "torchvision_models",
    "with_classes",
    "zoo",
]
