"""English. Keys are places; braces name what is filled in. One file for each part of the app."""

from app.words.en import checks, erasing, explore, frame, intervention, overlay, shelf, trust

WORDS = {**frame.WORDS, **shelf.WORDS, **explore.WORDS, **overlay.WORDS, **erasing.WORDS, **checks.WORDS, **intervention.WORDS, **trust.WORDS}
