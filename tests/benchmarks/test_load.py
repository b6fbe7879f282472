"""The simulated users: every kind of click is answered, what fails is seen, and the table's arithmetic."""

from __future__ import annotations

import json
from contextlib import nullcontext

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests import websocket_users
from tests.benchmarks import load
from tests.benchmarks.load_users import KINDS
from tests.websocket_users import User

pytest.importorskip("tests.browser.servers", reason="files cannot be locked on this system")


def test_every_click_of_one_user_and_of_a_small_class_is_answered(capsys: pytest.CaptureFixture[str]) -> None:
    small = ["--runs", "1", "--rounds", "1", "--users", "3", "--seconds", "3", "--think", "0.1", "0.3", "--json"]
    assert load.main(small) == 0, capsys.readouterr().err  # no page failed
    rows = json.loads(capsys.readouterr().out)
    assert all(rows[f"alone: {kind}"][0] >= 1 for kind in KINDS)
    assert rows["class of 3: first page"][0] == 3 and rows["class of 3: any click"][0] >= 1
    assert all(0 < p50 <= p95 for _, p50, p95 in rows.values())


@pytest.fixture
def user(monkeypatch: pytest.MonkeyPatch) -> User:
    """A user without a server."""
    monkeypatch.setattr(websocket_users, "connect", lambda *_, **__: nullcontext())
    monkeypatch.setattr(User, "_token", lambda self: "")
    return User("http://127.0.0.1:9")


def element(**fields: dict) -> ForwardMsg:
    """A message with one element."""
    return ForwardMsg(delta={"new_element": fields})


def test_a_user_sees_what_fails(user: User) -> None:
    user._take(element(alert={"body": "only a warning", "format": 2}), 0.1)
    assert not user.failures and user.warnings == ["only a warning"]
    user._take(element(exception={"type": "KeyError", "message": "'way'"}), 0.1)
    user._take(element(alert={"body": "A page failed.", "format": 1}), 0.1)
    assert user.failures == ["KeyError: 'way'", "A page failed."]


def test_a_user_knows_what_is_chosen_in_a_list(user: User) -> None:
    shown = {"id": "$$ID-1-model", "options": ["a", "b", "c"], "default": 1}
    user._take(element(selectbox=shown), 0.1)
    assert user.others("model") == [0, 2] and user.arrived == {"model": 0.1}
    user._take(element(selectbox={**shown, "set_value": True, "raw_value": "c"}), 0.2)  # the server has changed it
    assert user.others("model") == [0, 1]
    buttons = {"id": "$$ID-2-way", "options": [{"content": "x"}, {"content": "y"}], "default": [0]}
    user._take(element(button_group=buttons), 0.3)
    assert user.others("way") == [1]


def test_a_message_that_is_sent_again_by_its_hash_alone(user: User) -> None:
    first = element(selectbox={"id": "$$ID-1-model", "options": ["a", "b"]})
    first.hash, first.metadata.cacheable = "h", True
    user._take(first, 0.1)
    user.widgets.clear()
    user._take(ForwardMsg(ref_hash="h"), 0.2)
    assert user.options("model") == ["a", "b"]


def test_the_table_has_the_medians_of_the_runs() -> None:
    assert load.summarize([1.0, 2.0, 3.0]) == (3, 2.0, pytest.approx(2.9))
    assert load.summarize([]) == (0, 0.0, 0.0)
    runs = [{"a": (2, 1.0, 9.0)}, {"a": (3, 5.0, 8.0)}, {"a": (4, 2.0, 1.0), "b": (1, 7.0, 7.0)}]
    assert load.combine(runs) == {"a": (9, 2.0, 8.0), "b": (1, 7.0, 7.0)}
    assert load.goal_of("alone: page") == "p95 1" and load.goal_of("alone, first use: page") == ""
    assert load.goal_of("class of 30: any click") == "1, p95 3" and load.goal_of("class of 30: first page") == "p95 15"
