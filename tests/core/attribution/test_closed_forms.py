"""Every method on a model that is a straight line, in closed form: one class, and one class against another."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy.spatial.distance import jaccard
from torch import Tensor, nn

import core
from core.attention.tap import Tap, listen
from core.attribution import METHODS, attribute, method
from core.attribution.baseline import BASELINE, absent
from core.attribution.superpixels import cut
from core.classifier import Classifier
from core.types import Kind, ModelCard, Picture
from tests.conftest import CLASSES
from tests.core.quick_methods import compute

pytestmark = [
    pytest.mark.filterwarnings("ignore:Setting backward hooks on ReLU"),
]

AWAKE = 60.0
SIZE, CELL, CELLS = 16, 4, 4
SETTINGS: dict[str, dict[str, object]] = {
    **dict.fromkeys(("integrated-gradients", "deeplift", "feature-ablation", "kernel-shap", "lime"),
                    {"baseline": "white"}),
    "occlusion": {"baseline": "black", "window": CELL, "stride": CELL},
    "gradient-shap": {"points": 2, "noise": 0.0},
}  # fmt: skip


class Line(nn.Module):
    """Patches, a ReLU that always lets through, attention that is always the same, and a class."""

    def __init__(self) -> None:
        super().__init__()
        self.patches, self.relu = nn.Conv2d(3, 5, CELL, stride=CELL), nn.ReLU()
        self.tap = Tap(Kind.SPATIAL, softmax=True, off=None)
        self.attention = nn.Parameter(torch.randn(CELLS, CELLS))
        self.classify = nn.Linear(5, 4)
        self.patches.bias.data.fill_(AWAKE)

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.patches(x))
        attended = self.attention.flatten().softmax(0).view(1, CELLS, CELLS) + 0 * y.mean(
            1
        )  # of the picture, but not by it
        return self.classify((y * self.tap(attended, (CELLS, CELLS)).unsqueeze(1)).sum((2, 3)))


@pytest.fixture(scope="module")
def line() -> Classifier:
    torch.manual_seed(6)
    module = Line().double().eval().requires_grad_(False)
    return Classifier(ModelCard("made/line", "", "plain", CLASSES[:4], size=SIZE), module, torch.device("cpu"))


class Known:
    """What is known of the line: for one row ``v`` (5,) of the last layer the map of each method, by its slug."""

    def __init__(self, line: Classifier, x: Tensor):
        module = line.module
        self.attention = module.attention.flatten().softmax(0).view(CELLS, CELLS).numpy()
        self.weight, self.rows = module.patches.weight.numpy(), module.classify.weight.numpy()
        self.x = x[0].numpy()
        self.absent = {name: absent(line, x, name)[0].numpy() for name in BASELINE.choices}
        self.labels = cut(line, x, 10).numpy()
        self.features = np.zeros((5, CELLS, CELLS))
        for row, column in np.ndindex(CELLS, CELLS):
            self.features[:, row, column] = (self.weight * self.patch(self.x, row, column)).sum((1, 2, 3)) + AWAKE
        assert self.features.min() > AWAKE / 2

    @staticmethod
    def patch(picture: np.ndarray, row: int, column: int) -> np.ndarray:
        return picture[:, CELL * row : CELL * row + CELL, CELL * column : CELL * column + CELL]

    def map(self, slug: str, v: np.ndarray) -> np.ndarray:
        lean, guided = self.slope(v), self.slope(v.clip(0)).sum(0)
        change = (lean * (self.x - self.absent["white"])).sum(0)
        cam = np.einsum("j,jrc->rc", v, self.features)
        stretch = np.array(
            [np.interp((np.arange(SIZE) + 0.5) / CELL - 0.5, range(CELLS), one) for one in np.eye(CELLS)]
        )
        shares = np.array([change[self.labels == one].mean() for one in range(self.labels.max() + 1)])
        uneven = self.attention - 1 / CELLS**2
        blocks = (lean * (self.x - self.absent["black"])).sum(0).reshape(CELLS, CELL, CELLS, CELL).sum((1, 3))
        return {
            **dict.fromkeys(("saliency", "smoothgrad"), np.abs(lean).max(0)),
            "vargrad": np.zeros((SIZE, SIZE)),
            "input-x-gradient": (lean * self.x).sum(0),
            **dict.fromkeys(("integrated-gradients", "deeplift"), change),
            "gradient-shap": np.mean([(lean * (self.x - one)).sum(0) for one in self.absent.values()], 0),
            "occlusion": blocks,
            **dict.fromkeys(("feature-ablation", "kernel-shap", "lime"), shares[self.labels]),
            "lrp": self.shared_out(v),
            **dict.fromkeys(("guided-backpropagation", "deconvolution"), guided),
            "grad-cam": cam.clip(0) / CELLS**2,  # the mean of the attention is one over their number
            "guided-grad-cam": guided * (stretch.T @ (cam.clip(0) / CELLS**2) @ stretch),
            "attention": self.attention,
            "gradient-x-attention": (self.attention * cam).clip(0),
            "layer-gradient-x-activation": self.attention * cam,
            "layer-integrated-gradients": uneven * cam,
        }[slug]

    def slope(self, v: np.ndarray) -> np.ndarray:
        """∂F/∂x (3, size, size)."""
        found = np.zeros_like(self.x)
        for row, column in np.ndindex(CELLS, CELLS):
            self.patch(found, row, column)[:] = self.attention[row, column] * np.einsum("j,jcyx->cyx", v, self.weight)
        return found

    def shared_out(self, v: np.ndarray) -> np.ndarray:
        """LRP: the relevance of each feature, passed to those pixels that excite it."""
        found = np.zeros_like(self.x)
        for channel, row, column in np.ndindex(5, CELLS, CELLS):
            excites = (self.weight[channel] * self.patch(self.x, row, column)).clip(0)
            relevance = v[channel] * self.attention[row, column] * self.features[channel, row, column]
            self.patch(found, row, column)[:] += excites / excites.sum() * relevance
        return found.sum(0)


SLUGS = [one.slug for one in METHODS if one.slug != "rollout"]  # which has no score: below


@pytest.mark.parametrize("slug", SLUGS)
def test_one_class_in_closed_form(line: Classifier, picture: Picture, slug: str) -> None:
    x = line.prepare(picture).double()
    known = Known(line, x)
    for target in (0, 2):
        found = compute(line, slug, x, target, **SETTINGS.get(slug, {}))
        expected = known.map(slug, known.rows[target])
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)  # Captum keeps its steps in float32


@pytest.mark.parametrize("slug", [slug for slug in SLUGS if method(slug).contrasts])
def test_one_class_against_another_in_closed_form(line: Classifier, picture: Picture, slug: str) -> None:
    """What keeps only one side is computed both ways: the plain gradient comes back out of the guided one."""
    known = Known(line, line.prepare(picture).double())
    single = Classifier(line.card, Line().eval().requires_grad_(False), line.device)
    single.module.load_state_dict(line.module.state_dict())
    quick = {"segments": 10, "samples": 100} if slug in ("kernel-shap", "lime") else {}
    quick |= {"segments": 10} if slug == "feature-ablation" else {}
    v = known.rows[1] - known.rows[3]
    expected = known.map(slug, v) - (known.map(slug, -v) if method(slug).one_sided else 0)
    found = attribute(single, picture, slug, 1, contrast=3, **SETTINGS.get(slug, {}), **quick)
    np.testing.assert_allclose(found.values, expected, rtol=1e-3, atol=2e-4 * np.abs(expected).max())
    if slug in ("guided-backpropagation", "deconvolution"):
        np.testing.assert_allclose(expected, known.slope(v).sum(0), rtol=1e-9)
    if slug == "grad-cam":
        np.testing.assert_allclose(expected, np.einsum("j,jrc->rc", v, known.features) / CELLS**2, rtol=1e-9)


def test_rollout_of_a_uniform_map_in_closed_form(tiny: Callable[[str], Classifier], picture: Picture) -> None:
    """(J/n + I)/2, six times over: J/n keeps itself, and what is left of I is halved six times."""
    classifier = tiny("transformer")
    even = core.intervene(classifier, picture, dict.fromkeys(classifier.taps, core.UNIFORM))
    found = core.to_grid(core.rollout_map(even.maps))
    np.testing.assert_allclose(found, np.full((4, 4), (1 - 1 / 2**6) / 17), rtol=1e-5)


@pytest.mark.parametrize("start", ["uniform", "off", "black", "blurred"])
def test_learned_attention_in_closed_form(tiny: Callable[[str], Classifier], picture: Picture, start: str) -> None:
    """Behind attention pooling comes one linear layer: a cell's weight has the effect of its features on the class."""
    classifier = tiny("attention-pooling")
    kept: list[Tensor] = []
    handle = classifier.module.stage4.register_forward_hook(lambda _, __, y: kept.append(y[0].detach().double()))
    attended = [core.read(classifier, picture).maps[0].weights.astype(np.float64)]
    handle.remove()
    evidence = np.einsum("j,jrc->rc", classifier.module.classify.weight[3].double().numpy(), kept[-1].numpy())
    x = classifier.prepare(picture)
    begin = np.full((4, 4), 1 / 16)
    if start in BASELINE.choices:
        with torch.no_grad(), listen() as records:
            classifier.module(absent(classifier, x, start))
        begin = records[classifier.taps["pool"]].weights[0].double().numpy()
    for slug, quick, expected in (
        ("attention", {}, attended[0]),
        ("layer-gradient-x-activation", {}, attended[0] * evidence),
        ("gradient-x-attention", {}, (attended[0] * evidence).clip(0)),
        ("layer-integrated-gradients", {"start": start, "steps": 5}, (attended[0] - begin) * evidence),
    ):
        found = attribute(classifier, picture, slug, "elm", tap="pool", **quick)
        np.testing.assert_allclose(found.values, expected, rtol=1e-4, atol=1e-5 * np.abs(attended[0] * evidence).max())
    change = abs(expected.sum())
    assert found.gap * change < 1e-4 * max(1, change)


