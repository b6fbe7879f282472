"""Results in the words are measured and not typed; one mistake of a lesson is one problem, with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.lessons import check_lesson
from tests.core.lessons.small_lesson import TOML, WORDS, small_lesson


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return small_lesson(tmp_path)


PLANTED = {
    "a share that is typed": ("en.md", "{right}", "0.199", 4, "'0.199' looks like a result"),
    "a share without its zero": ("en.md", "{right}", ".85", 4, "must not be typed"),
    "a count that is typed": ("en.md", "{right} of them", "199 of 1,000", 4, "'199 of 1,000' looks like"),
    "a count in words": ("en.md", "{right} of them", "one in five", 4, "'one in five' looks like"),
    "a count out of others": ("en.md", "{right} of them", "nine out of ten", 4, "must not be typed"),
    "a fraction in words": ("en.md", "{right} of them", "a fifth of the pictures", 4, "must not be typed"),
    "a fraction in numbers": ("en.md", "{right} of them", "two thirds", 4, "must not be typed"),
    "tenths in Chinese": ("en.md", "{right}", "两成", 4, "'两成' looks like"),
    "a fraction in Chinese": ("en.md", "{right}", "五分之一", 4, "'五分之一' looks like"),
    "a count in Chinese": ("en.md", "{right}", "1000 张里有 199 张", 4, "must not be typed"),
    "a result in the title": ("en.md", "# A small", "# A 0.5 small", 1, "must not be typed"),
    "a given number that is not there": (
        "lesson.toml",
        "order = 1",
        'order = 1\ngiven = ["0.5"]',
        4,
        "the text does not contain",
    ),
    "a brace that stays open": ("en.md", "{right} of", "{right of", 4, "A brace is unmatched or doubled"),
    "a brace that is only closed": ("en.md", "{right} of", "right} of", 4, "A brace is unmatched or doubled"),
    "a placeholder in two braces": ("en.md", "{right}", "{{right}}", 4, "A brace is unmatched or doubled"),
    "a belief that nobody knows": ("lesson.toml", "order = 1", 'order = 1\nbreaks = ["x"]', 4, "There is no 'x'"),
}


@pytest.mark.parametrize("mistake", PLANTED)
def test_what_is_typed_is_found_at_its_line(folder: Path, mistake: str) -> None:
    file, right, wrong, line, fragment = PLANTED[mistake]
    text = (folder / file).read_text("utf-8")
    assert right in text
    (folder / file).write_text(text.replace(right, wrong, 1), "utf-8")
    lesson, problems = check_lesson(folder)
    found = [(one.file, one.line) for one in problems if fragment in one.sentence]
    assert lesson is None and found == [(file, line)], "\n".join(map(str, problems))


NO_RESULTS = (
    "32 by 32 pixels, 1,000 pictures in 2019, one of its ten classes, all 64 channels, 7 × 7 cells",
    "Erase the quarter of the picture that is brightest. A guess is right half of the time.",
    "[Here](https://x.org/0.5) {right}: the accuracy is {right}, of 200 pictures.",
    "把它切成 16 块，完成两个任务，分成两组，1,000 张图片，四个头，一共十次",
)


@pytest.mark.parametrize("text", NO_RESULTS)
def test_sizes_and_counts_of_objects_are_no_results(folder: Path, text: str) -> None:
    (folder / "en.md").write_text(WORDS.replace("Look at the picture.", text), "utf-8")
    assert check_lesson(folder)[1] == ()


def test_a_number_that_is_listed_as_given_may_be_typed(folder: Path) -> None:
    (folder / "lesson.toml").write_text(
        TOML.replace("order = 1", 'order = 1\ngiven = ["0.95", "one in five"]'), "utf-8"
    )
    (folder / "en.md").write_text(WORDS.replace("Look at", "A gate of 0.95, and One in five: look at"), "utf-8")
    assert check_lesson(folder)[1] == ()


ALONE = {
    '"accuracy"': '"accurate"',
    '">= 0.5"': '"at least half"',
    'kind = "choice", options = ["car"': 'kind = "quiz", options = ["car"',
    '["car", "fish"]': '["car"]',
    'id = "guess"': 'id = "look"',
    'seconds = 60\nhide = ["prediction"]\nask': 'seconds = 1\nhide = ["prediction"]\nask',
    'model = "scenes/cbam"\n\n': 'model = "scenes/cbm"\n\n',
    "minutes = 3": 'minutes = "3"',
    'sample = "scenes/4" }\nask': 'sample = "scenes/none" }\nask',
    'measure = "prediction"': 'measure = "predicted"',
    'hide = ["prediction"]\nstate': "state",
    'languages = ["en"]': 'languages = ["zh-CN"]',
}


@pytest.mark.parametrize("right", ALONE)
def test_one_mistake_is_one_problem_with_a_line(folder: Path, right: str) -> None:
    assert right in TOML
    (folder / "lesson.toml").write_text(TOML.replace(right, ALONE[right], 1), "utf-8")
    lesson, problems = check_lesson(folder)
    assert lesson is None and len(problems) == 1, "\n".join(map(str, problems))
    assert problems[0].line > 0 or problems[0].file == "zh-CN.md"


def test_a_mistyped_step_is_one_problem(folder: Path) -> None:
    (folder / "en.md").write_text(WORDS.replace("## guess", "## gues"), "utf-8")
    [problem] = check_lesson(folder)[1]
    assert problem.line == WORDS.splitlines().index("## guess") + 1 and "no step 'gues'" in str(problem)


def test_a_number_is_requested_in_the_unit_of_its_claim(folder: Path) -> None:
    exercise = 'kind = "number", claim = "right", unit = "%"'
    choice = 'kind = "choice", options = ["car", "fish"], answer = "car"'
    words = WORDS.replace("### option car\n", "### after\n").partition("### option fish")
    (folder / "en.md").write_text(words[0] + "## check" + words[2].partition("## check")[2], "utf-8")
    level = 'measure = "gate-level"\nmodel = "scenes/cbam"\ntap = "stage3.attention.spatial"\nrole = "everywhere"'
    for measure, unit, fragment in (
        ("", exercise, ""),
        ("", exercise.replace(', unit = "%"', ""), "measures a share"),
        ("", exercise.replace("%", "percent"), "measures a share"),
        (level, exercise, "does not measure a share"),
        (level, exercise.replace("%", "of the gate"), ""),
    ):
        text = TOML.replace(choice, unit)
        text = text.replace('measure = "accuracy"\nmodel = "scenes/cbam"', measure) if measure else text
        (folder / "lesson.toml").write_text(text, "utf-8")
        problems = check_lesson(folder)[1]
        assert [fragment in str(one) for one in problems] == ([True] if fragment else []), problems


def test_files_that_begin_with_a_byte_order_mark_are_read(folder: Path) -> None:
    for name in ("lesson.toml", "en.md"):
        path = folder / name
        path.write_text(path.read_text("utf-8"), "utf-8-sig")
    assert check_lesson(folder)[1] == ()


def test_tables_in_one_array_have_their_lines(folder: Path) -> None:
    inline = """\
