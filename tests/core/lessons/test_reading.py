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
from core.lessons.reading import LARGEST
from core.models import zoo
from core.types import InvalidInput
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


MISTAKES = {
    "TOML that cannot be read": ("lesson.toml", 'id = "small"', "id = small", 2, "not valid TOML"),
    "another format": ("lesson.toml", "format = 1", "format = 2", 1, "The format must be 1"),
    "an unknown key": ("lesson.toml", "order = 1", "order = 1\nordr = 1", 4, "no key 'ordr'"),
    "the name of another folder": ("lesson.toml", 'id = "small"', 'id = "other"', 2, "must be the name of its folder"),
    "an order that is no number": ("lesson.toml", "order = 1", 'order = "1"', 3, "order must be a whole number"),
    "an unknown language": ("lesson.toml", '["en"]', '["en", "xx"]', 5, "Each language must be one of"),
    "a language without words": ("zh-CN.md", '["en"]', '["en", "zh-CN"]', 0, "missing"),
    "an unknown model": ("lesson.toml", '"scenes/cbam"\n\n', '"scenes/cbm"\n\n', 8, "no model 'scenes/cbm'"),
    "an unknown picture": ("lesson.toml", '"scenes/3"', '"scenes/three"', 20, "not 'three'"),
    "a state that cannot be set": ("lesson.toml", "{ sample", "{ picture", 20, "cannot set 'picture'"),
    "an unknown measure": ("lesson.toml", '"accuracy"', '"accurate"', 12, "no measure 'accurate'"),
    "a measure without its model": ("lesson.toml", 'model = "scenes/cbam"\npictures', "pictures", 10, "needs 'model'"),
    "a bad bound": ("lesson.toml", '">= 0.5"', '"at least half"', 15, "bound must look like"),
    "too many pictures": ("lesson.toml", "pictures = 100", "pictures = 100000", 14, "from 2 to 2000"),
    "a claim that nobody uses": ("lesson.toml", "", "", 11, "is not used"),
    "a step that is here twice": ("lesson.toml", 'id = "guess"', 'id = "look"', 23, "id of its own"),
    "an unknown view": ("lesson.toml", 'id = "look"\n', 'id = "look"\nview = "compare"\n', 19, "no view 'compare'"),
    "something that cannot be hidden": ("lesson.toml", '["prediction"]', '["answer"]', 25, "can hide"),
    "an answer that is no option": ("lesson.toml", 'answer = "car"', 'answer = "cat"', 26, "'cat' is not among"),
    "a kind of question that is not there": (
        "lesson.toml",
        '"choice", options = ["car',
        '"quiz", options = ["car',
        26,
        "no kind 'quiz'",
    ),
    "one option alone": ("lesson.toml", '["car", "fish"]', '["car"]', 26, "two to five"),
    "a question whose answer is on the screen": ("lesson.toml", 'hide = ["prediction"]\n', "", 25, "hides nothing"),
    "something hidden without a question": (
        "lesson.toml",
        "seconds = 60\nstate",
        'seconds = 60\nhide = ["prediction"]\nstate',
        20,
        "has no question",
    ),
    "no final question": ("lesson.toml", ", final = true", ", final = false", 28, "one final question, not 0"),
    "steps that take too long": ("lesson.toml", "minutes = 3", "minutes = 9", 4, "take 3 minutes"),
    "a number without a claim": (
        "lesson.toml",
        '"choice", options = ["car", "fish"], answer = "car"',
        '"number"',
        26,
        "needs a claim",
    ),
    "a point without a map": (
        "lesson.toml",
        '"choice", options = ["car", "fish"], answer = "car"',
        '"point"',
        26,
        "needs 'against'",
    ),
    "an unknown claim in a question": (
        "lesson.toml",
        'answer = "car" }',
        'answer = "car", claim = "left" }',
        26,
        "no claim 'left'",
    ),
    "a final question whose answer is typed": (
        "lesson.toml",
        'claim = "new", final',
        'claim = "new", answer = "bird", final',
        33,
        "Remove 'answer'",
    ),
    "a final question about no picture": (
        "lesson.toml",
        'claim = "new", final',
        'claim = "right", answer = "bird", final',
        33,
        "must predict the model on a picture",
    ),
    "a final question about another picture than that of its step": (
        "lesson.toml",
        'state = { sample = "scenes/4" }',
        'state = { sample = "scenes/5" }',
        33,
        "must predict the model on a picture",
    ),
    "a final question about a picture that was shown": (
        "lesson.toml",
        '{ sample = "scenes/3" }',
        '{ sample = "scenes/4" }',
        28,
        "that no other step shows",
    ),
    "a final question whose answer is shown": (
        "lesson.toml",
        'hide = ["prediction"]\nstate',
        'hide = ["tests"]\nstate',
        31,
        "Add 'prediction' to hide",
    ),
    "an option that the measured answer is not": ("lesson.toml", '["boat", "bird"]', '["boat", "fish"]', 33, "Add it"),
    "a comparison with a claim that is not there": (
        "lesson.toml",
        'bound = ">= 0.5"\n',
        'bound = ">= 0.5"\nabove = ["left"]\n',
        16,
        "not 'left'",
    ),
    "a measure of a change that changes nothing": (
        "lesson.toml",
        'measure = "prediction"',
        'measure = "reaction"',
        35,
        "exactly one of these: way, to, alter, map",
    ),
    "no title": ("en.md", "# A small lesson\n", "", 1, "no title"),
    "text before the first step": (
        "en.md",
        "# A small lesson\n",
        "# A small lesson\nHello.\n",
        2,
        "belongs to no block",
    ),
    "words of a step that is not there": ("en.md", "## look", "## lok", 2, "no step 'lok'"),
    "a step without words": ("en.md", "## look", "## another", 18, "'look' has no text"),
    "an unknown block": ("en.md", "### say", "### tell", 3, "no block 'tell'"),
    "an unknown option": ("en.md", "### option fish", "### option fsh", 10, "no option 'fsh'"),
    "an option without words": (
        "en.md",
        "### option fish\nA fish | It has no fins.\n",
        "",
        5,
        "'fish' of the step 'guess' has no text",
    ),
    "an option without a reason": ("en.md", "A fish | It has no fins.", "A fish", 10, "TEXT | REASON"),
    "a question that is not asked": ("en.md", "### ask\nAnd for this picture?\n", "", 12, "no '### ask'"),
    "an unknown placeholder": ("en.md", "{right}", "{left}", 4, "no claim 'left'"),
    "a percentage that is typed": ("en.md", "{right}", "95 %", 4, "must not be typed"),
    "a percentage in words": ("en.md", "{right}", "93 percent", 4, "must not be typed"),
    "a percentage in words alone": ("en.md", "{right}", "Ninety-three per cent", 4, "must not be typed"),
    "a percentage in Chinese": ("en.md", "{right}", "百分之九十三", 4, "must not be typed"),
    "a link to a script": ("en.md", "Look at", "[Look](JavaScript:alert(1)) at", 4, "must begin with one of https:"),
    "a link to a script that is disguised": ("en.md", "Look at", "[Look](&#106;avascript:x) at", 4, "must begin with"),
    "a link that is defined apart": ("en.md", "Look at", "[a]: data:text/html,x\nLook at", 4, "must begin with"),
    "a picture that is missing": ("en.md", "Look at", "![x](no.png)\nLook at", 4, "no file 'no.png'"),
    "a picture out of the folder": ("en.md", "Look at", "![x](../no.png)\nLook at", 4, "cannot be shown"),
    "a picture of another kind": ("en.md", "Look at", "![x](en.md)\nLook at", 4, "cannot be shown"),
    "a picture in a line of text": ("en.md", "Look at", "![x](no.png) Look at", 4, "a line of its own"),
    "a picture that is defined apart": ("en.md", "Look at", "![x][a]\nLook at", 4, "a line of its own"),
    "a picture in an option": ("en.md", "A fish |", "![x](no.png)\nA fish |", 10, "cannot have a picture"),
    "a step with a file as its picture": ("lesson.toml", '"scenes/3"', '"photo.png"', 20, "![TEXT](photo.png)"),
    "HTML": ("en.md", "Look at", "<b>Look</b> at", 4, "HTML is not allowed"),
    "a picture from the network": ("en.md", "Look at", "![x](https://x.org/y.png)", 4, "from the network"),
}


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
    lesson, problems = check_lesson(folder)
    assert lesson is None
    found = [one for one in problems if one.file == file and fragment in one.sentence]
    assert found, "\n".join(map(str, problems))
    assert found[0].line == line, "\n".join(map(str, problems))
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
