"""What adding takes: a page is one folder and one line, and so is a language. Each is added to a copy of the app."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.words import LANGUAGES

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
from app.words import word

st.markdown(word("weather.sky", sky=state.get(WeatherKey.SKY)))
""",
}
"""A page that shows what its address says."""
WORDS = {
    "en": {"page.weather": "Weather", "weather.sky": "The sky is {sky}."},
    "zh_cn": {"page.weather": "天气", "weather.sky": "天空是{sky}。"},
}
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
found["partly"] = []
for slug in found["pages"]:
    shown = open_page(slug, model="scenes/self-attention", sample="scenes/3", lang="xx")
    found["partly"] += [f"{slug}: {one.value}" for one in [*shown.exception, *shown.error]]
words.use("xx")
found["words"] = [words.word("page.explore"), words.word("page.trust")]
print("found", json.dumps(found))
"""


def copy_with_page(copy: Path) -> Path:
    """A copy of the app, in an empty folder, to which a page was added."""
    for folder in ("app", "tests"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("core", "pretrained", "pyproject.toml", "README.md", "Makefile", ".ci"):
        (copy / name).symlink_to(ROOT / name)
    write_files(copy / "app/views/weather", PAGE)
    for code, words in WORDS.items():
        (copy / f"app/words/{code}/weather.py").write_text(f"WORDS = {words}\n", encoding="utf-8")
    change_line(copy / "app/views/__init__.py", '"models")', '"models", "weather")')
    return copy


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a copy of the app shows to which a page and a language were added."""
    copy = copy_with_page(tmp_path_factory.mktemp("copy"))
    write_files(copy / "app/words/xx", LANGUAGE)
    change_line(copy / "app/words/languages.py", 'NAMES = {"en": "English", ', 'NAMES = {"en": "English", "xx": "Xx", ')
    command = [sys.executable, "-c", SCRIPT]
    found = subprocess.run(command, cwd=copy, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": ""})
    lines = [line for line in found.stdout.splitlines() if line.startswith("found ")]
    assert lines, found.stderr[-3000:]
    return json.loads(lines[0].removeprefix("found "))


@pytest.mark.slow
def test_a_page_passes_the_checks_that_are_named_for_it(tmp_path: Path) -> None:
    text = " ".join((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## A page")[2].split())
    named = re.search(r"Check: `.venv/bin/python -m pytest (.*?)`", text)
    assert named
    tests = [one for one in named[1].split() if one != "tests/app/test_adding.py"]  # this one
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
    environment = {**os.environ, "PYTHONPATH": ""}
    found = subprocess.run(command, cwd=copy_with_page(tmp_path), capture_output=True, text=True, env=environment)
    assert found.returncode == 0, found.stdout[-3000:]


def write_files(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def change_line(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(before) == 1
    path.write_text(text.replace(before, after), encoding="utf-8")


def test_a_page_is_one_folder_and_one_line(report: dict[str, Any]) -> None:
    assert not report["failed"]
    assert report["pages"]["weather"] == "Weather" and list(report["pages"])[-1] == "weather"
    assert "The sky is blue." in report["shown"], "its key came from its address"


def test_a_language_is_one_folder_and_one_line(report: dict[str, Any]) -> None:
    first, *others = LANGUAGES
    assert report["languages"] == [first, "xx", *others]
    assert report["words"] == ["Ausprobieren", "Trust"], "English stands behind what it lacks"


def test_every_page_opens_in_a_language_of_one_label(report: dict[str, Any]) -> None:
    assert not report["partly"]
