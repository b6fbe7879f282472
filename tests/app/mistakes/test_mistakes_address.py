"""The address of Mistakes: filter, open picture and comparison come back by it; what it cannot mean is reported."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest

import core
from app.runtime.loading import Models
from app.runtime.mistakes import runs, scans, tags
from app.runtime.mistakes.filters import Answers, Filter, Group, Sort
from app.runtime.mistakes.scans import Request
from app.state import Key
from app.views.mistakes import address
from app.views.mistakes.keys import MistakesKey
from app.views.mistakes.selection import Opening
from app.widgets import models
from app.words import plain, word
from core import InvalidInput
from tests.app.mistakes.conftest import MODEL, OTHER
from tests.app.mistakes.mistakes_page import PLAIN, RUN, open_run, wrong
from tests.app.pages import press, shown_text, visit, well

NARROW = Filter(
    true="boat",
    predicted="car",
    answers=Answers.WRONG,
    confidence=(0.25, 1.0),
    agreement=(-0.5, 0.05),
    tag="my own: word",
    group=Group("Alike: maps", (1, 22, 3)),
    sort=Sort.LOSS,
)


@pytest.mark.parametrize("one", [Filter(), NARROW, Filter(lasso=Group("", (7,))), Filter(answers=Answers.RIGHT)])
def test_a_filter_comes_back_from_its_address(one: Filter, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {}
    monkeypatch.setattr("streamlit.session_state", kept)
    kept |= {MistakesKey.FILTER: one, MistakesKey.NUMBER: 17}
    said = address.address()
    assert all(isinstance(value, str) for value in said.values()) and said["case"] == "17"
    assert len(said) == 1 + sum(getattr(one, name) != getattr(Filter(), name) for name in vars(Filter()))
    kept.clear()
    address.restore(said, here=True)
    assert kept[MistakesKey.FILTER] == one and kept[MistakesKey.NUMBER] == 17
    # a case that the address names stays, whatever the filter leaves
    assert kept[MistakesKey.OPENING] == Opening(1, one)


@pytest.mark.parametrize("text", ["", "1", "0.5..0.2", "-3..1", "a..b", "0..nan"])
def test_what_is_no_range_is_as_at_first(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {}
    monkeypatch.setattr("streamlit.session_state", kept)
    address.restore({"confidence": text, "sort": "by-chance", "lasso": "x:1.b", "case": "one"}, here=True)
    assert kept[MistakesKey.FILTER] == Filter() and kept[MistakesKey.NUMBER] is None


@pytest.mark.parametrize("number", ["-1", "9" * 11, "9" * 30, "9" * 5000])
def test_numbers_that_no_picture_has_are_no_group(home: Path, number: str) -> None:
    for name in ("group", "lasso"):
        page = well(open_run(run=RUN, **{name: f"x:1.{number}"}))
        assert page.session_state[MistakesKey.FILTER] == Filter()
    (home / RUN / tags.FILE).write_text(json.dumps({number: ["a"]}))
    try:
        with pytest.raises(InvalidInput, match="cannot be read"):
            tags.every(runs.open_one(RUN).run)
    finally:
        (home / RUN / tags.FILE).unlink()


def test_a_group_that_an_address_has_no_room_for_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamlit.session_state", {MistakesKey.FILTER: Filter(group=Group("many", tuple(range(101))))})
    assert address.address() == {}


def test_the_page_writes_and_reads_all_of_it(home: Path) -> None:
    case = wrong(home)[1]
    page = well(open_run(run=RUN, answers="wrong", sort="loss", case=str(case), **{"with": PLAIN}))
    assert page.session_state[MistakesKey.FILTER] == Filter(answers=Answers.WRONG, sort=Sort.LOSS)
    assert page.session_state[MistakesKey.NUMBER] == case and page.session_state[MistakesKey.OTHER_RUN] == PLAIN
    assert "compare.right" in "".join(one.key or "" for one in page.button)
    expected = {"model": MODEL, "run": RUN, "answers": "wrong", "sort": "loss", "case": str(case), "with": PLAIN}
    assert {name: one[0] if isinstance(one, list) else one for name, one in page.query_params.items()} == expected
    page = press(page, "case-close")
    assert "case" not in page.query_params and page.query_params["sort"] in ("loss", ["loss"])


def test_what_the_run_does_not_have_is_reported_and_left_out(home: Path) -> None:
    page = well(open_run(run=RUN, true="unicorn", case="9999", **{"with": "nowhere"}))
    assert page.session_state[MistakesKey.FILTER] == Filter() and page.session_state[MistakesKey.NUMBER] is None
    told = shown_text(page).replace("\\", "")
    assert "'unicorn'" in told and "9999" in told and "'nowhere'" in told


def test_a_run_opened_by_its_address_brings_its_model(home: Path) -> None:
    page = well(open_run(run=PLAIN, model=MODEL))
    assert page.session_state[Key.MODEL] == OTHER and page.session_state["run"] == PLAIN
    page = well(page.selectbox(key=Key.MODEL).set_value(MODEL).run())
    assert page.session_state[Key.MODEL] == MODEL  # another one next to it is the user's own choice


def test_a_case_that_a_new_filter_leaves_out_closes(home: Path) -> None:
    case = wrong(home)[0]
    page = well(open_run(run=RUN, answers="wrong", case=str(case)))
    assert any(one.key == "case-close" for one in page.button)
    page.session_state[MistakesKey.FILTER] = Filter(answers=Answers.RIGHT)
    page = well(page.run())
    assert page.session_state[MistakesKey.NUMBER] is None and not any(one.key == "case-close" for one in page.button)


def test_a_case_opened_next_to_the_filter_stays(home: Path) -> None:
    right = next(one for one in core.open_run(home / RUN).table()["number"].tolist() if one not in wrong(home))
    page = well(open_run(run=RUN, answers="wrong", case=str(right)))  # as a click on one of its neighbors opens it
    assert any(one.key == "case-close" for one in page.button)


def test_a_scan_is_followed_on_every_other_page(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    far: dict[str, tuple[int, int] | None] = {RUN: (16, 64)}
    monkeypatch.setattr(scans, "progress", far.get)
    page = open_run(model=OTHER)
    page.session_state[MistakesKey.SCANNING] = Request(MODEL, RUN, "scenes-tag", 0, 64, ())
    for view in ("explore", "trust", "models"):
        page = well(visit(page, view).run())
        title = models.model_title(next(one for one in core.cards() if one.slug == MODEL))
        assert word("scan.elsewhere", model=title) in shown_text(page)
        assert any(one.key == "stop-followed" for one in page.button)
    far[RUN] = None  # it is done
    page = well(page.run())
    assert MistakesKey.SCANNING not in page.session_state and page.session_state[MistakesKey.RUN] == RUN
    page = well(visit(page, "mistakes").run())
    assert page.session_state[MistakesKey.RUN] == RUN


def test_returning_to_a_scan_finds_its_model(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scans, "progress", {RUN: (16, 64)}.get)
    monkeypatch.setattr(scans, "run_scan", lambda model, request, tick: tick(64, 64))
    page = open_run(model=OTHER)
    page.session_state[MistakesKey.SCANNING] = Request(MODEL, RUN, "scenes-tag", 0, 64, ())
    page = well(visit(page, "models").run())
    page = well(visit(page, "mistakes").run())
    assert page.session_state[Key.MODEL] == MODEL and page.session_state[MistakesKey.RUN] == RUN


def test_who_looks_after_a_scan_keeps_it_going() -> None:
    loaded, ended = Models(0, grace=0.2), threading.Event()

    def load(progress):
        try:
            for done in range(200):
                progress(done, 200)
                time.sleep(0.02)
        finally:
            ended.set()

    def leave(done: int, total: int) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        loaded.get("scan", load, leave)
    for _ in range(20):
        time.sleep(0.05)
        assert loaded.on_the_way("scan") is not None  # five times its grace
    assert ended.wait(5) and loaded.on_the_way("scan") is None


def test_one_picture_is_one_picture() -> None:
    assert plain("scan.start", count="1") == plain("scan.start", count=1) == "Scan 1 picture"
    assert plain("scan.start", count="1,000") == "Scan 1,000 pictures"
    for key in ("runs.on", "maps.of", "groups.size.unlabeled", "rank.pictures", "overview.mistakes"):
        assert not plain(key, count=1, data="x").endswith("s") and plain(key, count=2, data="x").endswith("s")
