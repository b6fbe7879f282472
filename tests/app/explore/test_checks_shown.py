"""The test Check: every verdict and number on the page is the core's, for both maps and every kind of model."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import core
from app import attention_maps
from app.runtime import results
from app.runtime.explore import faithfulness
from app.runtime.store import Store
from app.views.explore.tests import checks
from app.words import word
from app.words.numbers import keep_units
from core import AttentionMap, Attribution, Check
from core.evaluation import checks as core_checks
from core.types import Picture
from tests.app.explore.explanation_page import open_test, situation
from tests.app.pages import shown_text
from tests.core.attentive_models import adopted

open_checks = partial(open_test, checks.show_checks)
VERDICTS = {True: "passed", False: "failed", None: "not applicable"}


@pytest.fixture(autouse=True)
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store of the test's own, and a machine on which nothing takes long."""
    own = Store(1 << 26)
    monkeypatch.setattr(results, "store", lambda: own)
    monkeypatch.setattr(faithfulness, "checks_seconds", lambda *given: 0.5)
    return own


def lists(page: AppTest) -> list[list[tuple[str, str]]]:
    """What stands in each column that has a list: the sentence of each check and its number."""
    found = []
    for column in page.columns:
        lines = [one.value for one in column.markdown if ":material/" in one.value]
        numbers = [one.value for one in column.caption][-len(lines) :]
        found += [list(zip(lines, numbers, strict=True))] if lines else []
    return found


def expect_shown(shown: list[tuple[str, str]], expected: tuple[Check, ...], ignores_class: bool) -> None:
    """Whether a list says what the core said: each check by its name, its verdict in words, its sign, its value."""
    assert len(shown) == len(expected) == 6
    for (line, number), one in zip(shown, expected, strict=True):
        assert f"**{word(f'check.{one.slug}')}**: {VERDICTS[one.passed]}" in line
        assert line.startswith(checks.SIGNS[one.passed]) and len(set(checks.SIGNS.values())) == 3
        if one.value is None:
            assert number == word(f"check.{one.slug}.none")
        elif one.slug == "target" and ignores_class:
            assert number == word("check.target.ignores_class") and one.value == pytest.approx(1)
        else:
            assert checks.check_value(one.slug, one.value) in number


def ask(picture: Picture, given: dict[str, Any], map_: AttentionMap | Attribution, **part: Any) -> tuple[Check, ...]:
    """The checks, as the core computes them."""
    return core.check(given["subject"].classifier, picture, map_, given["target"], **part)


def test_each_mechanisms_maps_are_checked_as_the_core_does(classifier: core.Classifier, picture: Picture) -> None:
    given = situation(classifier, picture, "saliency")
    page, choice = open_checks(given), given["shown"].choice
    shown = lists(page)
    if choice is None:
        assert word("check.none.attention") in shown_text(page) and len(shown) == 1
    else:
        attended = next(one for one in given["reading"].maps if one.tap == choice.tap)
        expect_shown(shown[0], ask(picture, given, attended), ignores_class=True)
    expect_shown(shown[-1], ask(picture, given, given["found"]), ignores_class=False)
    assert [one.value for one in page.info] == [word("check.warning")]


@pytest.mark.parametrize("family", ["vit", "swin"])
def test_a_head_and_a_pinned_patch_are_checked_as_they_are_shown(picture: Picture, family: str) -> None:
    classifier = adopted(family)
    choice = [one for one in attention_maps.choices(core.read(classifier, picture)) if one.head == 1][-1]
    given = situation(classifier, picture, choice=choice.slug, query=3, computed=False)
    page = open_checks(given)
    attended = next(one for one in given["reading"].maps if one.tap == choice.tap)
    expect_shown(lists(page)[0], ask(picture, given, attended, head=1, query=3), ignores_class=True)
    assert word("check.part") in shown_text(page) and given["shown"].title in shown_text(page)


def test_a_rollout_is_checked(tiny: Callable, picture: Picture) -> None:
    given = situation(tiny("transformer"), picture, choice="rollout", computed=False)
    (shown,) = lists(open_checks(given))
    expect_shown(shown, ask(picture, given, core.rollout_map(given["reading"].maps)), ignores_class=True)
    assert word("check.part") not in shown_text(open_checks(given))


