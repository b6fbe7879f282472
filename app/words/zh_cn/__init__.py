"""Simplified Chinese, in the order of the English table; then the sentences of ``core`` by their English templates."""

from app.words.zh_cn import (
    checks,
    classes,
    compare,
    core_attribution,
    core_data,
    core_evaluation,
    core_lessons,
    core_models,
    core_opening,
    core_replay,
    core_report,
    erasing,
    explore,
    frame,
    glossary,
    intervention,
    learn,
    mistakes,
    mistakes_case,
    models,
    overlay,
    punctuation,
    report,
    trust,
)

PARTS = (
    frame,
    learn,
    glossary,
    explore,
    report,
    overlay,
    intervention,
    erasing,
    checks,
    mistakes,
    mistakes_case,
    trust,
    models,
    compare,
)
CORE = (core_attribution, core_data, core_evaluation, core_lessons, core_models, core_opening, core_replay, core_report)

WORDS = {key: text for part in (punctuation, classes, *PARTS, *CORE) for key, text in part.WORDS.items()}
