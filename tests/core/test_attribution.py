"""Every attribution against a slow second derivation or an axiom, and nothing left behind."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from core.attention import MECHANISMS, tap
from core.attribution import METHODS, attribute, batches, method, methods, seconds
from core.attribution.baseline import absent
from core.attribution.batches import Pace, pace, probe
from core.attribution.method import Parameter
from core.classifier import Classifier
from core.models.backbone import STAGES
from core.types import Attribution, InvalidInput, ModelCard, Picture, Stopped

pytestmark = pytest.mark.filterwarnings("ignore:Setting backward hooks on ReLU")

SLUGS = [one.slug for one in METHODS]
KINDS = [one.slug for one in MECHANISMS]
QUICK = {"integrated-gradients": {"steps": 12}, "smoothgrad": {"samples": 10}, "occlusion": {"stride": 8}}
LONG = tuple(QUICK)


@pytest.fixture(params=KINDS)
def classifier(tiny: Callable[[str], Classifier], request: pytest.FixtureRequest) -> Classifier:
    return tiny(request.param)


@pytest.fixture
def batches_of_four(monkeypatch: pytest.MonkeyPatch, classifier: Classifier) -> None:
    monkeypatch.setitem(batches._paces, classifier, {False: Pace(4, 1e-3), True: Pace(4, 1e-3)})


def silent(done: int, total: int) -> None:
    pass


def double(classifier: Classifier) -> Classifier:
    """A copy in float64, where a second derivation can be compared closely."""
    return Classifier(classifier.card, copy.deepcopy(classifier.module).double(), classifier.device)


def compute(classifier: Classifier, slug: str, x: Tensor, target: int, **parameters: object) -> np.ndarray:
    chosen = method(slug)
    settled = chosen.settle(classifier, QUICK.get(slug, {}) | parameters)
    return chosen.compute(classifier, x, target, silent, **settled)[0].numpy()


def gradient(classifier: Classifier, x: Tensor, target: int) -> Tensor:
    """∂F/∂x by hand, for one picture."""
    x = x.clone().requires_grad_()
    return torch.autograd.grad(classifier.module(x)[0, target], x)[0][0]


def refused(word: str, *arguments: object, **parameters: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        attribute(*arguments, **parameters)
    assert word in str(caught.value) and str(caught.value).endswith(".")


# What every method promises of every model


def test_table_of_contents(tiny: Callable[[str], Classifier]) -> None:
    assert len(set(SLUGS)) == len(SLUGS) >= 7 and all(re.fullmatch(r"[a-z]+(-[a-z]+)*", slug) for slug in SLUGS)
    classifier = tiny("plain")
    assert methods(classifier) == METHODS and all(method(one.slug) is one for one in METHODS)
    for one in METHODS:
        assert all((one.title, one.equation, one.paper)) and one.summary.endswith(".")
        for parameter in one.parameters:
            initial = parameter.initial(classifier)
            assert parameter.title and parameter.help.endswith(".")
            assert parameter.check(classifier, initial) == parameter.parse(classifier, str(initial)) == initial
            assert parameter.numeric != bool(parameter.options(classifier))


@pytest.mark.parametrize("slug", SLUGS)
def test_contract(classifier: Classifier, picture: Picture, slug: str) -> None:
    calls: list[tuple[int, int]] = []
    settled = method(slug).settle(classifier, QUICK.get(slug, {}))
    found = attribute(classifier, picture, slug, "elm", progress=lambda *call: calls.append(call), **settled)
    assert isinstance(found, Attribution) and (found.method, found.target) == (slug, 3)
    assert found.values.dtype == np.float32 and not found.values.flags.writeable
    assert found.values.shape == found.grid and all(type(side) is int for side in found.grid)
    assert np.isfinite(found.values).all() and found.values.std() > 0
    assert (found.values.min() < 0) == method(slug).signed
    assert (type(found.gap) is float and found.gap >= 0) if slug == "integrated-gradients" else found.gap is None
    done, totals = zip(*calls, strict=True)
    assert list(done) == sorted(set(done)) and set(totals) == {done[-1]}
    again = attribute(classifier, picture, slug, 3, **settled)
    assert np.array_equal(again.values, found.values) and again.gap == found.gap


def test_target_and_defaults(tiny: Callable[[str], Classifier], picture: Picture) -> None:
    classifier = tiny("cbam")
    with torch.no_grad():
        likeliest = int(classifier.module(classifier.prepare(picture))[0].argmax())
    predicted = attribute(classifier, picture, "smoothgrad")
    assert predicted.target == likeliest
    named = attribute(classifier, picture, "smoothgrad", classifier.card.classes[likeliest].upper(), samples=25, seed=0)
    assert np.array_equal(named.values, predicted.values)
    other = attribute(classifier, picture, "smoothgrad", likeliest, seed=1)
    assert not np.allclose(other.values, predicted.values)


@pytest.mark.parametrize("slug", SLUGS)
def test_evaluations_are_counted_rightly(
    tiny: Callable[[str], Classifier], picture: Picture, slug: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    classifier = tiny("plain")
    pace(classifier), pace(classifier, gradient=True)
    seen = count_pictures(classifier, monkeypatch)
    chosen = method(slug)
    attribute(classifier, picture, slug, 0, **QUICK.get(slug, {}))
    count = chosen.evaluations(classifier, **chosen.settle(classifier, QUICK.get(slug, {})))
    assert sum(seen) == count
    assert chosen.forwards(classifier, **QUICK.get(slug, {})) == count * (2 if chosen.gradient else 1)
    assert seconds(classifier, slug, **QUICK.get(slug, {})) == count * pace(classifier, chosen.gradient).seconds > 0


def count_pictures(classifier: Classifier, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A list that grows by the size of each batch that reaches the last layer."""
    seen: list[int] = []
    last, forward = classifier.module.classify, classifier.module.classify.forward
    monkeypatch.setitem(vars(last), "forward", lambda y: (seen.append(len(y)), forward(y))[1])
    return seen


