"""What the frame reports: a failed download next to the page, and a page that does not exist."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import streamlit as st

from app.widgets import pictures
from app.words import plain, word
from core import InvalidInput
from tests.app.pages import open_page, visit, warnings
from tests.source_files import ROOT


@pytest.fixture(autouse=True)
def no_photographs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOVEA_DATA", str(tmp_path))


def test_photographs_that_cannot_be_downloaded_are_a_notice_next_to_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(progress: object) -> None:
        raise InvalidInput("Imagenette cannot be downloaded: there is no network. Check the network.")

    monkeypatch.setattr(pictures, "fetch_imagenette", fail)
    page = open_page()
    page = next(one for one in page.button if one.label == word("picture.fetch", size="99")).click().run()
    assert not page.exception and not page.error
    assert warnings(page) == ["Imagenette cannot be downloaded: there is no network. Check the network."]
    assert word("answer.title") in [one.value for one in page.subheader]  # the page is there


@pytest.mark.parametrize(
    ("address", "page"),
    [("http://localhost:8501/nonsense", "nonsense"), ("http://localhost:8501/a/%2A%2Ab%2A%2A/", "**b**"),
     ("http://localhost:8501/", None), ("http://localhost:8501/mistakes?run=x", None), ("http://x/trust", None),
     ("http://localhost:8501/models/", None), ("http://x", None), (None, None)],
)  # fmt: skip
def test_a_page_that_is_not_there_is_reported_once(
    address: str | None, page: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(st.context), "url", property(lambda self: address))
    shown = open_page()
    assert not shown.exception
    said = [one for one in warnings(shown) if "unknown page" in one]
    assert said == ([] if page is None else [word("page.unknown", page=page)])
    assert page is None or plain("page.unknown", page=page)
    shown = visit(shown, "models").run()
    assert not [one for one in warnings(shown) if "unknown page" in one]


def test_threads_of_torch_sleep_while_they_wait() -> None:
    """The wish is stated before torch is loaded: its threads read it then, and never again."""
    before = f"import os, runpy, sys; os.environ.pop('OMP_WAIT_POLICY', None); sys.path.insert(0, {str(ROOT)!r})"
    watch = """
class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            print("torch", os.environ.get("OMP_WAIT_POLICY"), flush=True)
            os._exit(0)
sys.meta_path.insert(0, Watch())
"""
    code = f"{before}\n{watch}\nrunpy.run_path({str(ROOT / 'app' / 'main.py')!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.split() == ["torch", "PASSIVE"]
