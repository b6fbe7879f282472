"""The quota of uploads, what is released and when, and what is reported: on the store that Streamlit's server makes."""

from __future__ import annotations

import gc
import io
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit import runtime as streamlit_runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec
from streamlit.testing.v1 import AppTest
from streamlit.web.server.server import Server

from app.runtime import startup, uploads
from app.runtime.public import VARIABLE
from app.runtime.uploads import BYTES, EVERYBODY, FILES, GONE, UNCLAIMED, LimitedUploads
from app.state import Key
from app.views.mistakes import data
from app.views.models import own_models
from app.views.models.keys import ModelsKey
from app.widgets import pictures
from app.words import plain
from core.images.opening import MAX_BYTES
from core.models.user_models.own import MAX_WEIGHTS
from tests.app.pages import MAIN, open_page, visit, warnings

ROOT = Path(__file__).resolve().parents[2]


class Bytes(bytes):
    """Bytes that only say that they are many."""

    count = 0

    def __len__(self) -> int:
        return self.count


def file(name: str, size: int) -> UploadedFileRec:
    held = Bytes()
    held.count = size
    return UploadedFileRec(name, f"{name}.jpg", "image/jpeg", held)


@pytest.fixture
def here() -> set[str]:
    """The sessions that are connected."""
    return {"a", "b"}


@pytest.fixture
def store(here: set[str], monkeypatch: pytest.MonkeyPatch) -> MemoryUploadedFileManager:
    """A store of Streamlit's that has a file already, taken over; nothing sweeps it but the tests."""
    monkeypatch.setattr(LimitedUploads, "_watch", lambda self: None)
    found = MemoryUploadedFileManager("/upload")
    found.add_file("a", file("before", 5))
    LimitedUploads.take_over(found, here.__contains__)
    return found


def sizes(store: MemoryUploadedFileManager, session: str = "a") -> dict[str, int]:
    return {name: len(one.data) for name, one in store.file_storage.get(session, {}).items()}


def test_the_number_of_files_of_a_session_has_an_end(store: MemoryUploadedFileManager) -> None:
    for number in range(3 * FILES):
        store.add_file("a", file(str(number), 9_000_000))
    held = sizes(store)
    assert held["before"] == 5 and sum(size > 0 for size in held.values()) == FILES and len(held) <= 2 * FILES
    over = store.get_files("a", [str(FILES)])[0]
    assert uploads.is_refused(over) and over.name == f"{FILES}.jpg" and not uploads.is_refused(file("x", 1))
    store.add_file("b", file("theirs", 7))
    assert sizes(store, "b") == {"theirs": 7}  # another user has a quota of their own
    for number in (0, FILES):
        store.remove_file("a", str(number))
    store.add_file("a", file("later", 3))
    assert sizes(store)["later"] == 3


def test_the_bytes_of_a_session_and_of_all_have_an_end(store: MemoryUploadedFileManager, here: set[str]) -> None:
    store.add_file("a", file("model", MAX_WEIGHTS))
    store.add_file("a", file("card", 1000))
    assert sizes(store)["model"] == MAX_WEIGHTS and sizes(store)["card"] == 1000
    store.add_file("a", file("second", BYTES - MAX_WEIGHTS))
    assert sizes(store)["second"] == 0
    store.add_file("a", file("model", MAX_WEIGHTS))  # the same once more takes the place of the first
    assert sizes(store)["model"] == MAX_WEIGHTS
    for number in range(5):
        store.add_file(f"s{number}", file("model", MAX_WEIGHTS))
    assert store._total_bytes <= EVERYBODY
    assert store._total_bytes == sum(len(one.data) for files in store.file_storage.values() for one in files.values())