# Nothing stays behind


def remains(classifier: Classifier) -> object:
    """All that a careless method could leave: hooks, modes, gradients, changed weights, random state, context."""

    def job() -> tuple:
        context = torch.is_grad_enabled(), torch.is_inference_mode_enabled(), tap._records.get(), len(tap._steers.get())
        return *context, torch.get_rng_state().numpy().tobytes()

    state = [classifier.run(job)]
    for name, module in classifier.module.named_modules():
        hooks = {key: len(value) for key, value in vars(module).items() if key.endswith("_hooks") and value is not None}
        state.append((name, hooks, module.training, sorted(vars(module)), type(module).__name__))
    for name, tensor in [*classifier.module.named_parameters(), *classifier.module.named_buffers()]:
        state.append((name, tensor.requires_grad, tensor.grad is None, tensor._backward_hooks, tensor.numpy().tobytes()))
    return state


def test_the_trap_sees_what_stays_behind(tiny: Callable[[str], Classifier]) -> None:
    classifier = Classifier(tiny("plain").card, copy.deepcopy(tiny("plain").module), torch.device("cpu"))
    before, module = remains(classifier), classifier.module.stage1
    handle = module.register_forward_hook(lambda *_: None)
    assert remains(classifier) != before
    handle.remove()
    assert remains(classifier) == before
    classifier.module.train()
    assert remains(classifier) != before


@pytest.mark.parametrize("slug", SLUGS)
def test_nothing_stays_behind_after_success(classifier: Classifier, picture: Picture, slug: str) -> None:
    before = remains(classifier)
    attribute(classifier, picture, slug, 0, **QUICK.get(slug, {}))
    assert remains(classifier) == before
    x = classifier.prepare(picture)
    kept = x.clone()
    compute(classifier, slug, x, 0)
    assert torch.equal(x, kept) and not x.requires_grad and x.grad is None and remains(classifier) == before


class FailsBackwards(torch.autograd.Function):
    @staticmethod
    def forward(context: object, y: Tensor) -> Tensor:
        return y.clone()

    @staticmethod
    def backward(context: object, grad: Tensor) -> Tensor:
        raise ArithmeticError("planted")


def fail(y: Tensor) -> Tensor:
    raise ArithmeticError("planted")


