"""Measurements of a model and its maps: accuracy, agreement, faithfulness, sanity checks, a benchmark."""

from __future__ import annotations

from core.evaluation.ablation import WHOLE_TAP, attention_parts
from core.evaluation.attention_truth import EVERYTHING, ROW, AttentionView, RoleShare, attention_views
from core.evaluation.bank import FEWEST_MAPS, Bank, find_bank
from core.evaluation.benchmark import BenchmarkRow, open_benchmark, shipped_benchmark
from core.evaluation.cases import Case, find_cases, is_photographed
from core.evaluation.checks import ROW_TOLERANCE, SAME_MAP, check_seconds
from core.evaluation.cue_reaction import CueReaction
from core.evaluation.derivation import can_derive
from core.evaluation.erasure import FILLS, WHICH
from core.evaluation.faithfulness import CURVE_STEPS, curve_seconds
from core.evaluation.grids import is_constant
from core.evaluation.groups import MOST_SPECTRAL, Group, group_maps
from core.evaluation.intervention import Change
from core.evaluation.localization import evidence
from core.evaluation.pairwise import agreement_matrix, mean_agreement
from core.evaluation.randomization import INSENSITIVE, weight_groups
from core.evaluation.similarity import furthest_maps, mean_map, nearest_features
from core.evaluation.sources import ATTENTION_PREFIX, REFERENCES, map_source, source_names
from core.evaluation.summary import Calibration, Share, accuracy_of, by_class, calibration_of, confusion_of, wilson
from core.evaluation.task_matrix import (
    ENOUGH,
    WAYS,
    Cells,
    Spread,
    TaskStudies,
    levels_of,
    lost,
    open_studies,
    pictures_for,
    spread_of,
    task_cells,
)

__all__ = [
    "ATTENTION_PREFIX",
    "CURVE_STEPS",
    "ENOUGH",
    "EVERYTHING",
    "FEWEST_MAPS",
    "FILLS",
    "INSENSITIVE",
    "MOST_SPECTRAL",
    "REFERENCES",
    "ROW",
    "ROW_TOLERANCE",
    "SAME_MAP",
    "WAYS",
    "WHICH",
    "WHOLE_TAP",
    "AttentionView",
    "Bank",
    "BenchmarkRow",
    "Calibration",
    "Case",
    "Cells",
    "Change",
    "CueReaction",
    "Group",
    "RoleShare",
    "Share",
    "Spread",
    "TaskStudies",
    "accuracy_of",
    "agreement_matrix",
    "attention_parts",
    "attention_views",
    "by_class",
    "calibration_of",
    "can_derive",
    "check_seconds",
    "confusion_of",
    "curve_seconds",
    "evidence",
    "find_bank",
    "find_cases",
    "furthest_maps",
    "group_maps",
    "is_constant",
    "is_photographed",
    "levels_of",
    "lost",
    "map_source",
    "mean_agreement",
    "mean_map",
    "nearest_features",
    "open_benchmark",
    "open_studies",
    "pictures_for",
    "shipped_benchmark",
    "source_names",
    "spread_of",
    "task_cells",
    "weight_groups",
    "wilson",
]
