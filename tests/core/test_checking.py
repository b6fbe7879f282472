"""What no function of the public interface takes: each mistake is one sentence, and never a traceback."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import core
from core import checking
from core.types import InvalidInput, ModelCard, Picture
from tests.conftest import CLASSES
from tests.core.small_scans import fill

MAP = np.arange(16.0).reshape(4, 4)
TAP = "stage4.attention.spatial"

MISTAKES: dict[str, Callable[[core.Classifier, Picture], object]] = {
    "a baseline that is an array": lambda c, p: core.attribute(c, p, "integrated-gradients", baseline=MAP),
    "a stage that is none": lambda c, p: core.attribute(c, p, "grad-cam", stage=None),
    "a class that is true": lambda c, p: core.attribute(c, p, "saliency", target=True),
    "a contrast that is true": lambda c, p: core.attribute(c, p, "saliency", target=2, contrast=True),
    "a class before the first": lambda c, p: core.panel(c, p, -1),
    "a share that is a word": lambda c, p: core.erase(c, p, MAP, "a"),
    "a share that is nothing": lambda c, p: core.erase(c, p, MAP, None),
    "a share that is an array": lambda c, p: core.erase(c, p, MAP, MAP),
    "a seed below zero": lambda c, p: core.erase(c, p, MAP, seed=-1),
    "a seed below zero, of curves": lambda c, p: core.faithfulness(c, p, MAP, seed=-1),
    "half a step": lambda c, p: core.faithfulness(c, p, MAP, steps=2.5),
    "a head that is a word": lambda c, p: core.to_grid(pairwise(c, p), head="x"),
    "half a query": lambda c, p: core.to_grid(pairwise(c, p), query=1.5),
    "as many classes as a word": lambda c, p: core.panels(c, p, top="x"),
    "fewer classes than one": lambda c, p: core.panels(c, p, top=-1),
    "no dict of changes": lambda c, p: core.intervene(c, p, TAP),
    "a change that gives nothing": lambda c, p: core.intervene(c, p, {TAP: lambda tap, weights: None}),
    "a change of another shape": lambda c, p: core.intervene(c, p, {TAP: lambda tap, weights: weights[..., :1]}),
    "no picture": lambda c, p: core.intervene(c, "photo.jpg", {TAP: core.OFF}),
    "no model": lambda c, p: core.load(None),
    "no run": lambda c, p: core.open_run(None),
    "no data": lambda c, p: core.scan(c, None),
    "as many scenes as a word": lambda c, p: core.scan(c, "scenes", pictures="x"),
    "half a seed": lambda c, p: core.scan(c, "scenes", seed=0.5),
    "a mapping that is a word": lambda c, p: core.scan(c, "scenes", pictures=2, mapping="x"),
    "classes of one name": lambda c, p: core.adopt(c.module, replace(c.card, classes=(*CLASSES[:9], "ash")), "cpu"),
}


def pairwise(classifier: core.Classifier, picture: Picture) -> core.AttentionMap:
    weights = np.full((2, 16, 16), 1 / 16, np.float32)
    return core.AttentionMap("made", core.Kind.PAIRWISE, weights, (4, 4))


@pytest.mark.parametrize("name", MISTAKES)
def test_each_mistake_is_one_sentence(tiny: Callable, picture: Picture, name: str) -> None:
    before = core.read(tiny("cbam"), picture)
    with pytest.raises(InvalidInput, match=r"\A[^\n]+\.\Z"):
        MISTAKES[name](tiny("cbam"), picture)
    assert np.array_equal(core.read(tiny("cbam"), picture).logits, before.logits)


def test_numbers_of_numpy_are_numbers(tiny: Callable, picture: Picture) -> None:
    one, other = (core.faithfulness(tiny("cbam"), picture, MAP, steps=steps) for steps in (np.int64(4), 4))
    assert one.map.deletion_area == other.map.deletion_area
    assert checking.whole(np.uint8(7), 0, 7, "It") == 7 and type(checking.whole(np.int64(7), 0, None, "It")) is int
    for wrong in (True, np.True_, 7.0, "7", None, 8, -1, np.nan):
        with pytest.raises(InvalidInput, match=r"^It must be a whole number from 0 to 7, not .+\.$"):
            checking.whole(wrong, 0, 7, "It")


def test_a_shuffle_without_a_seed_has_the_first(tiny: Callable, picture: Picture) -> None:
    bare, seeded = (core.intervene(tiny("cbam"), picture, {TAP: how}) for how in (core.SHUFFLED, core.SHUFFLED(0)))
    assert np.array_equal(bare.logits, seeded.logits)


def test_of_two_classes_that_differ_in_capitals_each_is_itself(tiny: Callable) -> None:
    card = ModelCard("made/knits", "", "plain", ("Cardigan", "cardigan", "Pullover", *CLASSES[:7]), size=64)
    classifier = core.adopt(tiny("plain").module, card, "cpu")
    named = [classifier.target(name, np.empty(0)) for name in ("Cardigan", "cardigan", "Pullover", "pullOVER")]
    assert named == [0, 1, 2, 2]
    with pytest.raises(InvalidInput, match="has no class 'CARDIGAN'"):
        classifier.target("CARDIGAN", np.empty(0))


def test_a_report_is_saved_or_says_why_not(tiny: Callable, tmp_path: Path) -> None:
    core.scan(tiny("cbam"), fill(tmp_path / "data", each=2), tmp_path / "run")
    report = core.report(tmp_path / "run", [1])
    report.save(tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text() == report.html and (tmp_path / "report.json").is_file()
    for place in (tmp_path / "report.json", tmp_path / "nowhere" / "report.html"):
        with pytest.raises(InvalidInput, match=r"\A[^\n]+\.\Z"):
            report.save(place)
    for numbers in (["a"], [1.5], [99]):
        with pytest.raises(InvalidInput, match=r"\A[^\n]+\.\Z"):
            core.report(tmp_path / "run", numbers)


CLASSIFIED = [
    name
    for name in core.__all__
    if inspect.isfunction(one := getattr(core, name)) and "classifier" in [*inspect.signature(one).parameters][:1]
]


@pytest.mark.parametrize("name", CLASSIFIED)
def test_what_takes_a_classifier_states_so(name: str) -> None:
    function = getattr(core, name)
    needed = [one for one in inspect.signature(function).parameters.values() if one.default is inspect.Parameter.empty]
    for given in ("scenes/cbam", None, torch.nn.Identity()):
        arguments = {one.name: given if one.name == "classifier" else None for one in needed}
        with pytest.raises(InvalidInput, match=f"{name} takes a Classifier, not .*core.load"):
            function(**arguments)
    with pytest.raises(InvalidInput, match=f"{name} takes a Classifier, not 'scenes/cbam'"):
        function("scenes/cbam", *[None for one in needed[1:] if one.kind is one.POSITIONAL_OR_KEYWORD])


def test_a_record_a_reading_and_a_map_are_requested_by_their_names() -> None:
    for given in ("view.json", None, 3):
        with pytest.raises(InvalidInput, match="replay takes a Record"):
            core.replay(given)
        with pytest.raises(InvalidInput, match=r"rollout_map takes the attention maps of a reading"):
            core.rollout_map(given)
    with pytest.raises(InvalidInput, match="Give a map of numbers of shape .h, w., not None"):
        core.agreement(None, None)