format = 1
id = "small"
order = 1
minutes = 3
languages = ["en"]
defaults = { model = "scenes/cbam" }
claim = [
  { id = "right", measure = "accuracy", model = "scenes/cbam", pictures = 100, bound = ">= 0.5" },
  { id = "new", measure = "prediction", model = "scenes/cbam", sample = "scenes/4", bound = "== bird" },
]
step = [
  { id = "look", seconds = 60, state = { sample = "scenes/3" } },
  { id = "guess", seconds = 60, hide = ["prediction"], ask = { kind = "choice", options = [
    "car", "fish"], answer = "car" } },
  { id = "check", seconds = 60, state = { sample = "scenes/4" }, hide = [
    "prediction"], ask = { kind = "choice", options = ["boat", "bird"], claim = "new", final = true } },
]
"""
    for right, wrong, line in (
        ("", "", 0),
        ('"== bird"', '"bird"', 9),
        ("pictures = 100", "pictures = 1", 8),
        ('answer = "car"', 'answer = "cat"', 13),
        ('sample = "scenes/3"', 'sample = "tasks-marked/6"', 12),
        ('["boat", "bird"]', '["boat"]', 16),
    ):
        (folder / "lesson.toml").write_text(inline.replace(right, wrong, 1), "utf-8")
        assert [one.line for one in check_lesson(folder)[1]] == ([line] if line else [])
