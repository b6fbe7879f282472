"""English. Keys are places; braces name what is filled in. One file for each part of the app."""

from app.words.en import (
    checks,
    compare,
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

WORDS = {key: text for part in PARTS for key, text in part.WORDS.items()}
