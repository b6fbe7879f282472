"""The session keys of a user's choices, and groups of choices."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from core import Classifier, Picture


class Key(StrEnum):
    """The session keys that pages share; the address contains the language and the keys in ``ADDRESS``."""

    MODEL = "model"
    SAMPLE = "sample"
    MAP = "map"
    METHOD = "method"
    TARGET = "target"
    CONTRAST = "contrast"
    FRAMING = "framing"
    COMPARED = "compare"

    LANGUAGE = "lang"
    DEVICE = "device"
    FAMILY = "family"
    TASK = "task"
    WANTED = "wanted"
    LOADED = "loaded"
    FETCHING = "fetching"
    OWN_MODELS = "own_models"
    NAMED_MODELS = "named_models"
    FINDING = "finding"
    FIND_TIMM = "find_timm"
    FIND_HUB = "find_hub"
    FIND_CLIP = "find_clip"
    FIND_TEXTS = "find_texts"
    FRAMING_KIND = "framing_kind"
    PARTS_OF = "parts_of"
    GALLERY = "gallery"
    UPLOADS = "uploads"
    TRUTHS = "truths"
    UPLOADER = "uploader"
    CAMERA = "camera"
    CAMERA_ON = "camera_on"
    KEPT = "kept"
    PINNED_PATCH = "pinned_patch"
    KEEPINGS = "keepings"
    RUNNING = "running"
    RESTORED = "restored"
    REQUESTED = "requested"
    NOTICES = "notices"
    SHOWN_NOTICES = "shown_notices"
    PAGE = "page"
    ADDRESSED = "addressed"
    SUBJECT = "subject"
    SESSION_ID = "session_id"

    LESSON = "lesson"
    STEP = "step"
    TEACHER = "teacher"
    CLASS = "class"
    PROJECTOR = "projector"
    VOTED = "voted"
    SHOWN_DONE = "shown_done"
    SHOWN_VOTES = "shown_votes"
    ANSWERS = "answers"
    MARKED = "marked"
    VIEW_WANTED = "view_wanted"
    FIRST_VISIT = "first_visit"
    INVITATION = "invitation"
    WITHDRAWN = "withdrawn"


def is_upload(sample: str | None) -> bool:
    """Whether the slug of a picture is that of an uploaded one, which no other session has."""
    return (sample or "").startswith(UPLOAD)


@dataclass(frozen=True, eq=False)
class Subject:
    """The subject of every page: a model, and a framed picture with its slug in the URL."""

    classifier: Classifier
    picture: Picture
    sample: str
    framing: str


UPLOAD = "upload/"
"""The prefix of the slug of an uploaded picture."""
ADDRESS = (Key.MODEL, Key.SAMPLE, Key.MAP, Key.METHOD, Key.TARGET, Key.CONTRAST, Key.FRAMING)
"""The settings of Explore that a ``View`` contains."""
LESSON = (Key.LESSON, Key.STEP, Key.TEACHER, Key.CLASS, Key.PROJECTOR)
"""The open lesson and its class, which every page's address contains."""
PARAMETER = "p."
"""The prefix of a method's parameter."""


@dataclass(frozen=True)
class View:
    """One analysis, as in the address: picture, model, maps and class.

    ``map``, ``target`` and ``contrast`` may be empty: the model's first map, the predicted class, no class to compare
    with. ``parameters`` are those of the method that differ from their defaults, and ``query`` is the pinned patch,
    row by row, which the browser writes into the address. ``number`` distinguishes pinned views that are equal.
    """

    model: str
    sample: str
    method: str
    map: str = ""
    target: str = ""
    framing: str = "center"
    parameters: tuple[tuple[str, Any], ...] = field(default=())
    contrast: str = ""
    query: int | None = None
    number: int = field(default=0, compare=False)

    @property
    def travels(self) -> bool:
        """Whether another browser can open it, because its picture is not uploaded."""
        return not is_upload(self.sample)

    def address(self) -> dict[str, str]:
        """The query parameters that open this view again."""
        chosen = {key.value: str(getattr(self, key.value)) for key in ADDRESS}
        if self.framing == "center":
            del chosen["framing"]
        chosen |= {f"{PARAMETER}{name}": str(value) for name, value in self.parameters}
        return {key: value for key, value in chosen.items() if value}