@pytest.mark.parametrize("slug", ["plain", "squeeze-excitation"])
def test_grad_cam_before_average_pooling_is_the_class_activation_map(
    tiny: Callable[[str], Classifier], picture: Picture, slug: str
) -> None:
    """Zhou et al., "Learning deep features for discriminative localization", CVPR 2016: Σ w A, kept where positive."""
    classifier = tiny(slug)
    kept: list[np.ndarray] = []
    handle = classifier.module.stage4.register_forward_hook(lambda _, __, y: kept.append(y[0].detach().double()))
    core.read(classifier, picture)
    handle.remove()
    rows = classifier.module.classify.weight.double().numpy()
    maps = np.einsum("kj,jrc->krc", rows, kept[-1].numpy()) / 16
    for target in range(10):
        found = attribute(classifier, picture, "grad-cam", target, stage="stage4").values
        np.testing.assert_allclose(found, maps[target].clip(0), rtol=1e-4, atol=1e-5 * np.abs(maps).max())
    assert maps.max() > 0 > maps.min()


@pytest.mark.parametrize("shape", [(10, 10), (5, 8), (16, 20)])
def test_the_overlap_of_the_top_fifths_is_scipys_jaccard_index(shape: tuple[int, int]) -> None:
    """Where a fifth is a whole number of cells and no two tie."""
    draw = np.random.default_rng(11)
    a, noise = draw.permutation(np.prod(shape)).reshape(shape) + 1.0, draw.normal(size=shape)
    for b in (a + 30 * noise, a + 0.1 * noise, draw.permutation(a.ravel()).reshape(shape)):
        tops = [(one >= np.sort(one.ravel())[-one.size // 5]).ravel() for one in (np.abs(a), np.abs(b))]
        assert [top.sum() for top in tops] == [a.size / 5] * 2
        assert core.agreement(a, b).top_overlap.value == pytest.approx(1 - jaccard(*tops))