@pytest.mark.parametrize("way", ["forwards", "backwards"])
@pytest.mark.parametrize("slug", SLUGS)
def test_nothing_stays_behind_after_failure(classifier: Classifier, picture: Picture, slug: str, way: str) -> None:
    if way == "backwards" and not method(slug).gradient:
        return
    before = remains(classifier)
    expected = attribute(classifier, picture, slug, 0, **QUICK.get(slug, {}))
    with pytest.MonkeyPatch.context() as patch:
        last, forward = classifier.module.classify, classifier.module.classify.forward
        broken = fail if way == "forwards" else lambda y: FailsBackwards.apply(forward(y))
        patch.setitem(vars(last), "forward", broken)
        with pytest.raises(ArithmeticError, match="planted"):
            attribute(classifier, picture, slug, 0, **QUICK.get(slug, {}))
    assert remains(classifier) == before
    again = attribute(classifier, picture, slug, 0, **QUICK.get(slug, {}))
    assert np.array_equal(again.values, expected.values)


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.usefixtures("batches_of_four")
def test_stopped_between_two_batches(
    classifier: Classifier, picture: Picture, slug: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = remains(classifier)
    calls: list[tuple[int, int]] = []

    def stop(done: int, total: int) -> None:
        calls.append((done, total))
        if slug not in LONG or len(calls) == 2:
            raise Stopped("enough")

    with monkeypatch.context() as patch:
        seen = count_pictures(classifier, patch)
        with pytest.raises(Stopped):
            attribute(classifier, picture, slug, 0, progress=stop, **QUICK.get(slug, {}))
        assert sum(seen) == calls[-1][0]  # no picture went through the model after the stop
    assert calls[-1][0] < calls[-1][1] or slug not in LONG
    assert remains(classifier) == before


def test_under_no_grad_and_inline_on_the_worker(classifier: Classifier, picture: Picture) -> None:
    for slug in SLUGS:
        expected = attribute(classifier, picture, slug, 1, **QUICK.get(slug, {})).values

        def job(slug: str = slug) -> np.ndarray:
            with torch.no_grad():
                return attribute(classifier, picture, slug, 1, **QUICK.get(slug, {})).values

        assert np.array_equal(job(), expected) and np.array_equal(classifier.run(job), expected)


def test_eight_threads_share_one_model(tiny: Callable[[str], Classifier], picture: Picture) -> None:
    classifier = tiny("self-attention")
    questions = [(slug, target) for slug in SLUGS for target in (2, 7)]
    expected = {q: attribute(classifier, picture, *q, **QUICK.get(q[0], {})).values for q in questions}
    with ThreadPoolExecutor(8) as pool:
        asked = questions * 5
        found = pool.map(lambda q: attribute(classifier, picture, *q, **QUICK.get(q[0], {})).values, asked)
        assert all(np.array_equal(values, expected[q]) for q, values in zip(asked, found, strict=True))


# The numbers


def test_gradients_by_hand_and_by_finite_differences(classifier: Classifier, picture: Picture) -> None:
    exact = double(classifier)
    x = exact.prepare(picture).double()
    slope = gradient(exact, x, 4)
    saliency, product = compute(exact, "saliency", x, 4), compute(exact, "input-x-gradient", x, 4)
    np.testing.assert_allclose(saliency, slope.abs().max(0).values, rtol=1e-9)
    np.testing.assert_allclose(product, (slope * x[0]).sum(0), rtol=1e-9, atol=1e-12)
    for row, column in np.random.default_rng(0).integers(0, 64, (6, 2)):
        differences = []
        for colour in range(3):
            step = torch.zeros_like(x)
            step[0, colour, row, column] = 1e-6
            with torch.no_grad():
                differences.append((exact.score(x + step, 4) - exact.score(x - step, 4)).item() / 2e-6)
        pixel = x[0, :, row, column].numpy()
        scale = np.abs(saliency).max()
        assert saliency[row, column] == pytest.approx(np.abs(differences).max(), rel=1e-4, abs=1e-6 * scale)
        assert product[row, column] == pytest.approx(pixel @ differences, rel=1e-4, abs=1e-6 * scale)


def test_float32_is_close_to_float64(classifier: Classifier, picture: Picture) -> None:
    exact = double(classifier)
    for slug in SLUGS:
        single = compute(classifier, slug, classifier.prepare(picture), 4)
        twice = compute(exact, slug, exact.prepare(picture).double(), 4)
        assert np.abs(single - twice).max() < 2e-3 * np.abs(twice).max()


@pytest.fixture
def linear() -> Classifier:
    """F_k(x) = Σ w_k x + c_k in float64, on 32 px."""
    torch.manual_seed(3)
    module = nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 4)).double().requires_grad_(False)
    return Classifier(ModelCard("made/linear", "", "plain", ("a", "b", "c", "d"), size=32), module, torch.device("cpu"))


