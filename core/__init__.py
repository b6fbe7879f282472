"""The public interface of Fovea: attention maps of image classifiers, and attributions to compare them with.

>>> import core
>>> classifier = core.load("scenes/cbam")
>>> reading = core.read(classifier, core.open_image("photo.jpg"))
"""

from __future__ import annotations

from core.attention.derivation import Derivation
from core.attention.reduction import to_grid
from core.attention.rollout import rollout_map
from core.attribution import attribute
from core.attribution.panel import grad_cam_panel, panel, panels
from core.classifier import Classifier, read
from core.evaluation.ablation import Ablation, ablate
from core.evaluation.agreement import agreement
from core.evaluation.attention_truth import RoleShare, attention_truth, role_shares
from core.evaluation.benchmark import benchmark, open_benchmark
from core.evaluation.checks import Check, check
from core.evaluation.cue_reaction import CueReaction, cue_reactions
from core.evaluation.derivation import derive
from core.evaluation.erasure import erase
from core.evaluation.faithfulness import Curves, Faithfulness, faithfulness
from core.evaluation.intervention import OFF, SHUFFLED, UNIFORM, intervene, off
from core.evaluation.localization import Localization, localize, quadrant, tile
from core.evaluation.randomization import Randomization, randomize
from core.images import open_image, reframe
from core.kinds import Kind
from core.loading import adopt, load, missing_facts, open_files, open_model
from core.models.zoo import cards
from core.replay import Question, Record, Replayed, open_record, record, replay
from core.reporting import Report, report
from core.scanning import Run, list_runs, open_run, scan
from core.types import (
    Agreement,
    AttentionMap,
    Attribution,
    InvalidInput,
    Measure,
    ModelCard,
    Panel,
    Picture,
    Reading,
    Stopped,
)
from core.version import __version__

__all__ = [
    "__version__",
    "OFF",
    "SHUFFLED",
    "UNIFORM",
    "Ablation",
    "Agreement",
    "AttentionMap",
    "Attribution",
    "Check",
    "Classifier",
    "CueReaction",
    "Curves",
    "Derivation",
    "Faithfulness",
    "InvalidInput",
    "Kind",
    "Localization",
    "Measure",
    "ModelCard",
    "Panel",
    "Picture",
    "Question",
    "Randomization",
    "Reading",
    "Record",
    "Replayed",
    "Report",
    "RoleShare",
    "Run",
    "Stopped",
    "ablate",
    "adopt",
    "agreement",
    "attention_truth",
    "attribute",
    "benchmark",
    "cards",
    "check",
    "cue_reactions",
    "derive",
    "erase",
    "faithfulness",
    "grad_cam_panel",
    "intervene",
    "list_runs",
    "load",
    "localize",
    "missing_facts",
    "off",
    "open_benchmark",
    "open_files",
    "open_image",
    "open_model",
    "open_record",
    "open_run",
    "panel",
    "panels",
    "quadrant",
    "randomize",
    "read",
    "record",
    "reframe",
    "replay",
    "report",
    "role_shares",
    "rollout_map",
    "scan",
    "tile",
    "to_grid",
]
