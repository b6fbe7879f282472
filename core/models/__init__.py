"""Models: architectures, cards, files of weights, and the zoo."""

from __future__ import annotations

from core.models import zoo
from core.models.answers import absent_class
from core.models.copying import duplicate
from core.models.libraries import timm_models, torchvision_models
from core.models.libraries.clip_models import with_classes
from core.models.named import is_named
from core.models.networks.short_sighted import RECEPTIVE_FIELD
from core.models.user_models import own
from core.models.user_models.deciding import Missing
from core.models.user_models.own import MAX_WEIGHTS, WEIGHT_SUFFIXES
from core.models.user_models.saved_files import CONFIG

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
