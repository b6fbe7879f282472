"""Values of a wrong type or size in a lesson are problems with a line: nothing else is raised, nothing is accepted."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from core.lessons import LANGUAGES, Claim, Lesson, check_lesson, measure
from core.lessons.pack import Bound
from core.types import InvalidInput
from tests.core.lessons.small_lesson import WORDS

TOML = """\
format = 1
id = "small"
order = 1
minutes = 3
languages = ["en"]
breaks = ["bright-is-reason"]
author = "Fovea"
license = "Apache-2.0"
tour = false

[defaults]
model = "scenes/cbam"
method = "saliency"

[[claim]]
id = "right"
measure = "accuracy"
model = "scenes/cbam"
pictures = 100
way = "uniform"
tap = "stage3.attention.spatial"
bound = ">= 0.5"

[[claim]]
id = "erased"
measure = "erase-rate"
model = "scenes/cbam"
map = "saliency"
share = 0.2
which = "most"
fill = "gray"
bound = ">= 0"

[[claim]]
id = "class"
measure = "prediction"
model = "scenes/cbam"
sample = "scenes/3"
bound = "== car"

[[step]]
id = "look"
seconds = 60

[step.state]
sample = "scenes/3"
map = "stage3.attention.spatial"
target = "car"
framing = "center"
changed = "every"
way = "off"
shuffle = 1
parts_off = "1"
seed = 1

[step.do]
target = "?*"

[[step]]
id = "guess"
view = "explore"
seconds = 30
hide = ["prediction"]

[step.ask]
kind = "choice"
options = ["car", "fish"]
answer = "car"
claim = "class"

[step.reveal]
erase_map = "attention"
erase_share = "25"
erase_fill = "gray"
test = "erase"

[[step]]
id = "number"
seconds = 30
hide = ["tests"]

[step.ask]
kind = "number"
claim = "erased"
low = 0
high = 100
unit = "%"

[[step]]
id = "point"
seconds = 30
hide = ["attention"]

[step.ask]
kind = "point"
against = "attention"
share = 0.1

[step.reveal]
map = ""

[[step]]
id = "check"
seconds = 30
hide = ["tests"]

[step.state]
sample = "scenes/4"

[step.ask]
kind = "choice"
options = ["boat", "bird"]
claim = "new"
final = true

[[claim]]
id = "new"
measure = "prediction"
model = "scenes/cbam"
sample = "scenes/4"
way = "off"
bound = "== bird"

[[claim]]
id = "stays"
measure = "reaction"
model = "scenes/cbam"
sample = "scenes/4"
to = "scenes/5"
bound = "== stays"

