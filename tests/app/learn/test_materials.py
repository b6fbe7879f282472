"""What a teacher takes from Learn: worksheets for everybody, and the answers only for teachers."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import replace

from app.runtime.lessons import find_lesson
from app.runtime.votes import teacher_key
from app.views.learn.materials import make_gift, make_worksheet
from app.widgets.lesson import exports
from app.widgets.lesson.exports import COLUMNS, VOTE_COLUMNS, answer_rows, to_csv, vote_rows
from app.widgets.lesson.playing import Answer
from app.words import use
from core.lessons import Option, Question, Tally, Votes
from tests.app.pages import open_page, press, well

LESSON, LOOKED = "heads-rows-and-rollout", "attention-that-is-needed"


def downloads(page) -> list[str]:
    return [one.proto.id for one in page.get("download_button")]


def test_the_key_is_offered_to_teachers_only() -> None:
    offered = downloads(well(open_page("learn")))
    assert any(f"learn-worksheet.{LESSON}" in one for one in offered)
    assert not any("learn-key" in one for one in offered)
    offered = downloads(well(open_page("learn", teacher="1")))
    assert any(f"learn-key.{LESSON}" in one for one in offered)


def test_a_key_names_classes_in_the_language_of_the_page() -> None:
    use("zh-CN")
    try:
        page = make_worksheet(find_lesson(LESSON), "zh-CN", key=True)()
    finally:
        use(None)
    assert "预测是船" in page and "教师版答案" in page


def test_the_questions_for_moodle_are_for_teachers_and_the_answers_are_ones_own() -> None:
    assert not any("learn-gift" in one or "learn-answers" in one for one in downloads(well(open_page("learn"))))
    page = well(open_page(lesson="attention-that-is-needed", teacher="1"))
    press(page, "lesson-skip.attention-that-is-needed/look")
    page.switch_page("views/learn/page.py").run()
    offered = downloads(well(page))
    assert any(f"learn-gift.{LESSON}" in one for one in offered) and any("learn-answers" in one for one in offered)
    assert make_gift(find_lesson(LESSON), "en")().startswith("$CATEGORY: Fovea/")


def test_votes_of_a_class_as_a_table(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("FOVEA_VOTES", str(tmp_path / "votes.jsonl"))
    kept, code = Votes(tmp_path / "votes.jsonl"), "ABC234"
    class_ = {"class": code, "teacher": teacher_key(code)}
    assert not any("learn-votes" in one for one in downloads(well(open_page("learn", **class_))))
    look, rank = Question(code, LOOKED, "look"), Question(code, "testing-an-explanation", "compare")
    for option in ("bird",) * 3 + ("house",) * 2:
        kept.vote(look, option, voter=f"mark-{option}-{kept.tally(look).total(1)}")
    kept.begin_second(look)
    kept.vote(look, "house")
    for order in ("map,center,random",) * 4 + ("random,map,center",):
        kept.vote(rank, order)
    kept.vote(Question("XYZ234", LOOKED, "look"), "bird")
    kept.vote(Question(code, LOOKED, "gone"), "bird")
    assert any("learn-votes" in one for one in downloads(well(open_page("learn", **class_))))
    others = {"class": code, "teacher": "1"}
    assert not any("learn-votes" in one for one in downloads(well(open_page("learn", **others)))), "not the teacher"

    text = to_csv(vote_rows(kept.tallies(code)), VOTE_COLUMNS).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert tuple(rows[0]) == VOTE_COLUMNS and "mark" not in text
    first = [one for one in rows if one["step"] == "look"]
    assert {one["option"]: one["first vote"] for one in first} == {
        "House": "2",
        "Bird": "3",
        "All nine objects, equally likely": "0",
    }
    assert {one["second vote"] for one in first} == {""}, "of one answer, one would know whose it is"
    assert [one["first vote"] for one in rows if one["step"] == "compare"] == ["4", "1"]
    assert first[0]["question"].startswith("Nine objects") and all(one["lesson"] != "gone" for one in rows)


def test_votes_as_a_table_have_no_formulas(monkeypatch) -> None:
    lesson = find_lesson(LOOKED)
    words = lesson.words["en"]
    shown = replace(words, options={**words.options, ("look", "bird"): Option("=HYPERLINK(1)", "No.")})
    lesson = replace(lesson, words={"en": shown})
    monkeypatch.setattr(exports, "lessons", lambda: (lesson,))
    tally = Tally(1, {1: Counter({"bird": 5}), 2: Counter()})
    text = to_csv(vote_rows({Question("ABC234", LOOKED, "look"): tally}), VOTE_COLUMNS).decode("utf-8-sig")
    assert [one["option"] for one in csv.DictReader(io.StringIO(text))][1] == "'=HYPERLINK(1)"


def test_answers_as_a_table_have_no_formulas(monkeypatch) -> None:
    given = {
        "attention-that-is-needed/look": Answer(("bird",)),
        "attention-that-is-needed/where": Answer((0.25, 0.5)),
        "attention-that-is-needed/move-the-frame": Answer(("becomes-bird",)),
        "attention-that-is-needed/uniform": Answer(()),
        "attention-that-is-needed/many-pictures": Answer((25.0,)),
        "reading-a-mistake/hypothesis": Answer(("=HYPERLINK(1)",)),
        "gone/step": Answer(("a",)),
    }
    monkeypatch.setattr(exports, "answers", lambda: given)
    rows = list(csv.DictReader(io.StringIO(to_csv(answer_rows()).decode("utf-8-sig"))))
    assert tuple(rows[0]) == COLUMNS and len(rows) == 6
    assert [one["answer"] for one in rows] == ["Bird", "0.25, 0.5", "It becomes bird", "", "25", "'=HYPERLINK(1)"]
    assert [one["result"] for one in rows] == ["not correct", "", "correct", "skipped", "correct", ""]
    assert rows[4]["measured"].replace("\u00a0", " ") == "19.9 %" and rows[0]["question"].startswith("Nine objects")