def test_on_a_public_server_uploads_may_take_half_as_much(
    store: MemoryUploadedFileManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody uploads models there, but the address of uploads takes any file."""
    monkeypatch.setenv(VARIABLE, "1")
    store.add_file("a", file("model", MAX_WEIGHTS))
    assert sizes(store)["model"] == 0
    for number in range(9):
        store.add_file(f"s{number}", file("zip", data.MEGABYTES << 20))
    assert sizes(store, "s0")["zip"] and EVERYBODY / 3 < store._total_bytes <= EVERYBODY / 2


def test_what_no_page_uses_is_released(store: MemoryUploadedFileManager, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(uploads.time, "monotonic", lambda: now[0])
    for name in ("orphan", "shown"):
        store.add_file("a", file(name, 9))
    now[0] += UNCLAIMED - 1
    assert store.get_files("a", ["shown"])[0].file_id == "shown"
    now[0] += 2
    store.arrived["a"]["before"] = now[0]
    assert store.sweep(now[0]) == 1 and sizes(store) == {"before": 5, "shown": 9}
    now[0] += UNCLAIMED + 1
    assert store.sweep(now[0]) == 2 and not sizes(store) and store._total_bytes == 0


def test_what_a_lost_session_held_is_released(store: MemoryUploadedFileManager, here: set[str]) -> None:
    store.add_file("b", file("mine", 9))
    here.remove("a")
    assert store.sweep(0.0) == 0
    here.add("a")  # it is back in time
    assert store.sweep(GONE + 1) == 0
    here.remove("a")
    assert store.sweep(2 * GONE) == 0 and store.sweep(3 * GONE + 1) == 1
    assert not store.file_storage.get("a") and sizes(store, "b") == {"mine": 9}


def test_the_watch_ends_when_nothing_is_held_and_begins_again(here: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    asleep: list[float] = []
    monkeypatch.setattr(uploads.time, "sleep", asleep.append)
    monkeypatch.setattr(uploads, "UNCLAIMED", -1.0)
    begun: list[object] = []
    thread = lambda target, **_: SimpleNamespace(start=lambda: begun.append(target))  # noqa: E731
    monkeypatch.setattr(uploads.threading, "Thread", thread)
    store = MemoryUploadedFileManager("/upload")
    LimitedUploads.take_over(store, here.__contains__)
    for _ in range(2):
        store.add_file("a", file("x", 9))
        store.add_file("a", file("y", 9))
        begun[-1]()
        assert not sizes(store) and not store.watching
    assert len(begun) == 2 and asleep


def test_the_server_s_own_store_is_taken_over_once_and_its_metrics_state_nothing() -> None:
    """What both depend on: Streamlit's server makes this store and these metrics, and its runtime gives them out."""
    server = Server(MAIN, is_hello=False)
    try:
        assert streamlit_runtime.exists() and type(server._runtime.uploaded_file_mgr) is MemoryUploadedFileManager
        assert server._runtime.stats_mgr.registered_families()
        startup.close_metrics()
        assert not server._runtime.stats_mgr.registered_families() and not server._runtime.stats_mgr.get_stats()
        uploads.limit()
        uploads.limit()
        store = server._runtime.uploaded_file_mgr
        assert type(store) is LimitedUploads and not store.connected("nobody")
    finally:
        type(server._runtime)._instance = None


# --- what is reported, and what is released


def photograph(side: int = 64) -> bytes:
    found = io.BytesIO()
    Image.fromarray(np.random.default_rng(side).integers(0, 255, (side, side, 3), dtype=np.uint8)).save(found, "png")
    return found.getvalue()


@pytest.fixture
def release(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The names of the files that have been released."""
    names: list[str] = []
    own = uploads.release
    monkeypatch.setattr(uploads, "release", lambda *files: (names.extend(one.name for one in files), own(*files)))
    return names


def uploader(page: AppTest, key: str = Key.UPLOADER) -> Any:
    return next(one for one in page.file_uploader if one.key.startswith(f"{key}."))


def test_pictures_are_released_once_they_are_open_and_broken_ones_too(release: list[str]) -> None:
    page = open_page()
    files = [("a.png", photograph(), "image/png"), ("b.png", b"no picture", "image/png"),
             ("c.png", photograph() + bytes(MAX_BYTES), "image/png")]  # fmt: skip
    uploader(page).set_value(files).run()
    assert release == ["a.png", "b.png", "c.png"]
    assert [one.name for one in page.session_state[Key.UPLOADS].values()] == ["a.png"]
    assert not uploader(page).value  # an empty uploader
    said = warnings(page)
    assert any("b.png is not" in one for one in said) and any("c.png is larger than 10 MB" in one for one in said)
    uploader(page).set_value([("d.png", photograph(65), "image/png")]).run()
    assert not warnings(page)  # the next upload has its own outcome


def test_a_stale_warning_does_not_come_along_to_another_page(release: list[str]) -> None:
    page = visit(open_page(), "models").run()
    uploader(page).set_value([("b.png", b"no picture", "image/png")]).run()
    assert warnings(page)
    visit(page, "trust").run()
    assert not warnings(page)


def test_a_model_s_refusal_goes_with_its_files() -> None:
    page = visit(open_page(), "models").run()
    brought = [("a.json", b"{", "text/json"), ("a.pt", b"x", "application/octet-stream")]
    uploader(page, ModelsKey.MODEL_UPLOADER).set_value(brought).run()
    assert page.error
    visit(page, "explore").run()
    visit(page, "models").run()
    assert not page.error


def test_a_file_over_the_quota_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "is_refused", lambda one: True)
    page = open_page()
    uploader(page).set_value([("a.png", b"", "image/png")]).run()
    assert warnings(page) == [plain("upload.refused", name="a.png", files=FILES)]
    visit(page, "models").run()
    brought = [("a.json", b"", "text/json"), ("a.pt", b"", "application/octet-stream")]
    uploader(page, ModelsKey.MODEL_UPLOADER).set_value(brought).run()
    assert [one.value for one in page.error] == [plain("upload.refused", name="a.json", files=FILES)]


def test_each_uploader_states_its_limit_and_the_server_s_is_the_largest() -> None:
    options = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    largest = options["server"]["maxUploadSize"]
    assert (pictures.LARGEST, data.MEGABYTES, own_models.MEGABYTES, largest) == (10, 500, 1024, 1024)
    page = visit(open_page(), "models").run()
    stated = {one.key.partition(".")[0]: one.proto.max_upload_size_mb for one in page.file_uploader}
    assert stated == {Key.UPLOADER: 10, ModelsKey.MODEL_UPLOADER: 1024}


# --- what stands as long as the server does


def test_what_was_imported_is_never_looked_through_again(monkeypatch: pytest.MonkeyPatch) -> None:
    gc.unfreeze()
    monkeypatch.setattr(startup, "_modules", 0)
    try:
        open_page()
        frozen = gc.get_freeze_count()
        assert frozen > 100_000 and len(gc.get_objects()) < frozen
        startup.prepare_process()
        assert gc.get_freeze_count() == frozen  # once
        for number in range(startup.MANY):
            monkeypatch.setitem(sys.modules, f"imported_later_{number}", ModuleType("later"))
        startup.prepare_process()
        assert gc.get_freeze_count() > frozen
    finally:
        gc.unfreeze()
