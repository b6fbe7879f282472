"""A small lesson without a mistake: its structure, and its words."""

from __future__ import annotations

from pathlib import Path

TOML = """\
format = 1
id = "small"
order = 1
minutes = 3
languages = ["en"]

[defaults]
model = "scenes/cbam"

[[claim]]
id = "right"
measure = "accuracy"
model = "scenes/cbam"
pictures = 100
bound = ">= 0.5"

[[step]]
id = "look"
seconds = 60
state = { sample = "scenes/3" }

[[step]]
id = "guess"
seconds = 60
hide = ["prediction"]
ask = { kind = "choice", options = ["car", "fish"], answer = "car" }

[[step]]
id = "check"
seconds = 60
hide = ["prediction"]
state = { sample = "scenes/4" }
ask = { kind = "choice", options = ["boat", "bird"], claim = "new", final = true }

[[claim]]
id = "new"
measure = "prediction"
model = "scenes/cbam"
sample = "scenes/4"
bound = "== bird"
"""
WORDS = """\
# A small lesson
## look
### say
Look at the picture. The model is right for {right} of them.
## guess
### ask
What does the model predict?
### option car
A car | It sees wheels.
### option fish
A fish | It has no fins.
## check
### ask
And for this picture?
### option boat
A boat | It has no sail.
### option bird
A bird | It has wings.
"""


def small_lesson(place: Path) -> Path:
    """The folder of the lesson, written into a place."""
    found = place / "small"
    found.mkdir()
    (found / "lesson.toml").write_text(TOML, "utf-8")
    (found / "en.md").write_text(WORDS, "utf-8")
    return found
