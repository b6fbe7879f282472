"""Adding is what CONTRIBUTING promises: a mechanism, a method and a kind are one definition and one name in a list."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from torch import Tensor

import core
from core.__main__ import main
from core.attention import mechanism
from core.attribution import METHODS, Method, Parameter, methods
from core.classifier import Classifier
from core.types import Picture
from tests.new_kinds import NEW, RING, build_new, register, register_kinds


def brightness(
    classifier: Classifier, x: Tensor, target: int, progress: Callable, *, power: int
) -> tuple[Tensor, None]:
    """The brightness of each pixel, whatever the class."""
    progress(1, 1)
    return x[0].mean(0) ** power, None


BRIGHTNESS = Method(
    slug="brightness",
    title="Brightness",
    summary="How bright a pixel is.",
    equation="mean over colors of x",
    paper="none",
    signed=True,
    compute=brightness,
    parameters=(Parameter("power", "Power", "What it is raised to.", 1, 1, 3, 1),),
    gradient=False,
)


@pytest.fixture(autouse=True)
def added(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mechanisms, kinds and a method, each one name more in its list."""
    register_kinds(monkeypatch)
    register(monkeypatch, "METHODS", METHODS, BRIGHTNESS)


@pytest.fixture
def classifier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Classifier:
    """A small model with a map for each of three rings, in a zoo of its own."""
    return build_new(RING, tmp_path, monkeypatch)


@pytest.fixture
def file(picture: Picture, tmp_path: Path) -> str:
    """The picture as a file."""
    Image.fromarray(picture.pixels).save(tmp_path / "picture.png")
    return str(tmp_path / "picture.png")


def test_a_mechanism(classifier: Classifier, file: str, capsys: pytest.CaptureFixture) -> None:
    assert mechanism("rings") is NEW[RING] and "tiny/rings" in [card.slug for card in core.cards()]
    assert main(["models", "--json"]) == 0
    assert "tiny/rings" in [card["slug"] for card in json.loads(capsys.readouterr().out)]
    assert main(["explain", file, "--model", "tiny/rings", "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)["maps"]) == set(classifier.taps) != set()


def test_a_method(classifier: Classifier, picture: Picture, file: str, capsys: pytest.CaptureFixture) -> None:
    assert BRIGHTNESS in methods(classifier)
    found = core.attribute(classifier, picture, "brightness", power=2)
    expected = classifier.prepare(picture)[0].mean(0) ** 2
    np.testing.assert_allclose(found.values, expected.numpy(), rtol=1e-6)
    assert found.parameters == (("power", 2),)
    with pytest.raises(core.InvalidInput):
        core.attribute(classifier, picture, "brightness", power=4)
    assert main(["explain", file, "--model", "tiny/rings", "--method", "brightness"]) == 0
    assert "brightness for" in capsys.readouterr().out


def test_a_kind(classifier: Classifier, picture: Picture) -> None:
    reading = core.read(classifier, picture)
    one = reading.maps[-1]
    assert one.kind is RING and one.weights.shape == (3, *one.grid)
    np.testing.assert_allclose(core.to_grid(one), one.weights.mean(0), rtol=1e-6)
    panel = core.panel(classifier, picture)
    assert [seen.kind for seen in panel.reading.maps] == [RING] * len(reading.maps)
    assert core.agreement(one, panel.attributions["saliency"]).grid == one.grid
    layer = core.attribute(classifier, picture, "layer-gradient-x-activation", tap=one.tap)
    assert layer.grid == one.grid


def test_a_kind_is_intervened_on(classifier: Classifier, picture: Picture) -> None:
    last = core.read(classifier, picture).maps[-1]
    whole, part, even = (
        core.intervene(classifier, picture, {last.tap: change}).maps[-1].weights
        for change in (core.OFF, core.off(ring=1), core.UNIFORM)
    )
    assert (whole == 1).all() and (part[1] == 1).all() and np.array_equal(part[[0, 2]], last.weights[[0, 2]])
    np.testing.assert_allclose(even, last.weights.mean(), rtol=1e-5)
    parts = [found for found in core.ablate(classifier, picture) if found.tap == last.tap]
    assert sorted((found.part, found.numbers) for found in parts) == [
        ("ring", (0,)),
        ("ring", (1,)),
        ("ring", (2,)),
        ("tap", ()),
    ]