def test_a_methods_parameters_and_its_gap_are_its_own(tiny: Callable, picture: Picture) -> None:
    given = situation(tiny("plain"), picture, "integrated-gradients", parameters={"steps": 10})
    (shown,) = lists(open_checks(given))
    expected = ask(picture, given, given["found"], steps=10)
    expect_shown(shown, expected, ignores_class=False)
    assert f"{100 * given['found'].gap:.1f}\u00a0%" in shown[1][1]


def test_attention_checked_like_an_attribution_never_uses_the_class(tiny: Callable, picture: Picture) -> None:
    given = situation(tiny("attention-pooling"), picture, "attention")
    for shown in lists(open_checks(given)):
        assert shown[2][1] == word("check.target.ignores_class")


def test_of_two_classes_the_map_of_the_first_is_checked_and_the_page_says_so(tiny: Callable, picture: Picture) -> None:
    classifier = tiny("plain")
    target = core.read(classifier, picture).predicted
    given = situation(classifier, picture, "input-x-gradient", contrast=(target + 1) % 10)
    page = open_checks(given)
    alone = core.attribute(classifier, picture, "input-x-gradient", target)
    expect_shown(lists(page)[0], ask(picture, given, alone), ignores_class=False)
    name, other = (classifier.card.classes[one] for one in (target, (target + 1) % 10))
    assert word("check.one_class", name=name, other=other) in shown_text(page)


def test_what_is_not_there_is_stated(tiny: Callable, picture: Picture) -> None:
    page = open_checks(situation(tiny("squeeze-excitation"), picture, computed=False))
    assert word("check.none.attention") in shown_text(page) and not page.info
    assert word("check.none.attribution", method="Grad-CAM") in shown_text(page)


def test_a_blank_map_is_not_checked_and_says_why(tiny: Callable, picture: Picture) -> None:
    given = situation(tiny("cbam"), picture, "layer-integrated-gradients")
    blank = Attribution(1e-9 * np.eye(8, dtype=np.float32), (8, 8), 0.0, "layer-integrated-gradients", given["target"])
    page = open_checks({**given, "found": blank})
    name = given["subject"].classifier.card.classes[given["target"]]
    assert len(lists(page)) == 1 and word("overlay.note.zero.attention", target=name) in shown_text(page)


def test_what_takes_long_is_offered_first_and_then_known(
    tiny: Callable, picture: Picture, monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    monkeypatch.setattr(faithfulness, "checks_seconds", lambda *given: 30.0)
    given = situation(tiny("cbam"), picture)
    page = open_checks(given)
    assert word("compute.about", duration="60 s") in shown_text(page) and not lists(page) and not store.bytes
    page = page.button(key="start-checks").click().run()
    assert not page.exception and len(lists(page)) == 2
    known = store.bytes
    assert len(lists(open_checks(given))) == 2 and store.bytes == known  # and another user need not ask


def test_the_time_is_that_of_the_maps_made_again_and_of_the_curves(
    tiny: Callable, picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(core_checks, "curve_seconds", lambda model: 5.0)
    monkeypatch.setattr(core_checks.attributions, "seconds", lambda model, slug, **parameters: parameters["steps"])
    found = core.attribute(tiny("cbam"), picture, "saliency")
    assert faithfulness.checks_seconds(tiny("cbam"), found, {"steps": 7}) == 2 * 7 + 5
    assert faithfulness.checks_seconds(tiny("cbam"), core.read(tiny("cbam"), picture).maps[1], {}) == 5


def test_numbers_have_their_digits() -> None:
    cases = [
        ("rows", 3e-7, "0.0000003"),
        ("rows", 0.0, "0"),
        ("complete", 0.042, keep_units("4.2 %")),
        ("blob", -0.031, "−0.03"),
    ]
    for slug, value, text in cases:
        assert checks.check_value(slug, value) == text
    one = checks.check_text(Check("target", True, 0.31), ignores_class=False)
    assert one == word("check.target.value", value="0.31", limit="0.95")
    assert checks.check_text(Check("complete", False, 0.2), False) == word(
        "check.complete.value", value="20.0\u00a0%", limit="5\u00a0%"
    )
