"""What the shipped lessons cover together: each misconception, and what a mechanism does over several trainings."""

from __future__ import annotations

from core.lessons import SHIPPED, Lesson, check_lesson
from core.lessons.pack import MISCONCEPTIONS
from core.models import zoo


def shipped() -> list[Lesson]:
    found = [check_lesson(one, fits=False)[0] for one in sorted(SHIPPED.iterdir()) if one.is_dir()]
    assert all(found)
    return [one for one in found if one]


def test_every_misconception_is_broken_by_a_shipped_lesson() -> None:
    assert {one for lesson in shipped() for one in lesson.breaks} == {*MISCONCEPTIONS}


def test_what_uniform_attention_leaves_is_stated_over_seeds_where_models_of_several_were_trained() -> None:
    for lesson in shipped():
        claims = [one for one in lesson.claims if one.settings.get("way") == "uniform" and "tap" not in one.settings]
        stated = {one.settings["model"] for one in claims if one.settings.get("over") == "seeds"}
        for one in claims:
            model = str(one.settings["model"])
            trained = "accuracy" in one.measure and "ablations" in zoo.find_card(model).facts.get("seeds", {})
            assert not trained or model in stated, (lesson.name, one.name)
