"""The catalog of attribution: every method, in the order in which pickers show them."""

from __future__ import annotations

from core.attribution.attention import ATTENTION, ATTENTION_ROLLOUT, GRADIENT_X_ATTENTION
from core.attribution.cam import GRAD_CAM
from core.attribution.deeplift import DEEPLIFT
from core.attribution.gradient import INPUT_X_GRADIENT, SALIENCY
from core.attribution.guided import DECONVOLUTION, GUIDED_BACKPROPAGATION, GUIDED_GRAD_CAM
from core.attribution.layer import LAYER_GRADIENT_X_ACTIVATION, LAYER_INTEGRATED_GRADIENTS
from core.attribution.lrp import LRP
from core.attribution.method import Method
from core.attribution.noise import SMOOTHGRAD, VARGRAD
from core.attribution.path import GRADIENT_SHAP, INTEGRATED_GRADIENTS
from core.attribution.perturbation import OCCLUSION
from core.attribution.superpixels import FEATURE_ABLATION, KERNEL_SHAP, LIME
from core.classifier import Classifier
from core.types import InvalidInput

METHODS: tuple[Method, ...] = (
    SALIENCY,
    INPUT_X_GRADIENT,
    INTEGRATED_GRADIENTS,
    SMOOTHGRAD,
    GRAD_CAM,
    GUIDED_BACKPROPAGATION,
    OCCLUSION,
    VARGRAD,
    GRADIENT_SHAP,
    DEEPLIFT,
    LRP,
    GUIDED_GRAD_CAM,
    DECONVOLUTION,
    FEATURE_ABLATION,
    KERNEL_SHAP,
    LIME,
    ATTENTION,
    ATTENTION_ROLLOUT,
    GRADIENT_X_ATTENTION,
    LAYER_GRADIENT_X_ACTIVATION,
    LAYER_INTEGRATED_GRADIENTS,
)


def method(slug: str) -> Method:
    """Return the method with this slug; raise InvalidInput if there is none."""
    for one in METHODS:
        if one.slug == slug:
            return one
    raise InvalidInput(
        "There is no method '{slug}'. Choose one of: {methods}.", slug=slug, methods=[one.slug for one in METHODS]
    )


def methods(classifier: Classifier) -> tuple[Method, ...]:
    """Return the methods to offer for a classifier: those that it supports and that are exact enough."""
    return tuple(one for one in METHODS if one.usable(classifier) and one.exact(classifier))