@pytest.mark.parametrize("baseline", ["mean-colour", "black", "white", "blurred"])
def test_a_linear_model_in_closed_form(linear: Classifier, picture: Picture, baseline: str) -> None:
    x = linear.prepare(picture).double()
    weight = linear.module[1].weight[2].view(3, 32, 32)
    change = (weight * (x - absent(linear, x, baseline))[0]).sum(0).numpy()
    for slug in ("saliency", "smoothgrad"):
        np.testing.assert_allclose(compute(linear, slug, x, 2), weight.abs().amax(0), rtol=1e-9)
    np.testing.assert_allclose(compute(linear, "input-x-gradient", x, 2), (weight * x[0]).sum(0), rtol=1e-9, atol=1e-12)
    chosen = method("integrated-gradients")
    values, gap = chosen.compute(linear, x, 2, silent, steps=10, baseline=baseline)
    np.testing.assert_allclose(values, change, rtol=1e-5, atol=1e-7)  # Captum keeps its step sizes in float32
    assert gap < 1e-6
    hidden = compute(linear, "occlusion", x, 2, window=4, stride=4, baseline=baseline)
    np.testing.assert_allclose(hidden, change.reshape(8, 4, 8, 4).sum((1, 3)), rtol=1e-9, atol=1e-12)


def test_a_model_without_stages_and_relu_is_not_offered_what_needs_them(linear: Classifier, picture: Picture) -> None:
    assert {one.slug for one in METHODS} - {one.slug for one in methods(linear)} == {"grad-cam", "guided-backpropagation"}
    refused("does not fit", linear, picture, "grad-cam")
    refused("does not fit", linear, picture, "guided-backpropagation")


def test_baselines(tiny: Callable[[str], Classifier], picture: Picture) -> None:
    classifier = double(tiny("plain"))
    x = classifier.prepare(picture).double()
    mean, std = (np.array(values).reshape(3, 1, 1) for values in (classifier.card.mean, classifier.card.std))
    for name, colour in (("mean-colour", mean), ("black", 0.0), ("white", 1.0)):
        rgb = absent(classifier, x, name)[0].numpy() * std + mean
        np.testing.assert_allclose(rgb, np.broadcast_to(colour, rgb.shape), atol=1e-6)
    blurred = absent(classifier, x, "blurred")[0].numpy()
    reach = np.arange(-12, 13)
    weights = np.exp(-0.5 * (reach / 4) ** 2)  # 64 px / 16
    for row, column in ((0, 0), (63, 30), (20, 41)):
        total = np.zeros(3)
        for down, vertical in zip(reach, weights, strict=True):
            for across, horizontal in zip(reach, weights, strict=True):
                y, z = (63 - abs(63 - abs(place)) for place in (row + down, column + across))  # mirrored at the edge
                total += vertical * horizontal * x[0, :, y, z].numpy()
        np.testing.assert_allclose(blurred[:, row, column], total / weights.sum() ** 2, rtol=1e-5)


