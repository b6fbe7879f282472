"""Lessons are read and checked: a right one has no problem, and each planted mistake is found at its line."""

from __future__ import annotations

import json
import shutil
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from core.lessons import (
    SHIPPED,
    Figure,
    check_lesson,
    folder_problems,
    lesson_folders,
    read_figure,
    read_lesson,
    split_figures,
    worksheet,
)
from core.lessons.reading.folder import LARGEST
from core.models import zoo
from core.types import InvalidInput
from tests.core.lessons.planted_mistakes import MISTAKES
from tests.core.lessons.small_lesson import WORDS, small_lesson

MODEL = zoo.find_card("scenes/cbam").facts["checksum"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return small_lesson(tmp_path)


def test_a_right_lesson_has_no_problem(folder: Path) -> None:
    lesson, problems = check_lesson(folder)
    assert not problems and lesson is not None
    assert [step.name for step in lesson.steps] == ["look", "guess", "check"]
    assert lesson.steps[0].state == {"model": "scenes/cbam", "sample": "scenes/3"}
    assert lesson.steps[1].hide == ("prediction",) and lesson.steps[1].exercise.answer == ("car",)
    words = lesson.speak("zh-CN")
    assert words.title == "A small lesson" and words.options["guess", "fish"].reason == "It has no fins."
    assert words.block("look", "say").startswith("Look at") and words.block("look", "note") == ""
    assert lesson.steps[2].exercise.answer == (), "it is measured, and was not yet"
    kept = {"value": "bird", "error": 0.0, "pictures": 1, "model": MODEL}
    for model, answer in ((MODEL, ("bird",)), ("of another training", ())):
        (folder / "claims.json").write_text(json.dumps({"new": kept | {"model": model}}))
        assert read_lesson(folder).steps[2].exercise.answer == answer
    assert [lesson.minutes_left(one) for one in ("look", "guess", "check")] == [3, 2, 1] and lesson.place("check") == 2


@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_planted_mistake_is_found_at_its_line(folder: Path, mistake: str) -> None:
    file, right, wrong, line, fragment = MISTAKES[mistake]
    changed = "lesson.toml" if file == "zh-CN.md" else file
    if mistake == "a claim that nobody uses":
        changed, right, wrong = "en.md", " The model is right for {right} of them.", ""
    path = folder / changed
    text = path.read_text("utf-8")
    assert right in text, "the mistake is planted"
    path.write_text(text.replace(right, wrong, 1), "utf-8")
    Image.new("RGB", (30, 20)).save(folder / "yes.png")
    lesson, problems = check_lesson(folder)
    assert lesson is None
    found = [one for one in problems if one.file == file and fragment in one.sentence]
    assert [one.line for one in found] == [line], "\n".join(map(str, problems))
    assert file != "en.md" or len(problems) == 1, "nothing else is wrong because of it"
    with pytest.raises(InvalidInput, match="small contains an error"):
        read_lesson(folder)


def test_files_that_cannot_be_taken(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.md"
    outside.write_text(WORDS, "utf-8")
    words = folder / "en.md"
    for make, fragment in (
        (lambda: words.symlink_to(outside), "link out of the lesson"),
        (lambda: words.write_bytes(b"# \xff\xfe"), "not text in UTF-8"),
        (lambda: words.write_text("x" * (LARGEST + 1)), "larger than 256 KB"),
        (lambda: None, "missing"),
    ):
        words.unlink(missing_ok=True)
        make()
        lesson, problems = check_lesson(folder)
        assert lesson is None and fragment in problems[0].sentence


def test_a_picture_of_the_folder_is_read_again_and_nothing_else_is(folder: Path, tmp_path: Path) -> None:
    words, place = folder / "en.md", folder / "drawn" / "one.png"
    words.write_text(WORDS.replace("Look at", "![A square](drawn/one.png)\nLook at"), "utf-8")
    place.parent.mkdir()
    Image.new("RGB", (300, 200), (200, 30, 30)).save(place)
    lesson, problems = check_lesson(folder)
    assert lesson is not None, problems
    figure, text = split_figures(lesson.speak("en").block("look", "say"))
    assert figure == Figure("drawn/one.png", "A square") and text.startswith("Look at")
    shown = Image.open(BytesIO(read_figure(folder, "drawn/one.png")))
    assert shown.format == "JPEG" and shown.size == (300, 200)
    sheet = worksheet(lesson, "en", {})
    assert sheet.count('<img alt="A square" src="data:image/jpeg;base64,') == 1
    outside = tmp_path / "outside.png"
    place.rename(outside)
    for make, fragment in (
        (lambda: place.symlink_to(outside), "is a link"),
        (lambda: (place.parent.rmdir(), place.parent.symlink_to(tmp_path)), "is a link"),
        (lambda: (place.parent.unlink(), place.parent.mkdir(), place.mkdir()), "There is no file"),
        (lambda: (place.rmdir(), place.write_bytes(b"not a picture")), "is not a JPEG, PNG or WebP"),
        (lambda: place.write_bytes(bytes(2 * 1024 * 1024 + 1)), "larger than 2 MB"),
    ):
        if place.is_symlink() or place.is_file():
            place.unlink()
        make()
        lesson, problems = check_lesson(folder)
        assert lesson is None and [(one.file, one.line) for one in problems] == [("en.md", 4)]
        assert fragment in problems[0].sentence
        with pytest.raises(InvalidInput, match=fragment):
            read_figure(folder, "drawn/one.png")


def test_own_lessons_come_after_the_shipped_ones(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(folder, folder.parent / "second" / "small")
    monkeypatch.setenv("FOVEA_LESSONS", str(folder.parent))
    found = list(lesson_folders())
    assert found[-2:] == [folder.parent / "second", folder] and all(one.parent == SHIPPED for one in found[:-2])
    assert "lesson.toml: The file is missing" in str(check_lesson(found[-2])[1][0]), "not left out without a word"
    assert not folder_problems()
    for named, fragment in ((folder, "is a lesson itself"), (folder / "nowhere", "There is no folder")):
        monkeypatch.setenv("FOVEA_LESSONS", str(named))
        assert all(one.parent == SHIPPED for one in lesson_folders())
        assert fragment in str(folder_problems()[0]) and str(folder_problems()[0]).startswith("FOVEA_LESSONS: ")


def test_a_lesson_with_the_name_of_a_shipped_one_is_a_problem(tmp_path: Path) -> None:
    copy = shutil.copytree(SHIPPED / "first-minute", tmp_path / "first-minute")
    lesson, [problem] = check_lesson(copy)
    assert lesson is None and (problem.file, problem.line) == ("lesson.toml", 2)
    assert "Rename the folder and its id" in problem.sentence


@pytest.mark.parametrize("folder", [one.name for one in lesson_folders()])
def test_every_shipped_lesson_is_right(folder: str) -> None:
    _, problems = check_lesson(SHIPPED / folder)
    assert not problems, "\n".join(map(str, problems))
