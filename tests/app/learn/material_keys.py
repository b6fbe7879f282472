"""Keys of the words of Learn that are known only when the app runs."""

from __future__ import annotations

from core.lessons import OUTCOMES, POINT, ROUNDS, Exercise, bins

MATERIALS = ("worksheet", "key", "gift")

OF_LEARN = {
    "lesson.{one.measured.value}": [f"lesson.{one}" for one in OUTCOMES],
    "lesson.assessed.{assessed(lesson)}": [f"lesson.assessed.{one}" for one in ("right", "wrong", "skipped")],
    "learn.{name}": [f"learn.{one}" for one in MATERIALS],
    "learn.{name}.help": [f"learn.{one}.help" for one in MATERIALS],
    "vote.round.{one}": [f"vote.round.{one}" for one in ROUNDS],
    "vote.place.{name}": [f"vote.place.{one}" for one in bins(Exercise(POINT))],
}