@pytest.mark.parametrize("baseline", ["mean-colour", "white"])
def test_integrated_gradients_by_a_loop(classifier: Classifier, picture: Picture, baseline: str) -> None:
    exact = double(classifier)
    x = exact.prepare(picture).double()
    start = absent(exact, x, baseline)
    places, weights = np.polynomial.legendre.leggauss(12)
    mean = sum(w / 2 * gradient(exact, start + (t + 1) / 2 * (x - start), 6) for t, w in zip(places, weights, strict=True))
    expected = (mean * (x - start)[0]).sum(0).numpy()
    settled = {"steps": 12, "baseline": baseline}
    values, gap = method("integrated-gradients").compute(exact, x, 6, silent, **settled)
    np.testing.assert_allclose(values, expected, rtol=1e-5, atol=1e-6 * np.abs(expected).max())
    with torch.no_grad():
        change = (exact.score(x, 6) - exact.score(start, 6)).item()
    assert gap == pytest.approx(abs(expected.sum() - change) / max(abs(change), 1), abs=1e-5)


def test_integrated_gradients_are_complete(classifier: Classifier, picture: Picture) -> None:
    gaps = [attribute(classifier, picture, "integrated-gradients", 6, steps=steps).gap for steps in (10, 500)]
    assert gaps[1] < 0.01 and gaps[1] < gaps[0]


def test_smoothgrad_by_a_loop(classifier: Classifier, picture: Picture, monkeypatch: pytest.MonkeyPatch) -> None:
    exact = double(classifier)
    x = exact.prepare(picture).double()
    generator = torch.Generator().manual_seed(9)
    spread, total = 0.2 * (x.max() - x.min()), 0.0
    for _ in range(7):
        total = total + gradient(exact, x + spread * torch.randn(3, 64, 64, generator=generator).double(), 5)
    expected = (total / 7).abs().max(0).values
    for size in (1, 3, 16):  # the draws do not depend on the batches
        monkeypatch.setitem(batches._paces, exact, {True: Pace(size, 1e-3)})
        values = compute(exact, "smoothgrad", x, 5, samples=7, noise=0.2, seed=9)
        np.testing.assert_allclose(values, expected, rtol=1e-8, atol=1e-14)
    still = compute(exact, "smoothgrad", x, 5, noise=0.0)
    np.testing.assert_allclose(still, compute(exact, "saliency", x, 5), rtol=1e-9)


@pytest.mark.parametrize("stage", STAGES)
def test_grad_cam_by_a_loop(classifier: Classifier, picture: Picture, stage: str) -> None:
    exact = double(classifier)
    x, module = exact.prepare(picture).double(), exact.module
    y = module.stem(x)
    for name in STAGES:
        y = module.get_submodule(name)(y)
        if name == stage:
            features = y = y.detach().requires_grad_()
    logits = module.classify(module.pool(y))
    blank = 0
    for target in range(10):
        (slope,) = torch.autograd.grad(logits[0, target], features, retain_graph=True)
        expected = np.zeros(features.shape[2:])
        for channel in range(features.shape[1]):
            expected += slope[0, channel].mean().item() * features[0, channel].detach().numpy()
        found = compute(exact, "grad-cam", x, target, stage=stage)
        np.testing.assert_allclose(found, expected.clip(0), rtol=1e-9, atol=1e-12)
        blank += not found.any()
    side = {"stage1": 16, "stage2": 16, "stage3": 8, "stage4": 4}[stage]
    assert found.shape == (side, side) and blank < 10
    if stage == STAGES[-1]:
        default = attribute(classifier, picture, "grad-cam", 9)
        named = attribute(classifier, picture, "grad-cam", 9, stage=stage)
        assert np.array_equal(default.values, named.values)


def test_guided_backpropagation_by_the_rule(picture: Picture) -> None:
    torch.manual_seed(4)
    layers = nn.Linear(3 * 16 * 16, 20), nn.Linear(20, 15), nn.Linear(15, 3)
    first, second, third = layers
    module = nn.Sequential(nn.Flatten(), first, nn.ReLU(), second, nn.ReLU(), third).double().requires_grad_(False)
    classifier = Classifier(ModelCard("made/two", "", "plain", ("a", "b", "c"), size=16), module, torch.device("cpu"))
    x = classifier.prepare(picture).double()
    (w1, b1), (w2, b2), (w3, _) = ((layer.weight.numpy(), layer.bias.numpy()) for layer in layers)
    before = w1 @ x.numpy().ravel() + b1
    middle = w2 @ before.clip(0) + b2
    for target in range(3):
        back = w3[target]
        back = np.where((middle > 0) & (back > 0), back, 0) @ w2
        back = np.where((before > 0) & (back > 0), back, 0) @ w1
        found = compute(classifier, "guided-backpropagation", x, target)
        np.testing.assert_allclose(found, back.reshape(3, 16, 16).sum(0), rtol=1e-9, atol=1e-12)
        assert not np.allclose(found, gradient(classifier, x, target).sum(0))


