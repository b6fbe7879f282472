"""English. Keys are places; braces name what is filled in. One file for each part of the app."""

from app.words.en import explore, frame, overlay, shelf

WORDS = {**frame.WORDS, **shelf.WORDS, **explore.WORDS, **overlay.WORDS}
