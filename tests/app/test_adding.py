"""What adding takes: a page is one folder and one line, and so is a language. Each is added to a copy of the app."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = {
    "__init__.py": """
from app.state import Page
from app.views.weather.keys import WeatherKey

PAGE = Page("weather", WeatherKey, (WeatherKey.SKY,))
""",
    "keys.py": """
from enum import StrEnum


class WeatherKey(StrEnum):
    SKY = "sky"
""",
    "page.py": """
import streamlit as st

from app import state
from app.views.weather.keys import WeatherKey

st.markdown(f"The sky is {state.get(WeatherKey.SKY)}.")
""",
}
"""A page that shows what its address says."""
LANGUAGE = {"__init__.py": 'WORDS = {"page.explore": "Ausprobieren"}\n'}
"""A language that has a word for one label."""
SCRIPT = """
import json, sys
sys.path.insert(0, ".")
from app import words
from tests.app.pages import open_page
page = open_page("weather", model="scenes/plain", sky="blue")
found = {"failed": [one.value for one in [*page.exception, *page.error]], "shown": [one.value for one in page.markdown]}
found["pages"] = {one["url_pathname"]: one["page_name"] for one in page._registered_pages.values()}
found["languages"] = list(words.LANGUAGES)
words.use("xx")
found["words"] = [words.word("page.explore"), words.word("page.trust")]
print("found", json.dumps(found))
"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a copy of the app shows to which a page and a language were added."""
    copy = tmp_path_factory.mktemp("copy")
    for folder in ("app", "tests"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for folder in ("core", "pretrained"):
        (copy / folder).symlink_to(ROOT / folder)
    for folder, files in (("app/views/weather", PAGE), ("app/words/xx", LANGUAGE)):
        (copy / folder).mkdir()
        for name, text in files.items():
            (copy / folder / name).write_text(text)
    change_line(copy / "app/views/__init__.py", '"models")', '"models", "weather")')
    change_line(copy / "app/words/languages.py", 'NAMES = {"en": "English", ', 'NAMES = {"en": "English", "xx": "Xx", ')
    command = [sys.executable, "-c", SCRIPT]
    found = subprocess.run(command, cwd=copy, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": ""})
    lines = [line for line in found.stdout.splitlines() if line.startswith("found ")]
    assert lines, found.stderr[-3000:]
    return json.loads(lines[0].removeprefix("found "))


def change_line(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(before) == 1
    path.write_text(text.replace(before, after), encoding="utf-8")


def test_a_page_is_one_folder_and_one_line(report: dict[str, Any]) -> None:
    assert not report["failed"]
    assert report["pages"]["weather"] == "Weather" and list(report["pages"])[-1] == "weather"
    assert "The sky is blue." in report["shown"], "its key came from its address"


def test_a_language_is_one_folder_and_one_line(report: dict[str, Any]) -> None:
    assert report["languages"] == ["en", "xx", "zh-CN"]
    assert report["words"] == ["Ausprobieren", "Trust"], "English stands behind what it lacks"
