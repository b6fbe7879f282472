"""The completeness gap below a map: the core's, and a word of caution where it is large."""

from __future__ import annotations

import pytest

import core
from app.state import Key
from app.words import word
from tests.app.pages import open_page, shown_text, well


@pytest.mark.parametrize(("sample", "large"), [("scenes/27", True), ("scenes/19", False)])
def test_a_map_that_does_not_add_up_says_so(sample: str, large: bool) -> None:
    address = {"model": "scenes/squeeze-excitation", "method": "integrated-gradients", "p.steps": "10"}
    page = well(open_page(sample=sample, **address))
    subject = page.session_state[Key.SUBJECT]
    gap = core.attribute(subject.classifier, subject.picture, "integrated-gradients", steps=10).gap
    assert f"{100 * gap:.1f}\u00a0%" in shown_text(page) and (gap > 0.05) == large
    assert (word("gap.large", most="5\u00a0%") in shown_text(page)) == large
