"""What a tap promises to code that listens or steers: the gradient, the steers, no trace, and separate threads."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from copy import deepcopy

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from core.attention import MECHANISMS
from core.attention.tap import Tap, gradients, listen, replaced, shuffled, steer, switched_off, taps, uniform
from core.attention.tap import _records as records_variable
from core.attention.tap import _steers as steers_variable
from core.kinds import KINDS, Kind
from core.types import InvalidInput

EVERY = [one.slug for one in MECHANISMS]
ATTENTIVE = EVERY[1:]


def nudged(place: tuple[int, ...], step: float) -> Callable[[Tap, Tensor], Tensor]:
    """One weight a little larger; of a film as soon as its frame is there."""

    def nudge(tap: Tap, own: Tensor) -> Tensor:
        own = own.clone()
        if tap.kind != Kind.SEQUENCE or place[0] < own.shape[1]:
            own[0][place] += step
        return own

    return nudge


@pytest.mark.parametrize("slug", ATTENTIVE)
def test_the_gradient_at_each_tap_is_the_slope_of_the_score(tiny: Callable, x: Tensor, slug: str) -> None:
    module = deepcopy(tiny(slug).module).double()
    x = x[:1].double().requires_grad_(True)
    with listen() as records:
        score = module(x)[0, 2]
    names = list(taps(module))
    heard = [records[taps(module)[name]] for name in names]
    weights, found = [record.weights for record in heard], gradients(score, heard)
    for name, weight, gradient in zip(names, weights, found, strict=True):
        flat = gradient.flatten()
        for place in (int(flat.abs().argmax()), int(flat.abs().median(0).indices)):
            scores, reach = [], 1e-6
            for step in (reach, -reach):
                with steer(module, {name: nudged(np.unravel_index(place, weight[0].shape), step)}), torch.no_grad():
                    scores.append(module(x)[0, 2])
            assert (scores[0] - scores[1]).item() / (2 * reach) == pytest.approx(flat[place].item(), rel=1e-3, abs=1e-6)
        assert flat.abs().max() > 0


SHAPES = {
    Kind.CHANNEL: (2, 6),
    Kind.SPATIAL: (2, 3, 4),
    Kind.FEATURE: (2, 5, 3, 4),
    Kind.PAIRWISE: (2, 3, 6, 6),
    Kind.WINDOWED: (2, 4, 3, 9, 9),
    Kind.KEY_WINDOWS: (2, 4, 3, 2, 9),
    Kind.SEQUENCE: (2, 3, 3, 4),
    Kind.MIXED: (2, 3, 6, 6),
}
SPREAD = {
    Kind.CHANNEL: 1,
    Kind.PAIRWISE: 1,
    Kind.WINDOWED: 1,
    Kind.KEY_WINDOWS: 1,
    Kind.MIXED: 1,
}  # how many last axes the weights spread over, else two


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_uniform_is_one_over_n_for_a_softmax_and_the_pictures_mean_for_a_gate(kind: Kind) -> None:
    weights = torch.rand(SHAPES[kind], generator=torch.Generator().manual_seed(5))
    gate = uniform(Tap(kind, softmax=False, off=1.0), weights)
    assert gate.shape == weights.shape
    for b in range(0 if kind.signed else 2):
        assert gate[b].flatten().tolist() == pytest.approx([float(np.mean(weights[b].tolist()))] * weights[b].numel())
    if kind != Kind.CHANNEL:
        flat = uniform(Tap(kind, softmax=True, off=0.0), weights)
        n = math.prod(weights.shape[-SPREAD.get(kind, 2) :])
        assert flat.shape == weights.shape and flat.unique().tolist() == pytest.approx([1 / n])
        torch.testing.assert_close(switched_off(Tap(kind, softmax=True, off=None), weights), flat)
    assert (switched_off(Tap(kind, softmax=False, off=1.0), weights) == 1).all()
    assert (switched_off(Tap(kind, softmax=True, off=0.0), weights) == 0).all()


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_shuffled_moves_the_same_weights_to_other_places_one_order_for_a_picture(kind: Kind) -> None:
    weights = torch.rand(SHAPES[kind], generator=torch.Generator().manual_seed(6))
    tap = Tap(kind, softmax=False, off=1.0)
    moved, spread = shuffled(3)(tap, weights), SPREAD.get(kind, 2)
    assert torch.equal(moved, shuffled(3)(tap, weights)) and not torch.equal(moved, shuffled(4)(tap, weights))
    orders = []
    for before, after in zip(weights, moved, strict=True):
        cells = math.prod(before.shape[-spread:])
        before, after = before.reshape(-1, cells).tolist(), after.reshape(-1, cells).tolist()
        order = [before[0].index(value) for value in after[0]]
        assert sorted(order) == list(range(cells)) != order
        assert all([row[place] for place in order] == new for row, new in zip(before, after, strict=True))
        orders.append(order)
    assert orders[0] != orders[1]


@pytest.mark.parametrize("slug", ATTENTIVE)
def test_replaced_by_its_own_maps_a_model_says_the_same_and_by_another_pictures_it_does_not(
    tiny: Callable, x: Tensor, slug: str
) -> None:
    classifier = tiny(slug)
    with listen() as records:
        expected = classifier.module(x)
    for picture, same in ((0, True), (1, False)):
        maps = {name: replaced(records[tap].weights[picture]) for name, tap in classifier.taps.items()}
        with steer(classifier.module, maps), listen() as steered:
            logits = classifier.module(x[:1])
        assert torch.allclose(logits, expected[:1], rtol=1e-5, atol=1e-5) == same
        for tap in classifier.taps.values():  # who listens hears what was multiplied, not what the model made
            assert torch.equal(steered[tap].weights[0], records[tap].weights[picture])
    first = next(iter(classifier.taps))
    with pytest.raises(InvalidInput, match=r"^The map has shape \(2, 2\), but this tap needs \([\d, ]+\)\. Give"):
        with steer(classifier.module, {first: replaced(torch.ones(2, 2))}):
            classifier.module(x)


def test_an_inner_steer_and_an_inner_listener_have_the_word_and_give_it_back(tiny: Callable, x: Tensor) -> None:
    classifier = tiny("spatial-gate")
    (one, first), (two, second) = classifier.taps.items()
    with listen() as outer, steer(classifier.module, {one: switched_off, two: switched_off}):
        with listen() as inner, steer(classifier.module, {one: lambda tap, weights: weights * 0}):
            classifier.module(x)
        assert not outer and (inner[first].weights == 0).all() and (inner[second].weights == 1).all()
        classifier.module(x)
        assert (outer[first].weights == 1).all() and (outer[second].weights == 1).all()


@pytest.mark.parametrize("slug", EVERY)
def test_a_tap_leaves_no_key_in_the_state_dict(tiny: Callable, slug: str) -> None:
    module = tiny(slug).module
    for tap in taps(module).values():
        assert not tap.state_dict() and not list(tap.buffers()) and not list(tap.children())
    names = {name for name, _ in module.named_parameters()}
    statistics = {"running_mean", "running_var", "num_batches_tracked"}
    assert {key for key in module.state_dict() if key.rsplit(".", 1)[-1] not in statistics} == names
    assert not any("tap" in key for key in module.state_dict())


def traces(module: nn.Module) -> dict[str, object]:
    """Everything about a model and this thread that somebody could have reinitialized to put back."""
    hooks = [name for name in vars(nn.Module()) if name.endswith("_hooks")]
    return {
        "hooks": [(name, kind) for name, child in module.named_modules() for kind in hooks if getattr(child, kind)],
        "modes": [child.training for child in module.modules()],
        "gradients": [(parameter.requires_grad, parameter.grad) for parameter in module.parameters()],
        "values": {name: value.double().sum().item() for name, value in module.state_dict().items()},
        "attributes": {name: set(vars(child)) for name, child in module.named_modules()},
        "thread": (records_variable.get(), dict(steers_variable.get()), torch.is_grad_enabled()),
    }


@pytest.mark.parametrize("slug", ATTENTIVE)
def test_nothing_stays_behind_after_success_or_failure(tiny: Callable, x: Tensor, slug: str) -> None:
    module, names = tiny(slug).module, list(tiny(slug).taps)
    before, expected = traces(module), module(x)

    def fail(tap: Tap, weights: Tensor) -> Tensor:
        raise RuntimeError("on purpose")

    with listen(), steer(module, dict.fromkeys(names, uniform)):
        module(x)
    with pytest.raises(RuntimeError, match="on purpose"), listen(), steer(module, {names[-1]: fail}):
        module(x)
    with pytest.raises(InvalidInput, match=r"^There is no tap 'stage9'. This model has: [a-z][^\n]+\.$"):
        with steer(module, {"stage9": uniform}):
            raise AssertionError("never reached")
    assert traces(module) == before and before["thread"] == (None, {}, True) and not before["hooks"]
    assert torch.equal(module(x), expected)


@pytest.mark.parametrize("slug", ["cbam", "self-attention", "recurrent"])
def test_threads_that_share_a_model_hear_and_steer_only_their_own(tiny: Callable, x: Tensor, slug: str) -> None:
    classifier = tiny(slug)
    same, halved = lambda tap, weights: weights, lambda tap, weights: weights / 2
    kinds = [switched_off, uniform, shuffled(1), shuffled(2), None, halved, shuffled(3), same]

    def answer(place: int) -> tuple[Tensor, ...]:
        steers = dict.fromkeys(classifier.taps, kinds[place]) if kinds[place] else {}
        with torch.no_grad(), listen() as records, steer(classifier.module, steers):
            logits = classifier.module(x[place % 3][None])
        return logits, *(records[tap].weights for tap in classifier.taps.values())

    expected = [answer(place) for place in range(8)]
    wrong, done, together = [], [], threading.Barrier(8)

    def work(place: int) -> None:
        together.wait()
        for _ in range(100):
            found = answer(place)
            done.append(place)
            if not all(torch.allclose(a, b, atol=1e-6) for a, b in zip(found, expected[place], strict=True)):
                wrong.append(place)

    threads = [threading.Thread(target=work, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 800 and wrong == []
