"""A page with one test on it, as Explore draws it below the overlay, for models and maps of every kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from streamlit.testing.v1 import AppTest

import core
from app import attention_maps, state, titles
from app.views.explore import panes
from core.attribution import method


def situation(
    classifier: core.Classifier,
    picture: core.Picture,
    slug: str = "grad-cam",
    choice: str = "",
    query: int | None = None,
    parameters: dict[str, Any] | None = None,
    contrast: int | None = None,
    computed: bool = True,
    sample: str = "scenes/1",
) -> dict[str, Any]:
    """The fields of the analysis that Explore hands to a test, by name; ``choice`` is the attention map's slug."""
    reading, parameters = core.read(classifier, picture), parameters or {}
    target, chosen = reading.predicted, attention_maps.find_choice(reading, choice)
    found = core.attribute(classifier, picture, slug, target, contrast=contrast, **parameters) if computed else None
    return {
        "subject": state.Subject(classifier, picture, sample, "center"),
        "reading": reading,
        "target": target,
        "shown": panes.Shown(chosen, query, titles.attention_title(reading, chosen, query)),
        "method": method(slug),
        "parameters": parameters,
        "found": found,
    }


def open_test(show: Callable[..., None], given: dict[str, Any]) -> AppTest:
    """The page, run once without a failure."""

    def page(show, given):  # its source is run by itself, without the names above
        from app.views.explore.analysis import Analysis

        show(Analysis(**given))

    found = AppTest.from_function(page, default_timeout=60, kwargs={"show": show, "given": given}).run()
    assert not found.exception, [*found.exception]
    return found
