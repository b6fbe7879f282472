"""A lesson on paper: the worksheet gives no answer, the key gives all of them, and both request nothing."""

from __future__ import annotations

import re
from html import escape, unescape
from pathlib import Path

import pytest

from core.__main__ import main
from core.lessons import CHOICE, LANGUAGES, NUMBER, POINT, RANK, SHIPPED, Lesson, read_lesson, stored, worksheet
from core.lessons.printing.labels import GAP, Speaker, withheld
from core.lessons.printing.markup import to_html
from core.lessons.printing.worksheet import CHECKED, step_address

NAMES = sorted(one.name for one in SHIPPED.iterdir())
TAGS = re.compile(r"<[^>]*>")


def pages(lesson: Lesson, language: str) -> tuple[str, str]:
    """The worksheet and the key, without the style sheet."""
    found = stored(lesson)
    both = [worksheet(lesson, language, found, key=key) for key in (False, True)]
    return tuple(one.partition("</head>")[2] for one in both)


def text(page: str) -> str:
    return unescape(TAGS.sub("", page))


@pytest.mark.parametrize("name", NAMES)
def test_a_worksheet_has_a_box_for_each_question_and_no_answer(name: str) -> None:
    lesson = read_lesson(SHIPPED / name)
    for language in LANGUAGES:
        sheet, key = pages(lesson, language)
        words, speaker = lesson.speak(language), Speaker(lesson, language, stored(lesson))
        assert words.title in text(sheet) and sheet.count("<section>") == len(lesson.steps)
        assert CHECKED not in sheet and sheet.count('src="data:image/jpeg') == sheet.count("<img")
        for step in lesson.steps:
            assert escape(step_address(lesson, step)) in sheet and escape(step_address(lesson, step)) in key
            after = speaker.block(step, "after")
            assert not after or TAGS.sub("", to_html(after)) not in TAGS.sub("", sheet), "what follows the answer"
            for one in step.exercise.options if step.exercise else ():
                assert text(to_html(speaker.reason(step, one))) not in text(sheet)
                assert text(to_html(speaker.reason(step, one))) in text(key)
            note = text(to_html(speaker.block(step, "note")))
            assert not note or (note in text(key) and note not in text(sheet))
        kinds = [step.exercise.kind for step in lesson.steps if step.exercise]
        options = sum(
            len(step.exercise.options) for step in lesson.steps if step.exercise and step.exercise.kind == CHOICE
        )
        assert sheet.count('<span class="sign"></span>') == options
        assert key.count(f'<span class="sign">{CHECKED}</span>') == kinds.count(CHOICE)
        assert sheet.count('class="mark"') == kinds.count(POINT)
        assert sheet.count('class="ranks"') == kinds.count(RANK)
        for step in lesson.steps:
            if step.exercise and step.exercise.kind == NUMBER:
                assert speaker.value(step.exercise.claim) in text(key)


def test_a_value_that_a_lesson_shows_after_an_answer_is_a_gap_on_paper() -> None:
    lesson = read_lesson(SHIPPED / "attention-that-is-needed")
    hidden = withheld(lesson, "en")
    measured = {"accuracy", "accuracy-of-seeds", "left", "left-of-seeds", "followed"}
    assert hidden == measured | {"answer-house", "new-picture"}, "the check question itself gives plain-left"
    sheet, key = pages(lesson, "en")
    assert "19.9 %" not in text(sheet) and "99.8 %" not in text(sheet) and "100.0 %" in text(sheet)
    assert "19.9 %" in text(key) and "99.8 %" in text(key)
    speaker = Speaker(lesson, "en", stored(lesson))
    assert speaker.fill("{left} of {plain-left}", hidden) == f"{GAP} of 100.0 %"


def test_a_page_requests_nothing_and_is_white_paper() -> None:
    page = worksheet(read_lesson(SHIPPED / "reading-a-mistake"), "en", {})
    assert "default-src 'none'" in page and "<script" not in page and "@page { size: A4" in page
    assert "break-inside: avoid" in page and "(not measured)" in worksheet(
        read_lesson(SHIPPED / "reading-a-mistake"), "en", {}, key=True
    )


def test_markdown_of_a_lesson_becomes_html() -> None:
    assert to_html("One *two* **three** `a_b`\nfour\n\n- a\n  b\n- c & <d>\n\nend") == (
        "<p>One <em>two</em> <strong>three</strong> <code>a_b</code> four</p>"
        "<ul><li>a b</li><li>c &amp; &lt;d&gt;</li></ul><p>end</p>"
    )
    assert to_html("2 * 3 * 4 [link](x)") == "<p>2 * 3 * 4 link</p>"


def test_the_command_writes_both_pages_in_each_language(tmp_path: Path, capsys) -> None:
    folder = str(SHIPPED / "what-then-where")
    assert main(["lessons", folder, "--worksheets", str(tmp_path / "out")]) == 0
    assert sorted(one.name for one in (tmp_path / "out").iterdir()) == sorted(
        f"what-then-where.{language}.{end}.html" for language in LANGUAGES for end in ("worksheet", "key")
    )
    (tmp_path / "file").touch()
    assert main(["lessons", folder, "--worksheets", str(tmp_path / "file")]) == 2
    assert "cannot be written" in capsys.readouterr().err
