"""Why one class and not another: one signed map of the difference of two logits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from core.attribution import METHODS, attribute, method
from core.classifier import Classifier
from core.types import InvalidInput, Picture
from tests.core.quick_methods import COMPLETE, QUICK, compute, double, offered

pytestmark = [
    pytest.mark.filterwarnings("ignore:Setting backward hooks on ReLU"),
]

LINEAR = {
    *("input-x-gradient", "integrated-gradients", "gradient-shap", "occlusion", "feature-ablation", "kernel-shap"),
    *("lime", "lrp", "layer-gradient-x-activation", "layer-integrated-gradients"),
}
"""Methods whose map of a difference of scores is the difference of their maps."""

MODELS = ("plain", "cbam")


@pytest.mark.parametrize("slug", [one.slug for one in METHODS if one.contrasts])
def test_what_supports_one_opposes_the_other(tiny: Callable[[str], Classifier], picture: Picture, slug: str) -> None:
    classifier = next(one for one in map(tiny, MODELS) if slug in offered(one))
    quick = QUICK.get(slug, {})
    found = attribute(classifier, picture, slug, "elm", contrast=7, **quick)
    assert (found.target, found.contrast) == (3, 7) and found.values.any()
    reverse = attribute(classifier, picture, slug, 7, contrast="ELM", **quick)
    np.testing.assert_allclose(found.values, -reverse.values, rtol=0, atol=2e-5 * np.abs(found.values).max())
    assert (found.gap is None) == (slug not in COMPLETE)


@pytest.mark.parametrize("slug", sorted(LINEAR))
def test_a_difference_of_scores_is_a_difference_of_maps(
    tiny: Callable[[str], Classifier], picture: Picture, slug: str
) -> None:
    classifier = double(tiny("plain" if "layer" not in slug else "cbam"))
    x = classifier.prepare(picture).double()
    one, other, both = (compute(classifier, slug, x, target) for target in (3, 7, (3, 7)))
    np.testing.assert_allclose(both, one - other, rtol=1e-6, atol=1e-7 * np.abs(one).max())


def test_grad_cam_keeps_both_sides(tiny: Callable[[str], Classifier], picture: Picture) -> None:
    classifier = tiny("plain")
    kept: list[torch.Tensor] = []
    handle = classifier.stages["stage3"].module.register_forward_hook(lambda _, __, y: kept.append(y))
    logits = classifier.module(classifier.prepare(picture).requires_grad_())
    handle.remove()
    (slope,) = torch.autograd.grad(logits[0, 3] - logits[0, 7], kept[0])
    expected = (slope.mean((2, 3), keepdim=True) * kept[0]).sum(1)[0].detach().numpy()
    found = attribute(classifier, picture, "grad-cam", 3, contrast=7, stage="stage3").values
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6 * np.abs(expected).max())
    assert found.min() < 0 < found.max()


def test_a_gap_is_that_of_the_difference(tiny: Callable[[str], Classifier], picture: Picture) -> None:
    classifier = tiny("plain")
    x = classifier.prepare(picture)
    with torch.no_grad():
        logits = classifier.module(torch.cat([x, torch.zeros_like(x)]))
    change = (logits[0] - logits[1])[[3, 7]].double()
    found = attribute(classifier, picture, "integrated-gradients", 3, contrast=7, steps=10)
    expected = abs(found.values.sum(dtype=np.float64) - (change[0] - change[1]).item())
    assert found.gap == pytest.approx(expected / abs((change[0] - change[1]).item()), rel=1e-3, abs=1e-6)


def test_progress_goes_on_where_both_sides_are_computed(tiny: Callable[[str], Classifier], picture: Picture) -> None:
    calls: list[tuple[int, int]] = []
    attribute(tiny("plain"), picture, "guided-grad-cam", 1, contrast=2, progress=lambda *call: calls.append(call))
    assert calls == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_what_cannot_be_compared_with_each_other(tiny: Callable[[str], Classifier], picture: Picture) -> None:
    classifier = tiny("transformer")
    blind = [one.slug for one in METHODS if not one.contrasts]
    assert blind == ["saliency", "smoothgrad", "vargrad", "attention", "rollout"]
    likeliest = attribute(classifier, picture, "input-x-gradient").target
    for word, slug, arguments in (
        *(("Choose another method", slug, {"contrast": 1}) for slug in blind),
        ("Choose another class to compare", "input-x-gradient", {"target": 1, "contrast": 1}),
        ("Choose another class to compare", "input-x-gradient", {"contrast": likeliest}),
        ("has no class 'cat'", "input-x-gradient", {"contrast": "cat"}),
    ):
        with pytest.raises(InvalidInput) as caught:
            attribute(classifier, picture, slug, **arguments)
        assert word in str(caught.value) and str(caught.value).endswith(".")
    assert method("saliency").contrasts is False
    assert attribute(classifier, picture, "saliency", 1).contrast is None