class GuidedReLU(nn.Module):
    """relu whose gradient is the guided rule, written out."""

    class Rule(torch.autograd.Function):
        @staticmethod
        def forward(context: torch.autograd.function.FunctionCtx, x: Tensor) -> Tensor:
            context.save_for_backward(x)
            return x.clamp(min=0)

        @staticmethod
        def backward(context: torch.autograd.function.FunctionCtx, grad: Tensor) -> Tensor:
            (x,) = context.saved_tensors
            return grad * (grad > 0) * (x > 0)

    def forward(self, x: Tensor) -> Tensor:
        return self.Rule.apply(x)


def test_guided_backpropagation_of_each_mechanism(classifier: Classifier, picture: Picture) -> None:
    exact = double(classifier)
    x = exact.prepare(picture).double()
    ruled = double(classifier)
    for parent in list(ruled.module.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.ReLU):
                setattr(parent, name, GuidedReLU())
    expected = gradient(ruled, x, 8).sum(0)
    np.testing.assert_allclose(compute(exact, "guided-backpropagation", x, 8), expected, rtol=1e-8, atol=1e-12)


def hidden_pictures(x: Tensor, baseline: Tensor, window: int, stride: int) -> Iterator[Tensor]:
    """The picture with one window after the other hidden, row by row."""
    size = x.shape[-1]
    for row in range(0, size, stride):
        for column in range(0, size, stride):
            top, left = (place - (window - stride) // 2 for place in (row, column))
            gone = x.clone()
            for y in range(max(0, top), min(size, top + window)):
                for z in range(max(0, left), min(size, left + window)):
                    gone[..., y, z] = baseline[..., y, z]
            yield gone


@pytest.mark.parametrize("window, stride, baseline", [(8, 8, "black"), (24, 8, "mean-colour"), (17, 16, "blurred")])
def test_occlusion_by_a_loop(classifier: Classifier, picture: Picture, window: int, stride: int, baseline: str) -> None:
    exact = double(classifier)
    x = exact.prepare(picture).double()
    with torch.no_grad():
        whole = exact.score(x, 1).item()
        drops = [
            whole - exact.score(gone, 1).item()
            for gone in hidden_pictures(x, absent(exact, x, baseline), window, stride)
        ]
    found = compute(exact, "occlusion", x, 1, window=window, stride=stride, baseline=baseline)
    np.testing.assert_allclose(found, np.reshape(drops, (64 // stride, -1)), rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("row, column", [(0, 0), (9, 22), (31, 16)])
def test_occlusion_finds_the_one_pixel_that_matters(linear: Classifier, picture: Picture, row: int, column: int) -> None:
    x = linear.prepare(picture).double() + 5
    weight = torch.zeros(3, 32, 32, dtype=torch.float64)
    weight[1, row, column] = 1
    linear.module[1].weight[0] = weight.flatten()
    cell = np.zeros((8, 8))
    cell[row // 4, column // 4] = x[0, 1, row, column]
    np.testing.assert_allclose(compute(linear, "occlusion", x, 0, window=4, stride=4), cell, atol=1e-12)
    places = np.argwhere(compute(linear, "occlusion", x, 0, window=12, stride=4))
    near = [(i, j) for i in range(8) for j in range(8) if abs(i - row // 4) <= 1 and abs(j - column // 4) <= 1]
    assert [tuple(place) for place in places] == near


# What is refused


def test_mistakes_are_told_in_one_sentence(tiny: Callable[[str], Classifier], picture: Picture) -> None:
    classifier = tiny("plain")
    refused("saliency, input-x-gradient", classifier, picture, "salience")
    refused("knows no class 'cat'", classifier, picture, "saliency", "cat")
    refused("knows no class 10", classifier, picture, "saliency", 10)
    refused("takes a Picture", classifier, picture.pixels, "saliency")
    refused("has no parameter 'steps'; it has no parameters", classifier, picture, "saliency", steps=50)
    refused("has no parameter 'step'; it has steps, baseline", classifier, picture, "integrated-gradients", step=50)
    for wrong in (9, 501, 20.5, float("nan"), "50", True, None):
        refused("a whole number from 10 to 500", classifier, picture, "integrated-gradients", steps=wrong)
    for wrong in (-0.1, 0.6, float("nan"), float("inf"), "much"):
        refused("a number from 0.0 to 0.5", classifier, picture, "smoothgrad", noise=wrong)
    for wrong in ("grey", 0, None):
        refused("mean-colour, black, white, blurred", classifier, picture, "integrated-gradients", baseline=wrong)
    refused("stage1, stage2, stage3, stage4", classifier, picture, "grad-cam", stage="stage5")
    for wrong in (3, True, "8"):
        refused("one of 2, 4, 8, 16", classifier, picture, "occlusion", stride=wrong)
    refused("choose 16 pixels or more", classifier, picture, "occlusion", stride=16, window=8)


def test_numbers_of_any_kind_and_texts(tiny: Callable[[str], Classifier]) -> None:
    classifier, steps = tiny("plain"), method("integrated-gradients").parameters[0]
    for fifty in (50, 50.0, np.int64(50), np.float32(50)):
        assert steps.check(classifier, fifty) == 50 and type(steps.check(classifier, fifty)) is int
    assert steps.parse(classifier, "60") == 60
    stride = next(one for one in method("occlusion").parameters if one.name == "stride")
    assert stride.parse(classifier, "16") == 16
    for parameter, text in ((steps, "many"), (steps, "60.5"), (steps, "1e9"), (steps, "nan"), (stride, "5")):
        with pytest.raises(InvalidInput):
            parameter.parse(classifier, text)


@pytest.mark.parametrize("size, expected", [(64, (2, 4, 8, 16)), (128, (4, 8, 16, 32)), (224, (7, 8, 14, 16, 28, 32, 56))])
def test_strides_tile_the_square(tiny: Callable[[str], Classifier], size: int, expected: tuple[int, ...]) -> None:
    classifier = Classifier(ModelCard("a/b", "", "plain", ("a",), size=size), tiny("plain").module, torch.device("cpu"))
    stride = next(one for one in method("occlusion").parameters if one.name == "stride")
    assert stride.options(classifier) == expected
    assert size / stride.initial(classifier) in (14, 16)


def test_a_choice_of_the_callers_own() -> None:
    plain = Parameter("colour", "Colour", "Which.", "red", choices=("red", "blue"))
    assert plain.initial(None) == "red" and plain.options(None) == ("red", "blue") and not plain.numeric


# The size of a batch


@pytest.mark.parametrize(
    "cost, size",
    [
        (lambda n: 1e-3 * n, 1),  # nothing gained
        (lambda n: 1e-2 + 1e-4 * n, 16),  # as large as a processor is given
        (lambda n: 1e-2 + 1e-3 * n if n < 8 else 1.0, 4),  # a cliff
        (lambda n: 0.2 + 0.05 * n, 2),  # a batch of four would already be too long for a Stop
    ],
)
@pytest.mark.parametrize("with_gradient", [False, True])
def test_probe(
    linear: Classifier, monkeypatch: pytest.MonkeyPatch, cost: Callable[[int], float], size: int, with_gradient: bool
) -> None:
    clock = [0.0]
    monkeypatch.setattr(batches.time, "perf_counter", lambda: clock[0])
    forward = linear.module.forward

    def slow(x: Tensor) -> Tensor:
        clock[0] += cost(len(x))
        return forward(x)

    monkeypatch.setattr(linear.module, "forward", slow)
    found = probe(linear, with_gradient)
    assert found.size == size and found.seconds == pytest.approx(cost(size) / size)


def test_the_pace_is_found_once(linear: Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    found = pace(linear, gradient=True)
    monkeypatch.setattr(batches, "probe", fail)
    assert pace(linear, gradient=True) is found and 1 <= found.size <= 16
    with pytest.raises(ArithmeticError):
        pace(linear)
