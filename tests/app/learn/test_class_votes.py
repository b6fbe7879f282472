"""A class votes: a student's answer is counted, and the teacher sees how many, then which, in both rounds."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.runtime import users
from app.runtime.lessons import find_lesson
from app.runtime.votes import is_teacher, teacher_key, voter_mark
from app.widgets.lesson import voting
from app.widgets.lesson.playing import Place
from core.lessons import Question, Votes
from tests.app.pages import open_page, press, shown_text, well

LESSON, CODE = "attention-that-is-needed", "ABC234"
STEP = f"{LESSON}/look"
ASKED = Question(CODE, LESSON, "look")


@pytest.fixture
def votes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Votes:
    monkeypatch.setenv("FOVEA_VOTES", str(tmp_path / "votes.jsonl"))
    return Votes(tmp_path / "votes.jsonl")


def choose(page, option: str):
    page.radio(key=f"lesson-choice.{STEP}").set_value(option)
    return press(well(page.run()), f"lesson-vote.{STEP}")


def bars(page) -> str:
    return "".join(str(one.proto.body) for one in page.get("html") if "<dl" in str(one.proto.body))


def test_a_student_votes_twice_and_the_teacher_reveals(votes: Votes) -> None:
    student = well(open_page(lesson=LESSON, **{"class": CODE}))
    assert student.query_params["class"] == CODE and not votes.path.exists()
    choose(student, "bird")
    assert votes.tally(ASKED).counts[1] == {"bird": 1}
    assert "your vote is counted" in shown_text(student) and "not in the frame" not in shown_text(student), (
        "the result is still hidden"
    )
    press(student, f"lesson-vote.{STEP}")
    assert "has not begun" in shown_text(student) and votes.tally(ASKED).total(1) == 1

    teacher = well(open_page(lesson=LESSON, teacher=teacher_key(CODE), **{"class": CODE}))
    assert "First vote: 1 answer" in shown_text(teacher) and not bars(teacher)
    press(teacher, f"vote-reveal.{STEP}")
    assert "at least 5 answers" in shown_text(teacher) and not bars(teacher), "one answer is not anonymous"
    for option in ("house", "house", "house", "bird"):
        votes.vote(ASKED, option)
    shown = bars(well(teacher.run()))
    assert "<b>3</b>" in shown and "<b>2</b>" in shown and "width:60.0%" in shown and "vote-right" not in shown
    press(teacher, f"vote-second.{STEP}")
    assert "First vote: 5 answers" in shown_text(teacher) and "Second vote: 0 answers" in shown_text(teacher)
    assert "width:60.0%" in bars(teacher) and "After the discussion" not in bars(teacher), "the first vote stays"

    choose(student, "house")
    assert votes.tally(ASKED).counts[2] == {"house": 1}
    assert "not in the frame" in shown_text(student), "after the second vote the result is shown"
    for _ in range(4):
        votes.vote(ASKED, "house")
    shown = bars(well(teacher.run()))
    assert "Before the discussion" in shown and "After the discussion" in shown
    assert shown.index("width:60.0%") < shown.index("width:100.0%") and "vote-columns-2" in shown, "next to each other"
    press(teacher, f"lesson-skip.{STEP}")
    assert "vote-bars" not in bars(teacher), "what the step reveals has the room"
    press(teacher, f"vote-reveal.{STEP}")
    assert "<dt class=vote-right>House" in bars(teacher) and votes.tally(ASKED).total(2) == 5, "a teacher does not vote"
    press(teacher, f"vote-clear.{STEP}")
    assert "First vote: 0 answers" in shown_text(teacher) and not votes.tally(ASKED).total(1)


def cookie(mask: bytes, token: bytes) -> str:
    """A cookie as Streamlit gives it: the token under a mask that is another one in each answer."""
    hidden = bytes(one ^ mask[place % 4] for place, one in enumerate(token))
    return f"2|{mask.hex()}|{hidden.hex()}|1700000000"


def test_a_browser_that_reloads_has_voted(votes: Votes, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"_streamlit_xsrf": ""}
    monkeypatch.setattr(users, "st", SimpleNamespace(context=SimpleNamespace(cookies=given)))
    address = {"lesson": LESSON, "class": CODE}
    given["_streamlit_xsrf"] = cookie(b"mask", b"token-of-browser")
    choose(well(open_page(**address)), "bird")
    given["_streamlit_xsrf"] = cookie(b"veil", b"token-of-browser")
    page = well(open_page(**address))
    assert "your vote is counted" in shown_text(page)
    choose(page, "house")
    assert "has not begun" in shown_text(page) and votes.tally(ASKED).counts[1] == {"bird": 1}
    votes.begin_second(ASKED)
    choose(well(open_page(**address)), "house")
    page = well(open_page(**address))
    assert "both of your votes" in shown_text(page) and not [one for one in page.button if "lesson-vote" in one.key]
    press(page, f"lesson-skip.{STEP}")
    assert "Correct" in shown_text(page) and votes.tally(ASKED).counts == {1: {"bird": 1}, 2: {"house": 1}}
    given["_streamlit_xsrf"] = cookie(b"mask", b"token-of-another")
    choose(well(open_page(**address)), "house")
    assert votes.tally(ASKED).counts[2] == {"house": 2}
    other = Question(CODE, LESSON, "uniform")
    assert voter_mark(ASKED, "") != voter_mark(other, ""), "votes on two questions cannot be joined"
    assert "token" not in votes.path.read_text() and b"token".hex() not in votes.path.read_text()


def test_without_a_class_nothing_is_written_and_the_result_can_be_had_at_once(votes: Votes) -> None:
    page = well(open_page(lesson=LESSON, **{"class": "nonsense"}))
    assert "nonsense is not a class code" in shown_text(page)
    press(page, f"lesson-skip.{STEP}")
    assert not votes.path.exists()
    page = choose(well(open_page(lesson=LESSON, **{"class": CODE})), "house")
    press(page, f"lesson-skip.{STEP}")
    assert "Correct" in shown_text(page) and votes.tally(ASKED).total(1) == 1


def test_a_damaged_file_is_one_sentence_and_the_lesson_goes_on(votes: Votes) -> None:
    votes.path.write_text("no votes")
    page = choose(well(open_page(lesson=LESSON, **{"class": CODE})), "house")
    assert "is not a file of votes" in shown_text(page) and "Correct" in shown_text(page)
    assert "不是投票文件" in shown_text(
        well(open_page(lesson=LESSON, lang="zh-CN", teacher=teacher_key(CODE), **{"class": CODE}))
    )


def test_bars_of_a_number_and_a_point_have_their_ranges_and_positions() -> None:
    lesson = find_lesson(LESSON)
    numbers, points = (Place(lesson, lesson.steps[lesson.place(name)]) for name in ("many-pictures", "where"))
    drawn = voting.bars(numbers, numbers.step.exercise, {1: Counter({"1": 3, "9": 1})})
    assert drawn.count("<dt") == 10 and "10 – 20\u00a0%" in drawn and "90 – 100\u00a0%" in drawn
    assert "width:75.0%" in drawn and "<b>0</b>" in drawn
    drawn = voting.bars(points, points.step.exercise, {1: Counter({"4": 5})})
    assert drawn.count("<dt") == 9 and "Top left" in drawn and "width:100.0%" in drawn


@pytest.mark.parametrize("key", ["1", "", "0123456789ab", "ключ"])
def test_who_has_only_the_code_votes_and_neither_shows_nor_clears_votes(key: str, votes: Votes) -> None:
    page = well(open_page(lesson=LESSON, teacher=key, **{"class": CODE}))
    assert not [one for one in page.button if one.key.startswith(("vote-reveal", "vote-clear", "vote-second"))]
    choose(page, "house")
    assert votes.tally(ASKED).total(1) == 1


def test_the_key_of_a_class_is_its_own_and_stays(votes: Votes, tmp_path: Path) -> None:
    key = teacher_key(CODE)
    assert is_teacher(CODE, key) and not is_teacher("XYZ234", key) and not is_teacher(CODE, "")
    assert (tmp_path / "votes.secret").stat().st_mode & 0o077 == 0
    users.secret.cache_clear()
    assert teacher_key(CODE) == key, "after a restart"


def test_a_teacher_makes_a_class_and_its_links(votes: Votes) -> None:
    page = well(open_page("learn", teacher="1"))
    press(page, "learn-class-new")
    code = page.query_params["class"]
    code = code[0] if isinstance(code, list) else code
    assert any(f"lesson={LESSON}&class={code}" in one.value for one in page.code) and not votes.path.exists()
    page.toggle(key="learn-projector").set_value(True)
    assert well(page.run()).query_params["projector"] in ("1", ["1"])
    assert is_teacher(code, str(page.session_state["teacher"]))
    press(page, "learn-class-end")
    assert "class" not in page.query_params and not page.code
