"""Fovea's public interface: attention of image classifiers beside their gradients.

>>> import core
>>> classifier = core.load("scenes/cbam")
>>> reading = core.read(classifier, core.open_image("photo.jpg"))
"""

from __future__ import annotations

from core.attention.reduction import to_grid
from core.attention.rollout import rollout_map
from core.attribution import attribute
from core.attribution.panel import panel, panels
from core.classifier import Classifier, read
from core.evaluation.ablation import Ablation, ablate
from core.evaluation.agreement import agreement
from core.evaluation.checks import Check, check
from core.evaluation.erasure import erase
from core.evaluation.faithfulness import Curves, Faithfulness, faithfulness
from core.evaluation.intervention import OFF, SHUFFLED, UNIFORM, intervene, off
from core.evaluation.league import compete, open_league
from core.evaluation.localisation import Localisation, localise, quadrant, tile
from core.evaluation.randomisation import Randomisation, randomise
from core.images import open_image, reframe
from core.loading import adopt, load, open_model
from core.models.shelf import cards
from core.reporting import Report, report
from core.scanning import Run, list_runs, open_run, scan
from core.types import (
    Agreement,
    AttentionMap,
    Attribution,
    InvalidInput,
    Kind,
    Measure,
    ModelCard,
    Panel,
    Picture,
    Reading,
    Stopped,
)

__all__ = [
    "OFF",
    "SHUFFLED",
    "UNIFORM",
    "Ablation",
    "Agreement",
    "AttentionMap",
    "Attribution",
    "Check",
    "Classifier",
    "Curves",
    "Faithfulness",
    "InvalidInput",
    "Kind",
    "Localisation",
    "Measure",
    "ModelCard",
    "Panel",
    "Picture",
    "Randomisation",
    "Reading",
    "Report",
    "Run",
    "Stopped",
    "ablate",
    "adopt",
    "agreement",
    "attribute",
    "cards",
    "check",
    "compete",
    "erase",
    "faithfulness",
    "intervene",
    "list_runs",
    "load",
    "localise",
    "off",
    "open_image",
    "open_league",
    "open_model",
    "open_run",
    "panel",
    "panels",
    "quadrant",
    "randomise",
    "read",
    "reframe",
    "report",
    "rollout_map",
    "scan",
    "tile",
    "to_grid",
]
