"""Whose a run is, on a server that others reach: who sees it, and who changes, shares and removes it."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

import core
from app.runtime import kept_runs, users
from app.runtime.mistakes import folders, owners, runs, scans, tags
from app.views.mistakes.keys import MistakesKey
from app.words import word
from core import InvalidInput
from tests.app.mistakes.conftest import MODEL
from tests.app.mistakes.mistakes_page import RUN, open_picture, open_run
from tests.app.pages import press, well


@pytest.fixture
def who(scanned: Path, tmp_path: Path, own_store: None, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A server that others reach, with one run of "anna"; ``who["user"]`` visits it."""
    user = {"user": "anna"}
    shutil.copytree(scanned / RUN, tmp_path / "runs" / RUN)
    shutil.copytree(scanned / RUN, tmp_path / "runs" / "of-the-machine")
    monkeypatch.setenv(kept_runs.FOLDER, str(tmp_path / "runs"))
    monkeypatch.setattr(folders, "is_closed", lambda: True)
    monkeypatch.setattr(owners, "user_mark", lambda place: user["user"])
    owners._write(tmp_path / "runs" / RUN, owners.Owner("anna"))
    return user


def names() -> set[str]:
    return {kept_runs.name_of(run) for run in owners.shown_runs()}


def test_others_neither_see_nor_change_a_run(who: dict[str, str]) -> None:
    run = runs.open_one(RUN).run
    tags.put(run, [3], ["mine"])
    assert names() == {RUN, "of-the-machine"}
    who["user"] = "ben"
    assert names() == {"of-the-machine"}
    with pytest.raises(InvalidInput, match=f"There is no run '{RUN}'"):
        runs.open_one(RUN)
    refused = pytest.raises(InvalidInput, match="belongs to another user")
    for change in (lambda: tags.put(run, [3], ["theirs"]), lambda: scans.remove(run), lambda: owners.share(run, True)):
        with refused:
            change()
    assert run.folder.is_dir() and tags.every(run) == {3: ("mine",)}
    with refused:
        scans.remove(runs.open_one("of-the-machine").run)  # what was made on the machine is seen, and stays


def test_what_is_shared_is_a_choice(who: dict[str, str]) -> None:
    page = open_run(run=RUN)
    toggle = next(one for one in page.toggle if one.label == word("runs.share"))
    assert not toggle.value and [one for one in page.button if one.key == "remove-run"]
    well(toggle.set_value(True).run())
    tags.put(runs.open_one(RUN).run, [3], ["mine"])
    who["user"] = "ben"
    assert names() == {RUN, "of-the-machine"}
    page = open_picture(3)
    assert word("tags.given", tags="mine") in [one.value for one in page.caption]
    keys = {one.key for one in page.button}
    assert "remove-run" not in keys and not any(key and key.startswith("tag.") for key in keys)
    assert word("runs.share") not in [one.label for one in page.toggle]
    who["user"] = "anna"
    page = open_run(run=RUN)
    well(next(one for one in page.toggle if one.label == word("runs.share")).set_value(False).run())
    who["user"] = "ben"
    assert names() == {"of-the-machine"}
    page = open_run(run=RUN)
    assert page.session_state[MistakesKey.RUN] is None and page.warning
    who["user"] = "anna"
    press(open_run(run=RUN), "remove-run")
    assert not (kept_runs.folder() / RUN).exists()


def test_two_who_scan_the_same_pictures_have_a_run_each(who: dict[str, str]) -> None:
    model, pictures = core.load(MODEL, "cpu"), scans.collection("scenes-tag", 2, 4)
    mapping = {name: name for name in pictures.names}
    made = []
    for user in ("anna", "ben"):
        who["user"] = user
        name = scans.run_name(model, pictures, mapping)
        request = scans.Request(MODEL, name, "scenes-tag", 2, 4, tuple(mapping.items()))
        scans.run_scan(model, request, lambda *_: None)
        made.append(name)
        assert names() == {name, "of-the-machine"} | ({RUN} if user == "anna" else set())
    assert made[0] != made[1]
    with pytest.raises(InvalidInput, match="belongs to another user"):
        owners.claim(kept_runs.folder() / made[0], "ben")
    empty = kept_runs.folder() / "begun"
    owners.claim(empty, "ben")
    owners.abandon(empty)
    assert not empty.exists(), "nothing is left of a scan that has not begun"


@pytest.mark.parametrize("damage", ["", "[]", "{}", '{"mark": 3', "[" * 100_000])
def test_a_run_whose_owner_cannot_be_read_belongs_to_nobody(damage: str, who: dict[str, str]) -> None:
    (kept_runs.folder() / RUN / owners.FILE).write_text(damage)
    assert names() == {"of-the-machine"}


def test_alone_on_a_machine_every_run_is_ones_own(who: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "is_closed", lambda: False)
    assert names() == {RUN, "of-the-machine"}
    run = runs.open_one("of-the-machine").run
    tags.put(run, [1], ["a"])
    assert word("runs.share") not in [one.label for one in open_run(run=RUN).toggle]
    scans.remove(run)


def test_a_user_is_a_user_a_browser_or_a_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cookies: dict[str, str] = {}
    headers: dict[str, str] = {}
    context = SimpleNamespace(cookies=cookies, headers=headers)
    monkeypatch.setattr(users, "st", SimpleNamespace(context=context))
    mark = lambda: users.user_mark(tmp_path / "secret")  # noqa: E731
    session = mark()
    cookies[users.COOKIE] = f"2|00000000|{'ab' * 16}|1"
    browser = mark()
    cookies[users.COOKIE] = f"2|01010101|{'aa' * 16}|2"  # the same token under another mask
    assert mark() == browser != session
    headers["X-User"] = "anna"
    assert mark() == browser, "a header that the owner does not name can be sent by anybody"
    monkeypatch.setenv(users.USER_HEADER, "X-User")
    anna = mark()
    cookies.clear()
    assert mark() == anna != browser
    headers["X-User"] = "ben"
    assert mark() not in (anna, browser, session) and "ben" not in mark()
    users.secret.cache_clear()
    assert (tmp_path / "secret").stat().st_mode & 0o077 == 0 and len(mark()) == users.MARK
