"""What a method leaves behind: nothing, whether it ends well, fails, or is stopped; and eight threads at once."""

from __future__ import annotations

import copy
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import Tensor

from core.attention import tap
from core.attribution import METHODS, attribute, batches, method
from core.attribution.batches import Pace
from core.classifier import Classifier
from core.types import Picture, Stopped
from tests.core.quick_methods import QUICK, count_pictures, tried

pytestmark = [
    pytest.mark.filterwarnings("ignore:Setting backward hooks on ReLU"),
]

SLUGS = [one.slug for one in METHODS]


@pytest.fixture
def batches_of_four(monkeypatch: pytest.MonkeyPatch, classifier: Classifier) -> None:
    monkeypatch.setitem(batches._paces, classifier, {False: Pace(4, 1e-3), True: Pace(4, 1e-3)})


def remains(classifier: Classifier) -> object:
    """All that a faulty method could leave: hooks, modes, gradients, changed weights, random state, context."""

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
    if slug not in tried(classifier):
        return
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
    if slug not in tried(classifier) or (way == "backwards" and not method(slug).gradient):
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
    if slug not in tried(classifier):
        return
    before = remains(classifier)
    calls: list[tuple[int, int]] = []

    def stop(done: int, total: int) -> None:
        calls.append((done, total))
        if slug not in QUICK or len(calls) == 2:
            raise Stopped("enough")

    with monkeypatch.context() as patch:
        seen = count_pictures(classifier, patch)
        with pytest.raises(Stopped):
            attribute(classifier, picture, slug, 0, progress=stop, **QUICK.get(slug, {}))
        assert sum(seen) == calls[-1][0]  # no picture went through the model after the stop
    assert calls[-1][0] < calls[-1][1] or slug not in QUICK
    assert remains(classifier) == before


def test_under_no_grad_and_inline_on_the_worker(classifier: Classifier, picture: Picture) -> None:
    for slug in tried(classifier):
        expected = attribute(classifier, picture, slug, 1, **QUICK.get(slug, {})).values

        def job(slug: str = slug) -> np.ndarray:
            with torch.no_grad():
                return attribute(classifier, picture, slug, 1, **QUICK.get(slug, {})).values

        assert np.array_equal(job(), expected) and np.array_equal(classifier.run(job), expected)


def test_eight_threads_share_one_model(tiny: Callable[[str], Classifier], picture: Picture) -> None:
    classifier = tiny("self-attention")
    questions = [(slug, target) for slug in tried(classifier) if slug not in QUICK for target in (2, 7)]
    questions += [("integrated-gradients", 2), ("layer-integrated-gradients", 2)]
    expected = {q: attribute(classifier, picture, *q, **QUICK.get(q[0], {})).values for q in questions}
    with ThreadPoolExecutor(8) as pool:
        asked = questions * 3
        found = pool.map(lambda q: attribute(classifier, picture, *q, **QUICK.get(q[0], {})).values, asked)
        assert all(np.array_equal(values, expected[q]) for q, values in zip(asked, found, strict=True))
