"""Lessons: folders of data that are read, checked and measured here, and displayed by the app."""

from core.lessons.claims import Comparison, Kept, comparisons, measure, store, stored
from core.lessons.margins import MARGIN
from core.lessons.measuring.altered_pictures import shuffle_blocks, without_positions
from core.lessons.measuring.measures import MEASURES, Measured
from core.lessons.measuring.shared import OUTCOMES
from core.lessons.pack import (
    AFTER,
    BLOCKS,
    CHOICE,
    HIDDEN,
    LANGUAGES,
    NOTE,
    NUMBER,
    POINT,
    QUESTION,
    RANK,
    SAY,
    STATE,
    TEXT,
    VIEWS,
    Bound,
    Claim,
    Exercise,
    Lesson,
    Option,
    Problem,
    Step,
    Words,
)
from core.lessons.pictures import Figure, read_figure, split_figures
from core.lessons.printing.gift import to_gift
from core.lessons.printing.labels import CLOSE
from core.lessons.printing.worksheet import worksheet
from core.lessons.reading.folder import SHIPPED, check_lesson, folder_problems, lesson_folders, read_lesson
from core.lessons.votes import CODE, ROUNDS, Question, Tally, Votes, bin_of, bins, given_of, new_code

__all__ = [
    "AFTER",
    "BLOCKS",
    "CHOICE",
    "CLOSE",
    "CODE",
    "HIDDEN",
    "LANGUAGES",
    "MARGIN",
    "MEASURES",
    "NOTE",
    "NUMBER",
    "OUTCOMES",
    "POINT",
    "QUESTION",
    "RANK",
    "ROUNDS",
    "SAY",
    "SHIPPED",
    "STATE",
    "TEXT",
    "VIEWS",
    "Exercise",
    "Figure",
    "Bound",
    "Claim",
    "Comparison",
    "Kept",
    "Lesson",
    "Measured",
    "Option",
    "Problem",
    "Question",
    "Step",
    "Tally",
    "Votes",
    "Words",
    "bin_of",
    "bins",
    "check_lesson",
    "comparisons",
    "folder_problems",
    "given_of",
    "lesson_folders",
    "measure",
    "new_code",
    "read_figure",
    "read_lesson",
    "shuffle_blocks",
    "split_figures",
    "store",
    "stored",
    "to_gift",
    "without_positions",
    "worksheet",
]
