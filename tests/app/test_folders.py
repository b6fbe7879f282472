"""Paths that users type: as they are on this machine alone, closed where others can reach it, open where named."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from PIL import Image
from streamlit import config

import core
from app import runtime
from app.runtime import kept_runs
from app.runtime.mistakes import folders, owners, runs, scans, zips
from app.runtime.public import VARIABLE
from app.state import Key
from app.views.mistakes.data import CSV, FOLDER
from app.views.mistakes.keys import MistakesKey
from app.views.models import own_models
from app.views.models.keys import ModelsKey
from app.words import word
from core import InvalidInput
from core.data import IMAGENETTE
from core.scanning import RUN_FILE
from tests.app.pages import open_page, shown_text, visit, well


def listen(monkeypatch: pytest.MonkeyPatch, address: str | None) -> None:
    own = st.get_option
    monkeypatch.setattr(st, "get_option", lambda key: address if key == "server.address" else own(key))


@pytest.fixture
def beyond(monkeypatch: pytest.MonkeyPatch) -> None:
    listen(monkeypatch, "0.0.0.0")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder ``open`` that users may look at, and one, ``secret``, that they may not; pictures in both."""
    for name in ("open", "secret"):
        for label in ("a", "b"):
            (tmp_path / name / label).mkdir(parents=True)
            pixels = np.random.default_rng(len(name)).integers(0, 255, (40, 40, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / name / label / "1.png")
    monkeypatch.setenv(folders.FOLDERS, os.pathsep.join(["", str(tmp_path / "open"), " "]))
    monkeypatch.setenv(kept_runs.FOLDER, str(tmp_path / "runs"))
    scans.collection.clear()
    return tmp_path


@pytest.mark.parametrize(
    ("address", "closed"),
    [("localhost", False), ("127.0.0.1", False), ("127.1.2.3", False), ("::1", False), ("0.0.0.0", True), ("::", True),
     (None, True), ("192.168.0.7", True), ("example.org", True), ("unix:///run/fovea.sock", True)],
)  # fmt: skip
def test_a_server_that_others_reach_is_closed(
    address: str | None, closed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    listen(monkeypatch, address)
    assert folders.is_closed() == closed


def test_the_app_listens_to_this_machine_alone_unless_set_otherwise() -> None:
    assert config.get_option("server.address") == "localhost"


def test_on_localhost_the_home_and_the_working_folder_are_open_unless_others_are_named(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders.check(place / "open")
    with pytest.raises(InvalidInput, match="not in a folder that Fovea may open"):
        folders.check(place / "secret")
    monkeypatch.delenv(folders.FOLDERS)
    monkeypatch.setenv("HOME", str(place / "secret"))
    monkeypatch.chdir(place / "open")
    (place / "secret" / "out").symlink_to("/etc")
    for path in (place / "open" / "a", place / "secret", "~/a", "b/1.png", place / "secret" / "nowhere"):
        folders.check(os.path.expanduser(path))
    for path in (place, "/etc/passwd", "..", place / "secret" / "out", place / "nowhere"):
        with pytest.raises(InvalidInput, match="not in a folder that Fovea may open") as told:
            folders.check(path)
        assert str(path) not in str(told.value)
    assert len(scans.collection(str(place / "secret"), 0, 1)) == 2 and folders.offers()


def test_beyond_localhost_only_what_was_named_is_open(
    beyond: None, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, outside = place / "open", place / "secret"
    (inside / "out").symlink_to(outside)
    (inside / "back").symlink_to(inside / "a")
    for path in (inside, inside / "a", inside / "back", inside / "none", inside / "a" / ".." / "b"):
        folders.check(path)
    closed = [outside, inside / "out", inside / ".." / "secret", inside / "out" / "a", place, "/etc", "/", "relative",
              f"{inside}x", place / "nowhere"]  # fmt: skip
    for path in closed:
        with pytest.raises(InvalidInput, match="not accessible") as told:
            folders.check(path)
        assert str(path) not in str(told.value)  # the message does not show whether it is there
    monkeypatch.delenv(folders.FOLDERS)
    with pytest.raises(InvalidInput, match="FOVEA_FOLDERS"):
        folders.check(inside)
    assert not folders.offers()


def test_no_picture_of_a_folder_leads_out(beyond: None, place: Path) -> None:
    assert len(scans.collection(str(place / "open"), 0, 1)) == 2
    scans.collection.clear()
    (place / "open" / "a" / "2.png").symlink_to(place / "secret" / "a" / "1.png")
    with pytest.raises(InvalidInput, match="a/2.png links to a folder"):
        scans.collection(str(place / "open"), 0, 1)
    (place / "open" / "a" / "2.png").unlink()
    (place / "open" / "c").symlink_to(place / "secret" / "a")
    with pytest.raises(InvalidInput, match="links to a folder"):
        scans.collection(str(place / "open"), 0, 1)


@pytest.mark.parametrize("line", ["{secret}/a/1.png", "../secret/a/1.png", "a/../../secret/a/1.png"])
def test_no_line_of_a_table_leads_out(beyond: None, place: Path, line: str) -> None:
    table = place / "open" / "list.csv"
    table.write_text(f"path,label\na/1.png,a\n{line.format(secret=place / 'secret')},b\n")
    with pytest.raises(InvalidInput, match="links to a folder"):
        scans.collection(str(table), 0, 1)
    table.write_text("path,label\na/1.png,a\nb/1.png,b\n")
    scans.collection.clear()
    assert len(scans.collection(str(table), 0, 1)) == 2


def test_a_run_is_opened_by_its_folder_only_where_that_and_its_pictures_are_open(beyond: None, place: Path) -> None:
    model = core.load("scenes/plain", "cpu")
    for pictures, home, fits in (("open", "open", True), ("open", "secret", False), ("secret", "open", False)):
        folder = place / home / f"run-{pictures}"
        core.scan(model, place / pictures, folder)
        if fits:
            assert len(runs.open_one(str(folder)).table) == 2
        else:
            with pytest.raises(InvalidInput, match="not accessible"):
                runs.open_one(str(folder))
        shutil.rmtree(folder)
    folder = place / "open" / "run"  # its own files say that its pictures lie in the open folder
    core.scan(model, place / "open", folder)
    (place / "open" / "a" / "1.png").unlink()
    (place / "open" / "a" / "1.png").symlink_to(place / "secret" / "a" / "1.png")
    with pytest.raises(InvalidInput, match="links to a folder"):
        runs.open_one(str(folder))


def test_the_app_s_own_runs_stay_open(beyond: None, place: Path) -> None:
    core.scan(core.load("scenes/plain", "cpu"), place / "secret", place / "runs" / "mine")
    assert len(runs.open_one("mine").table) == len(runs.open_one(str(place / "runs" / "mine")).table) == 2


def test_a_run_of_the_app_is_the_same_one_however_its_path_is_spelled(
    beyond: None, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The owner of a server may name a folder that holds the runs: each is still that of its user."""
    monkeypatch.setenv(folders.FOLDERS, str(place))
    user = {"user": "anna"}
    monkeypatch.setattr(owners, "user_mark", lambda _: user["user"])
    owners.claim(place / "runs" / "annas", "anna")
    core.scan(core.load("scenes/plain", "cpu"), place / "open", place / "runs" / "annas")
    stored = zips.folder() / "0" / "annas.zip"
    stored.parent.mkdir(parents=True)
    stored.write_bytes(b"")
    (place / "open" / "link").symlink_to(place / "runs")
    spelled = ["annas", f"{place}/runs/annas", f"{place}/runs/../runs/annas", f"{place}/open/link/annas",
               f"/{place}/runs/annas", f"{place}/runs/./annas/"]  # fmt: skip
    assert {runs.open_one(one).name for one in spelled} == {"annas"}
    user["user"] = "ben"
    for one in spelled:
        with pytest.raises(InvalidInput, match="There is no run"):
            runs.open_one(one)
    for path in (place / "runs", place / "runs" / "annas", stored, place / "open" / "link" / "annas"):
        with pytest.raises(InvalidInput, match="not accessible"):
            folders.check(path)
    folders.check(place / "open")


@pytest.mark.parametrize(
    "data", ["{open}/\\x2e\\x2e/secret", "../secret", "{open}/pictures.zip", "{open}/../secret", "{secret}", "/"]
)
def test_no_run_leads_out_by_what_it_says_of_its_data(
    beyond: None, place: Path, monkeypatch: pytest.MonkeyPatch, data: str
) -> None:
    """A run in an opened folder may be anybody's: its data may be spelled as a folder, a zip or a relative path."""
    monkeypatch.chdir(place / "open")
    (place / "open" / "pictures.zip").symlink_to(place / "secret")
    folder = place / "open" / "run"
    core.scan(core.load("scenes/plain", "cpu"), place / "secret", folder)
    facts = json.loads((folder / RUN_FILE).read_text())
    facts["data"] = data.format(open=place / "open", secret=place / "secret")
    (folder / RUN_FILE).write_text(json.dumps(facts))
    with pytest.raises(InvalidInput, match="not accessible|links to a folder"):
        runs.open_one(str(folder))


def test_a_folder_called_like_a_zip_leads_out_as_little_as_any_other(beyond: None, place: Path) -> None:
    folder = place / "open" / "pictures.zip"
    folder.mkdir()
    shutil.copytree(place / "open" / "a", folder / "a")
    (folder / "b").symlink_to(place / "secret" / "b")
    with pytest.raises(InvalidInput, match="links to a folder"):
        scans.collection(str(folder), 0, 1)


STRANGE = (
    "x" * 300, "/" + "x" * 300, "a\0b", "/a\0b", "~nobody-has-this-name", "~root", "~root/x", "\\x2e\\x2e", "%2e%2e",
    "..", "../" * 100, "//server/share", "file:///etc", "C:\\", "\u202e", ".", "/", "/dev/zero", "/proc/self/environ",
)  # fmt: skip


@pytest.mark.parametrize("kind", [FOLDER, CSV, "run", "address"])
def test_strange_paths_get_the_same_sentence(
    beyond: None, place: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """None of them shows what is there, and none ends in the sentence for an error of the app."""
    (place / "work").mkdir()
    monkeypatch.chdir(place / "work")
    page = visit(open_page(), "mistakes").run()
    for text in STRANGE if kind != "address" else STRANGE[::6]:
        if kind == "address":
            page = visit(open_page(run=text), "mistakes").run()
        elif kind == "run":
            page.text_input(key=f"{MistakesKey.RUNS}.folder").set_value(text).run()
        else:
            page.session_state[MistakesKey.DATA] = kind
            page.session_state[f"data-{kind}"] = text
            page.run()
        found = [one.value for one in (*page.error, *page.warning)]
        assert not page.exception and len(found) == 1, (text, found)
        closed = "not accessible" in found[0] and "x2e" not in found[0]
        assert closed or (kind == "address" and "There is no run" in found[0]), (text, found)


def test_the_photographs_of_the_app_are_open_everywhere(
    beyond: None, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for split in ("train", "val"):
        shutil.copytree(place / "secret", place / "photographs" / split)
    monkeypatch.setenv("FOVEA_DATA", str(place / "photographs"))
    assert len(scans.collection(IMAGENETTE, 0, 1)) == 2


def test_the_page_asks_for_no_path_where_none_is_open(
    beyond: None, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = visit(open_page(run=str(place / "secret")), "mistakes").run()
    page.session_state[MistakesKey.DATA] = "folder"
    page.session_state["data-folder"] = str(place / "secret")
    page.run()
    assert not page.exception and [one.value for one in page.error if "not accessible" in one.value]
    monkeypatch.delenv(folders.FOLDERS)
    page.run()
    assert not page.exception and not page.error
    assert [one.key for one in page.text_input] == ["glossary-search"]
    kinds = next(one for one in page.button_group if one.key == MistakesKey.DATA)
    assert [json.dumps(one) for one in ("folder", "csv") if one in kinds.options] == []


def test_a_model_is_not_opened_by_an_address(place: Path) -> None:
    """On localhost neither: only models of the catalog, and those brought in this session, have addresses."""
    page = open_page(model=f"file:{place / 'secret' / 'card.json'}")
    assert not page.exception and not page.selectbox(key=Key.MODEL).value.startswith("file:")
    (warning,) = (one.value for one in page.warning)
    assert "upload its files on the page Models" in warning


def test_a_public_server_opens_nothing_even_on_localhost(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "1")
    for path in (place / "open", place / "secret", place / "nowhere"):
        with pytest.raises(InvalidInput, match="not accessible"):
            folders.check(path)
    assert not folders.offers()
    page = open_page("models")
    assert word("own.public") in shown_text(well(page))
    assert not [one for one in page.file_uploader if one.key.startswith(ModelsKey.MODEL_UPLOADER)]
    with pytest.raises(InvalidInput, match="switched off"):
        own_models.check_room([])
    monkeypatch.setattr(runtime, "named_card", lambda slug: pytest.fail(f"{slug} is looked up"))
    page = open_page(model="hf:anybody/anything")
    assert [one.value for one in page.warning if one.value == word("own.public")] and not page.exception
    assert not any(one.proto.popover.label == word("find.title") for one in page.get("popover"))
    monkeypatch.setenv(VARIABLE, "0")
    folders.check(place / "open")
