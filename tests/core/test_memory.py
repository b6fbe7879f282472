"""A device whose memory is too small, or that fails: smaller batches, then the CPU, and the user is informed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import core
from core import memory
from core.attribution.batches import FORWARD, batch_sizes, pace
from core.classifier import Classifier
from core.scanning import inference
from core.types import InvalidInput, Picture

META = torch.device("meta")  # a device that is not the CPU and is always there


class Small(nn.Module):
    """A model on a device with room for so many pictures."""

    def __init__(self, module: nn.Module, room: int):
        super().__init__()
        self.module, self.room, self.largest = module, room, 0

    def forward(self, x: Tensor) -> Tensor:
        if len(x) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        self.largest = max(self.largest, len(x))
        return self.module(x)


@pytest.fixture
def classifier(tiny: Callable) -> Classifier:
    return tiny("cbam")


@pytest.fixture
def small(classifier: Classifier) -> Classifier:
    return replace(classifier, module=Small(classifier.module, 16))


def test_batches_become_smaller_until_they_fit(small: Classifier, classifier: Classifier, picture: Picture) -> None:
    expected = core.attribute(classifier, picture, "occlusion", 0).values
    assert pace(small).size == 4
    small.module.room = 1
    found = core.attribute(small, picture, "occlusion", 0).values
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())
    assert small.module.largest == 1 and batch_sizes(small)[FORWARD] == 1 and not memory.notes(small)


def test_on_the_cpu_a_model_that_never_fits_is_one_sentence(small: Classifier, picture: Picture) -> None:
    small.module.room = 0
    with pytest.raises(InvalidInput, match="memory of this machine is too small"):
        core.read(small, picture)


@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError("CUDA out of memory."), RuntimeError("CUDA error: unspecified launch failure")]
)
def test_what_a_device_cannot_do_the_cpu_does(error: RuntimeError, classifier: Classifier) -> None:
    elsewhere, asked = replace(classifier, device=META), []

    @memory.retried
    def find_device(one: Classifier, text: str, *, number: int) -> str:
        asked.append((one.device.type, text, number))
        if one.device.type != "cpu":
            raise error
        return one.device.type

    assert not memory.notes(elsewhere)
    for _ in range(2):
        with pytest.warns(RuntimeWarning, match="meta could not compute"):
            assert find_device(elsewhere, "a", number=1) == "cpu"
    assert asked == [("meta", "a", 1), ("cpu", "a", 1)] * 2
    assert any("meta could not compute" in str(one) for one in memory.notes(elsewhere))
    assert memory.on_cpu(elsewhere) is memory.on_cpu(elsewhere)


def test_any_other_error_stays_as_it_is(classifier: Classifier) -> None:
    @memory.retried
    def fail(one: Classifier) -> None:
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes do not match"):
        fail(replace(classifier, device=META))


def test_weights_that_can_no_longer_be_read_are_one_sentence(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(module: nn.Module) -> nn.Module:
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    monkeypatch.setattr(memory, "duplicate", fail)
    with pytest.raises(InvalidInput, match="meta failed. Start Fovea again"):
        memory.on_cpu(replace(classifier, device=META))


def test_a_scan_halves_its_batches_and_the_cpu_does_the_rest(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    squares = np.random.default_rng(0).integers(0, 255, (7, *[classifier.card.size] * 2, 3), dtype=np.uint8)
    labels, own = np.array([0, 1, -1, 2, 3, 4, 5]), inference.infer
    whole = classifier.run(lambda: own(classifier, squares, labels))
    sizes: list[int] = []

    def limited(one: Classifier, given: np.ndarray, *rest: object) -> inference.Inferences:
        if len(given) > 2 or (one.device.type != "cpu" and len(given) == 1):
            raise torch.OutOfMemoryError("CUDA out of memory.")
        sizes.append(len(given))
        return own(replace(one, device=torch.device("cpu")), given, *rest)

    monkeypatch.setattr(inference, "infer", limited)
    with pytest.warns(RuntimeWarning, match="the CPU does"):
        found = inference.infer_in_parts(replace(classifier, device=META), squares, labels)
    assert sum(sizes) == 7 and max(sizes) == 2
    for name in ("top", "probabilities", "losses", "answers", "attention", "cam", "features", "agreement"):
        np.testing.assert_allclose(getattr(found, name), getattr(whole, name), rtol=1e-4, atol=1e-6)
    assert found.reasons == whole.reasons
