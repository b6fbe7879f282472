"""What one user has chosen, and the session that keeps it."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app import state
from app.state import Key
from app.views import PAGES
from app.views.explore.keys import ExploreKey
from app.views.models.keys import ModelsKey
from core import open_image

APP = Path(__file__).parents[2] / "app"


def keeping() -> None:
    """A page that keeps thirteen views and drops one, and takes in and removes pictures."""
    import numpy as np
    import streamlit as st

    from app import state
    from core import open_image

    views = [state.View("scenes/plain", f"scenes/{n}", "saliency") for n in range(13)]
    for view in [*views, views[3]]:
        state.keep(view)
    kept = [view.sample for view in state.kept()]
    state.drop(views[4])
    one, two = (open_image(np.full((9, 9, 3), shade, np.uint8), name=str(shade)) for shade in (1, 2))
    slugs = [state.add_upload(picture) for picture in (one, two, one)]
    added = list(state.uploads())
    state.remove_upload(slugs[1])
    state.remove_upload("upload/never")
    state.notice("first")
    state.notice("second")
    notices = [list(state.take_notices()), list(state.take_notices())]
    state.publish(views[0], {})
    notices.append(list(state.take_notices()))
    state.put(state.Key.MAP, "a")
    state.reset(state.Key.MAP, state.Key.TARGET)
    st.json(
        {
            "kept": kept,
            "left": [view.sample for view in state.kept()],
            "added": [added, slugs, list(state.uploads())],
            "notices": notices,
            "map": state.get(state.Key.MAP, "none"),
            "device": state.device(),
        }
    )


def test_the_session_keeps_views_pictures_and_sentences() -> None:
    page = AppTest.from_function(keeping).run()
    assert not page.exception
    told = json.loads(page.json[0].value)
    kept = [3, 12, 11, 10, 9, 8, 7, 6, 5, 4, 2, 1]  # twelve, the newest first, each once
    assert told["kept"] == [f"scenes/{n}" for n in kept]
    assert told["left"] == [f"scenes/{n}" for n in kept if n != 4]
    first, second = (f"upload/{open_image(np.full((9, 9, 3), shade, np.uint8)).sha256[:12]}" for shade in (1, 2))
    assert told["added"] == [[first, second], [first, second, first], [first]]
    assert told["notices"] == [["first", "second"], ["first", "second"], []]  # gone with the next choice
    assert told["map"] == "none" and told["device"] == "cpu"


def lines() -> None:
    """A page that asks which line of a table was clicked, and marks another."""
    import streamlit as st

    from app import state
    from app.views.models.keys import ModelsKey

    told = [state.clicked_line(key) for key in ("cell", "head", "neither", "never drawn")]
    state.mark_line(ModelsKey.TABLE, 5)
    told.append(state.clicked_line(ModelsKey.TABLE))
    wanted = [state.take_wanted()]
    state.choose_model("scenes/cbam")
    wanted += [state.take_wanted(), state.take_wanted()]
    st.json({"told": told, "wanted": wanted})


def test_a_click_in_a_cell_or_at_the_head_of_a_line_tells_it() -> None:
    page = AppTest.from_function(lines)
    page.session_state["cell"] = {"selection": {"rows": [1], "columns": [], "cells": [(4, "accuracy")]}}
    page.session_state["head"] = {"selection": {"rows": [2], "columns": [], "cells": []}}
    page.session_state["neither"] = {"selection": {"rows": [], "columns": [], "cells": []}}
    page.run()
    assert not page.exception
    told = json.loads(page.json[0].value)
    assert told["told"] == [4, 2, None, None, 5]
    assert told["wanted"] == [None, "scenes/cbam", None]


def catalog() -> None:
    """A page on which a user brings two models, one of them twice, and removes one."""
    import streamlit as st
    import torch

    from app import state
    from core import Classifier, ModelCard

    def model(slug: str, title: str) -> Classifier:
        return Classifier(ModelCard(slug, title, "plain", ("a", "b")), torch.nn.Identity(), torch.device("cpu"))

    state.add_own_model(model("own/1", "first"))
    state.add_own_model(model("own/2", "second"))
    state.add_own_model(model("own/1", "first again"))
    held = [one.card.title for one in state.own_models().values()]
    state.remove_own_model("own/2")
    state.remove_own_model("own/3")
    st.json([held, list(state.own_models())])


def test_the_users_own_models_are_kept_by_slug() -> None:
    page = AppTest.from_function(catalog).run()
    assert not page.exception
    assert json.loads(page.json[0].value) == [["first again", "second"], ["own/1"]]


def test_a_widget_is_renewed_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "session_state", {})
    pictures, models = map(state.fresh_key, (Key.UPLOADER, ModelsKey.MODEL_UPLOADER))
    state.renew(ModelsKey.MODEL_UPLOADER)
    assert state.fresh_key(Key.UPLOADER) == pictures
    assert len({pictures, models, state.fresh_key(ModelsKey.MODEL_UPLOADER)}) == 3


def test_a_click_tells_its_row_once_and_silence_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "session_state", {})
    key = state.fresh_key("chart")
    assert state.clicked_row("chart", key) is None
    st.session_state[key] = {"selection": {"points": []}}
    assert state.clicked_row("chart", key) is None and state.fresh_key("chart") == key
    st.session_state[key] = {"selection": {"points": [{"point_index": 3, "curve_number": 2}]}}
    assert state.clicked_row("chart", key) == 3
    assert state.clicked_row("chart", key) is None, "the echo of a chart that is gone"
    assert state.fresh_key("chart") not in st.session_state


def test_a_component_gives_what_is_requested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "session_state", {ExploreKey.OVERLAY: {"pick": {"row": 1}}})
    asked = ((ExploreKey.OVERLAY, "pick"), (ExploreKey.OVERLAY, "mode"), (Key.GALLERY, "pick"))
    told = [state.component(*one) for one in asked]
    assert told == [{"row": 1}, None, None]


def test_every_key_of_the_session_is_used() -> None:
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in APP.rglob("*.py")]
    names = [ast.unparse(node) for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    used = {name.rpartition(".")[2] for name in names if name.startswith(("Key.", "state.Key."))}
    assert not [key.name for key in Key if key.name not in used]


def test_no_two_keys_of_the_session_are_one() -> None:
    names = [key.value for keys in (Key, *(page.keys for page in PAGES)) for key in keys]
    assert len(names) == len(set(names)) > 80
