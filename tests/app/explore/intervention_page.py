"""Interventions alone on a page, with a small model, and what the page must say of one."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

import core
from app.views.explore.keys import ExploreKey
from app.words import word
from core import Classifier, Reading
from core.data.samples import open_sample
from tests.app.pages import shown_text, well
from tests.conftest import build_tiny
from tests.core.attentive_models import adopted

SAMPLE = "scenes/24"


def page(slug: str, family: bool, clicked: int | None = None) -> None:
    """The test alone, with a small model; ``clicked`` is a line of the table that was clicked before."""
    from app import runtime, state
    from app.runtime.explore import interventions as known
    from app.views.explore.analysis import Analysis
    from app.views.explore.keys import ExploreKey
    from app.views.explore.tests import ablations, interventions
    from tests.app.explore.explanation_page import situation
    from tests.app.explore.intervention_page import SAMPLE, model_of

    model, picture = model_of(slug, family), runtime.sample_picture(SAMPLE)
    reading = runtime.reading(model, picture)
    if clicked is not None and not state.get("done"):
        state.put("done", True)
        state.put(ExploreKey.ABLATIONS, {"selection": {"rows": [], "columns": [], "cells": [(clicked, "part")]}})
        ablations.click(known.find_ablations(model, picture, reading.predicted))
    interventions.show_interventions(Analysis(**situation(model, picture, computed=False, sample=SAMPLE)))


def model_of(slug: str, family: bool) -> Classifier:
    return adopted(slug) if family else build_tiny(slug)


def open_intervention(slug: str, family: bool = False, clicked: int | None = None) -> AppTest:
    kwargs = {"slug": slug, "family": family, "clicked": clicked}
    return well(AppTest.from_function(page, default_timeout=60, kwargs=kwargs).run())


def choose(shown: AppTest, tap: str, way: str) -> AppTest:
    shown.selectbox(key=ExploreKey.CHANGED).set_value(tap)
    if word(f"change.way.{way}") not in shown.button_group(key=ExploreKey.WAY).options:
        shown = well(shown.run())
    return well(shown.button_group(key=ExploreKey.WAY).set_value(way).run())


def expected(model: Classifier, before: Reading, after: Reading) -> list[str]:
    """What the page must say, written down a second time."""
    names, was, now = model.card.classes, before.predicted, after.predicted
    shares = [f"{100 * float(one.probabilities[was]):.0f}\u00a0%" for one in (before, after)]
    shares = ["<\u00a01\u00a0%" if share == "0\u00a0%" else share for share in shares]
    lost = abs(float(before.probabilities[was]) - float(after.probabilities[was]))
    stays = f"the prediction stays **{names[was]}**" if lost < 0.05 else f"the prediction stays {names[was]}."
    first = stays if was == now else f"the prediction changes to **{names[now]}**"
    verdict = (
        "The prediction does not need this attention."
        if was == now and lost < 0.05
        else "The model uses this attention."
    )
    fall = float(before.logits[was] - after.logits[was])
    moved = f"falls by {fall:.2f}," if fall >= 0.005 else f"rises by {-fall:.2f}," if fall <= -0.005 else "stays at"
    return [first, *shares, verdict, f"The logit of {names[was]} {moved}"]


def agrees(shown: AppTest, model: Classifier, change: dict) -> None:
    picture = open_sample(SAMPLE)
    wanted = expected(model, core.read(model, picture), core.intervene(model, picture, change))
    assert not [one for one in wanted if one not in shown_text(shown)], (wanted, shown_text(shown))
