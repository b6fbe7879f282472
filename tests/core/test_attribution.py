"""What every method promises of every model: its results, nothing left behind, an end when told, and clear refusals."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import Tensor

from core.attention import tap
from core.attribution import METHODS, attribute, batches, method, methods, seconds
from core.attribution.batches import Pace, pace
from core.attribution.method import Parameter
from core.classifier import Classifier
from core.types import Attribution, InvalidInput, ModelCard, Picture, Stopped

pytestmark = pytest.mark.filterwarnings("ignore:Setting backward hooks on ReLU")

SLUGS = [one.slug for one in METHODS]
QUICK = {"integrated-gradients": {"steps": 12}, "smoothgrad": {"samples": 10}, "occlusion": {"stride": 8}}
LONG = tuple(QUICK)


@pytest.fixture
def batches_of_four(monkeypatch: pytest.MonkeyPatch, classifier: Classifier) -> None:
    monkeypatch.setitem(batches._paces, classifier, {False: Pace(4, 1e-3), True: Pace(4, 1e-3)})


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
    assert np.isfinite(found.values).all()
    assert found.values.std() > 0 or slug == "grad-cam"  # which is blank where all the evidence is negative
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
        content = tensor.numpy().tobytes()
        state.append((name, tensor.requires_grad, tensor.grad is None, tensor._backward_hooks, content))
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
    chosen = method(slug)
    chosen.compute(classifier, x, 0, lambda *_: None, **chosen.settle(classifier, QUICK.get(slug, {})))
    assert torch.equal(x, kept) and not x.requires_grad and x.grad is None and remains(classifier) == before


class FailsBackwards(torch.autograd.Function):
    @staticmethod
    def forward(context: object, y: Tensor) -> Tensor:
        return y.clone()

    @staticmethod
    def backward(context: object, grad: Tensor) -> Tensor:
        raise ArithmeticError("planted")


def fail(*_: object) -> Tensor:
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


# What is refused


def test_a_model_without_stages_and_relu_is_not_offered_what_needs_them(linear: Classifier, picture: Picture) -> None:
    assert set(METHODS) - set(methods(linear)) == {method("grad-cam"), method("guided-backpropagation")}
    refused("does not fit", linear, picture, "grad-cam")
    refused("does not fit", linear, picture, "guided-backpropagation")


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
    refused("a whole number from 0 to 999", classifier, picture, "smoothgrad", seed=True)
    for wrong in (False, -0.1, 0.6, float("nan"), float("inf"), "much"):
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


@pytest.mark.parametrize(
    "size, expected", [(64, (2, 4, 8, 16)), (128, (4, 8, 16, 32)), (224, (7, 8, 14, 16, 28, 32, 56))]
)
def test_strides_tile_the_square(tiny: Callable[[str], Classifier], size: int, expected: tuple[int, ...]) -> None:
    classifier = Classifier(ModelCard("a/b", "", "plain", ("a",), size=size), tiny("plain").module, torch.device("cpu"))
    stride = next(one for one in method("occlusion").parameters if one.name == "stride")
    assert stride.options(classifier) == expected
    assert size / stride.initial(classifier) in (14, 16)


def test_a_choice_of_the_callers_own() -> None:
    plain = Parameter("colour", "Colour", "Which.", "red", choices=("red", "blue"))
    assert plain.initial(None) == "red" and plain.options(None) == ("red", "blue") and not plain.numeric
