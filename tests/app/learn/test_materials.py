"""What a teacher takes from Learn: worksheets for everybody, and the answers only for teachers."""

from __future__ import annotations

from app.runtime.lessons import find_lesson
from app.views.learn.materials import make_worksheet
from app.words import use
from tests.app.pages import open_page, well

LESSON = "heads-rows-and-rollout"


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
    assert "预测是船" in page and "教师用答案" in page
