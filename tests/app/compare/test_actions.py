"""The two buttons of a row: open it in Explore, and remove it."""

from __future__ import annotations

from typing import Any

import pytest

from app.state import Key, View
from app.views.compare import choices, table
from app.views.compare.analysis import Wanted
from app.views.compare.keys import CompareKey
from app.views.compare.rows import Outcome

VIEWS = [
    View("scenes/cbam", "scenes/24", "saliency", "", "boat"),
    View("scenes/plain", "scenes/24", "integrated-gradients", parameters=(("steps", 20),), framing="fit"),
]
OUTCOMES = [Outcome(Wanted(view.model, view.model, view)) for view in VIEWS]


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> dict[Any, Any]:
    """What the actions put into the session; ``session["action"]`` is what the browser sent."""
    kept: dict[Any, Any] = {}
    monkeypatch.setattr(table.state, "component", lambda *_: kept["action"])
    monkeypatch.setattr(table.state, "put", kept.__setitem__)
    monkeypatch.setattr(table.state, "set_parameter", kept.__setitem__)
    monkeypatch.setattr(table.state, "drop", lambda view: kept.update(dropped=view))
    monkeypatch.setattr(table.models, "offered", lambda: {view.model: None for view in VIEWS})
    monkeypatch.setattr(table.models, "select_model", lambda slug: kept.update({Key.MODEL: slug}))
    return kept


def act(session: dict[Any, Any], name: str, slug: str, mode: str) -> None:
    session["action"] = {"name": name, "slug": slug}
    table.act(OUTCOMES, mode)


def test_a_row_opens_in_explore_as_it_is(session: dict[Any, Any]) -> None:
    act(session, "open", "scenes/plain", choices.MODELS)
    assert (session[Key.MODEL], session[Key.SAMPLE], session[Key.METHOD]) == tuple(
        getattr(VIEWS[1], name) for name in ("model", "sample", "method")
    )
    assert session[Key.FRAMING] == "fit" and session["parameter.integrated-gradients.steps"] == 20
    assert session[Key.PARTS_OF] == "scenes/plain", "parameters of another model's stages would be dropped"
    assert session[Key.VIEW_WANTED] == "explore"
    act(session, "open", "scenes/cbam", choices.MODELS)
    assert (session[Key.MODEL], session[Key.TARGET], session[Key.FRAMING]) == ("scenes/cbam", "boat", "center")


@pytest.mark.parametrize(
    ("mode", "key"), [(choices.MODELS, CompareKey.MODELS), (choices.PICTURES, CompareKey.PICTURES)]
)
def test_a_removed_row_leaves_the_others(mode: str, key: CompareKey, session: dict[Any, Any]) -> None:
    act(session, "remove", "scenes/cbam", mode)
    assert session[key] == "scenes/plain" and Key.VIEW_WANTED not in session


def test_a_removed_pin_is_dropped(session: dict[Any, Any]) -> None:
    act(session, "remove", "scenes/cbam", choices.PINNED)
    assert session["dropped"] == VIEWS[0]


def test_a_row_that_is_gone_is_ignored(session: dict[Any, Any]) -> None:
    act(session, "remove", "scenes/nobody", choices.MODELS)
    assert set(session) == {"action"}
