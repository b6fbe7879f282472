"""The files of lessons in the app: when they are read, what is checked of them, and how mistakes are stated."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from app.runtime import lessons as runtime_lessons
from app.runtime.lessons import lessons, measured
from core.data import open_sample
from core.lessons import SHIPPED, check_lesson, lesson_folders, read_lesson
from core.lessons.reading import references
from tests.app.learn.played import EVERY
from tests.app.pages import open_page, shown_text, well
from tests.core.lessons.small_lesson import TOML, WORDS, small_lesson


def offer_broken_lesson(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Offer the small lesson with an unknown claim in line 4 of its words."""
    (small_lesson(place) / "en.md").write_text(WORDS.replace("{right}", "{left}"), "utf-8")
    monkeypatch.setenv("FOVEA_LESSONS", str(place))


def test_a_lesson_that_is_not_there_is_reported() -> None:
    page = well(open_page(lesson="no-such-lesson"))
    assert "no lesson no-such-lesson" in shown_text(page)


def test_a_mistake_in_a_lesson_is_reported_in_the_language_of_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer_broken_lesson(tmp_path, monkeypatch)
    for language, place, sentence in (
        ("en", "small/en.md:4: ", "There is no claim 'left'."),
        ("zh-CN", "small/en.md:4：", "没有结论“left”。"),
    ):
        page = well(open_page("learn", lang=language))
        [told] = [one.value for one in page.warning if sentence in one.value]
        assert told.replace("\u2060", "").startswith(place + sentence)


def test_a_lesson_with_a_mistake_that_an_address_names_says_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer_broken_lesson(tmp_path, monkeypatch)
    for language, sentence in (("en", "small contains an error"), ("zh-CN", "课程 small 有错误")):
        told = shown_text(well(open_page(lesson="small", lang=language))).replace("\u2060", "")
        assert sentence in told and "en.md:4" in told and "There is no lesson" not in told


def test_shipped_lessons_are_not_checked_against_their_models_while_the_app_runs_and_own_ones_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "lesson.toml").write_text(TOML.replace('sample = "scenes/3"', 'sample = "scenes/three"'), "utf-8")
    (folder / "en.md").write_text(WORDS, "utf-8")
    monkeypatch.setenv("FOVEA_LESSONS", str(tmp_path))
    opened: list[str] = []
    monkeypatch.setattr(references, "open_sample", lambda slug: opened.append(slug) or open_sample(slug))
    for checked in (runtime_lessons._checked, runtime_lessons._measured):
        checked.clear()
    found = lessons()
    assert [one.name for one in found] == EVERY and all(measured(one) for one in found)
    assert opened and set(opened) <= {"scenes/three", "scenes/4"}, "the pictures of the own lesson alone"
    assert any("not 'three'" in str(one) for one in runtime_lessons.lesson_problems())
    shipped = [check_lesson(one, fits=False)[0] for one in lesson_folders() if one.parent == SHIPPED]
    assert shipped == [read_lesson(one.folder) for one in shipped], "they are read the same"


def test_one_lesson_is_found_without_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    read, names = [], [one.name for one in lessons()]
    monkeypatch.setattr(
        runtime_lessons, "_checked", lambda folder, stamps: read.append(Path(folder).name) or (None, ())
    )
    assert runtime_lessons.find_lesson(names[3]) is None and read == [names[3]]
    assert runtime_lessons.find_lesson("nothing") is None and read == [names[3]]


def test_a_picture_of_an_own_lesson_is_shown_in_its_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "lesson.toml").write_text(TOML, "utf-8")
    (folder / "en.md").write_text(WORDS.replace("Look at", "![A square](drawn/one.png)\nLook at"), "utf-8")
    (folder / "drawn").mkdir()
    Image.new("RGB", (300, 200), (200, 30, 30)).save(folder / "drawn" / "one.png")
    monkeypatch.setenv("FOVEA_LESSONS", str(tmp_path))
    page = well(open_page(lesson="small"))
    shown = [one.proto for one in page.get("image") if "A square" in str(one.proto)]
    assert len(shown) == 1 and "![" not in shown_text(page)
    (folder / "drawn" / "one.png").unlink()
    assert "There is no file 'drawn/one.png'" in shown_text(well(page.run()))