[[claim]]
id = "more"
measure = "erase-rate"
model = "scenes/cbam"
map = "grad-cam"
bound = ">= 0.1"
above = ["erased"]
"""
MORE = """\
## number
### ask
How many? {right} {stays} {more}
## point
### ask
Where?
"""
VALUES = ["[]", '[["x"]]', "{ a = [{ b = nan }] }", "-1", "1e400", '"x"', "true", "2026-01-01"]
LINES = TOML.splitlines()
FIELDS = [number for number, line in enumerate(LINES) if " = " in line]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "small"
    found.mkdir()
    (found / "lesson.toml").write_text(TOML, "utf-8")
    before, check, after = WORDS.partition("## check")
    (found / "en.md").write_text(before + MORE + check + after, "utf-8")
    return found


def test_the_lesson_is_right_before_a_value_is_changed(folder: Path) -> None:
    assert check_lesson(folder)[1] == ()


@pytest.mark.slow
@pytest.mark.parametrize("field", FIELDS, ids=lambda number: f"{number + 1} {LINES[number].partition(' = ')[0]}")
def test_a_value_of_any_type_gives_a_lesson_or_problems(folder: Path, field: int) -> None:
    key = LINES[field].partition(" = ")[0]
    for value in VALUES:
        changed = [*LINES]
        changed[field] = f"{key} = {value}"
        (folder / "lesson.toml").write_text("\n".join(changed), "utf-8")
        lesson, problems = check_lesson(folder)
        assert (lesson is None) == bool(problems)
        assert all(str(one) and len(one.sentence) < 1000 for one in problems)
        if isinstance(tomllib.loads(f"x = {value}")["x"], list | dict) and key not in ("breaks", "hide"):
            assert lesson is None, f"{key} = {value}"


def test_a_file_that_the_parser_gives_up_is_a_problem(folder: Path) -> None:
    for text in ("a = " + "[" * 50_000, "a = 0x" + "f" * 50_000, "a = " + "9" * 50_000):
        (folder / "lesson.toml").write_text(text, "utf-8")
        lesson, problems = check_lesson(folder)
        assert lesson is None and "not valid TOML" in problems[0].sentence


REFUSED = {
    'erase_share = "25"': ('erase_share = "abc"', "There is no 'abc'"),
    'erase_map = "attention"': ('erase_map = "nowhere"', "There is no 'nowhere'"),
    'target = "car"': ('target = "cat"', "There is no 'cat'. Choose one of: house"),
    'changed = "every"': ('changed = "stage9"', "There is no 'stage9'"),
    'map = "stage3.attention.spatial"': ('map = "stage9.spatial"', "There is no 'stage9.spatial'"),
    'way = "off"': ('way = "head"', "The attention of scenes/cbam has no head"),
    "shuffle = 1": ("shuffle = -1", "'shuffle' must be a whole number from 0"),
    "seed = 1": ('seed = "x"', "'seed' must be a whole number from 0"),
    'framing = "center"': ('framing = "left"', "'framing' must look like"),
    "low = 0": ("low = 100", "'low' must be a number less than"),
    'against = "attention"': ('against = "nonsense"', "There is no 'nonsense'"),
    "share = 0.1": ("share = 5", "'share' must be a number above 0 and up to 1"),
    "share = 0.2": ("share = 9", "above 0 and up to 1"),
    'map = "saliency"': ('map = "nonsense"', "There is no 'nonsense'"),
    'tap = "stage3.attention.spatial"': ('tap = "nope"', "There is no 'nope'"),
    'way = "uniform"': ('way = "head"', "has no head"),
    'bound = ">= 0.5"': ('bound = "== boat"', "gives a number"),
    'bound = ">= 0"': ('bound = ">= nan"', "gives a number"),
    'bound = "== car"': ('bound = ">= 0.5"', "gives a class"),
    'answer = "car"': ('answer = "fish"', "states 'car'. Make them agree"),
    'claim = "erased"': ('claim = "class"', "measures a name"),
    'bound = "== stays"': ('bound = "== bird"', "gives 'stays' or 'changes'"),
    'above = ["erased"]': ('above = ["class"]', "'above' must name other claims with numbers, not 'class'"),
    'unit = "%"': ("unit = 3", "must be text"),
    'breaks = ["bright-is-reason"]': ('breaks = ["a-name"]', "There is no 'a-name'. Choose one of"),
    'sample = "scenes/4"': ('sample = "tasks-marked/6"', "is one of tasks-marked, and the model scenes/cbam is not"),
    'to = "scenes/5"': ('to = "tasks-marked/6"', "is one of tasks-marked, and the model scenes/cbam is not"),
    "final = true": ('final = "yes"', "must be true or false"),
}


@pytest.mark.parametrize("right", REFUSED)
def test_a_value_that_the_app_cannot_show_is_a_problem_at_its_line(folder: Path, right: str) -> None:
    wrong, fragment = REFUSED[right]
    line = LINES.index(right) + 1
    (folder / "lesson.toml").write_text("\n".join([*LINES[: line - 1], wrong, *LINES[line:]]), "utf-8")
    lesson, problems = check_lesson(folder)
    found = [one for one in problems if fragment in one.sentence]
    assert lesson is None and [one.line for one in found] == [line], "\n".join(map(str, problems))


MISFITS = [
    ("received", {"model": "scenes/transformer", "tap": "nope"}, "has no tap 'nope'"),
    ("received", {"model": "scenes/transformer", "tap": "block2.attention", "part": "9"}, "does not support"),
    ("received", {"model": "scenes/cbam", "tap": "stage3.attention.channel"}, "does not support the model scenes/cbam"),
    ("slope-error", {"model": "scenes/plain", "step": "small"}, "does not support the model scenes/plain"),
    ("flip-rate", {"model": "scenes/plain", "way": "head", "parts_off": "99"}, "has no attention to change"),
    ("flip-rate", {"model": "scenes/transformer", "way": "head", "parts_off": "99"}, "must be a whole number from 0"),
    ("flip-rate", {"model": "scenes/transformer", "way": "head", "parts_off": "none"}, "must look like"),
    ("map-share", {"model": "scenes/cbam", "map": "saliency", "role": "tag"}, "does not support"),
    ("follows-cue", {"model": "scenes/cbam"}, "does not support"),
]


@pytest.mark.parametrize(("name", "settings", "fragment"), MISFITS)
def test_a_claim_that_does_not_fit_its_model_is_one_sentence(tmp_path: Path, name: str, settings, fragment) -> None:
    claim = Claim("one", name, {"pictures": 2, **settings}, Bound(">=", 0.0))
    lesson = Lesson("small", tmp_path, 1, 1, (), "", "", (), (claim,), {LANGUAGES[0]: None})
    with pytest.raises(InvalidInput, match=re.escape(fragment)) as raised:
        measure(lesson)
    assert "The claim one of the lesson small cannot be measured" in str(raised.value)
