"""A lesson on paper: a worksheet with boxes for predictions, and the teacher's key."""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from string import ascii_uppercase
from urllib.parse import urlencode

from core.data import open_sample
from core.images import encode_jpeg
from core.lessons.claims import Kept
from core.lessons.pack import AFTER, CHOICE, NOTE, NUMBER, POINT, QUESTION, RANK, SAY, Exercise, Lesson, Step
from core.lessons.printing.labels import Speaker, withheld
from core.lessons.printing.markup import line_html, to_html
from core.reporting import document, paragraph, section, table

STYLE = Path(__file__).with_name("worksheet.css")
ADDRESS = "http://localhost:8501/"
"""The default address of the app."""
LONGEST = 480
"""The longer side of a picture in pixels, enough for eight centimeters on paper."""
LINES = 4
"""The number of lines for a text."""
CHECKED = "✓"


def worksheet(
    lesson: Lesson,
    language: str,
    found: Mapping[str, Kept],
    *,
    key: bool = False,
    address: str = ADDRESS,
    name: Callable[[str], str] = str,
) -> str:
    """A self-contained HTML page to print: the worksheet of a lesson, or the teacher's ``key``.

    ``found`` are the measured claims. A worksheet has gaps for the values that the lesson shows after an answer; the
    key has the answers, every reason, the measured values and the notes. ``address`` is the app's, for the links of the
    steps, and ``name`` returns the name of a class in the language.
    """
    sheet = _Sheet(Speaker(lesson, language, found, name), address, key)
    title = f"{sheet.speaker.words.title} – {sheet.speaker.say('key')}" if key else sheet.speaker.words.title
    under = sheet.speaker.say("count", minutes=lesson.minutes, steps=len(lesson.steps))
    return document(title, under, list(sheet.sections()), {}, code=language, styles=STYLE.read_text("utf-8"))


def step_address(lesson: Lesson, step: Step, address: str = ADDRESS) -> str:
    """The link of a step."""
    return f"{address}?{urlencode({'lesson': lesson.name, 'step': step.name})}"


@cache
def picture_source(sample: str) -> str:
    """A sample as a data URI: a small JPEG."""
    data = encode_jpeg(open_sample(sample).pixels, LONGEST)
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"


@dataclass(frozen=True)
class _Sheet:
    speaker: Speaker
    address: str
    key: bool

    def sections(self) -> Iterator[str]:
        """The page from its head to the table of measured values."""
        lesson, say = self.speaker.lesson, self.speaker.say
        if not self.key:
            lines = "".join(f"<span>{escape(say(one) + say('colon'))}</span>" for one in ("pupil", "day"))
            yield f'<div class="pupil">{lines}</div>{paragraph(say("how"))}'
        shown = ""
        for number, step in enumerate(lesson.steps, 1):
            sample, pointed = step.state.get("sample", ""), step.exercise is not None and step.exercise.kind == POINT
            picture = f'<figure><img alt="" src="{picture_source(sample)}"></figure>' if sample else ""
            new, shown = sample != shown, sample or shown
            head = say(
                "step", number=number, total=len(lesson.steps), minutes=f"{step.seconds / 60:.1f}".removesuffix(".0")
            )
            beside = picture if new and not (pointed and not self.key) else ""
            yield section(head, beside + self._step(step))
        if self.key and lesson.claims:
            yield section(say("claims"), self._claims())

    def _step(self, step: Step) -> str:
        blank: Collection[str] = () if self.key else withheld(self.speaker.lesson, self.speaker.language)
        parts = [self.speaker.html(step, one, blank) for one in (SAY, QUESTION)]
        if step.exercise is not None:
            parts.append(f'<div class="box">{self._box(step, step.exercise, blank)}</div>')
            if not self.key and (step.hide or step.exercise.claim):
                parts.append(f"<p>{self._line(self.speaker.say('result'))}</p>")
        if self.key:
            parts.append(self.speaker.html(step, AFTER))
            if note := self.speaker.block(step, NOTE):
                head = escape(self.speaker.say("note"))
                parts.append(f'<div class="note"><strong>{head}</strong>{to_html(note)}</div>')
        link = step_address(self.speaker.lesson, step, self.address)
        return "".join(parts) + paragraph(self.speaker.say("address", address=link), "link")

    def _line(self, label: str) -> str:
        return f'{escape(label)}{escape(self.speaker.say("colon"))}<span class="write">&nbsp;</span>'

    def _box(self, step: Step, exercise: Exercise, blank: Collection[str]) -> str:
        """The box for a prediction; in the key, the correct answer."""
        draw = {CHOICE: self._choice, NUMBER: self._number, RANK: self._rank, POINT: self._point}
        return draw.get(exercise.kind, self._text)(step, exercise, blank)

    def _options(self, step: Step, exercise: Exercise, blank: Collection[str], signs: list[tuple[str, str]]) -> str:
        """The options; in the key, each with its reason."""
        items = []
        for one, (kind, sign) in zip(exercise.options, signs, strict=True):
            text, right = line_html(self.speaker.option(step, one, blank)), self.key and sign == CHECKED
            text = f"<strong>{text}</strong>" if right else text
            if self.key:
                text += f"<br>{line_html(self.speaker.reason(step, one))}"
            items.append(f'<li><span class="{kind}">{sign}</span><span>{text}</span></li>')
        return f'<ul class="options">{"".join(items)}</ul>'

    def _choice(self, step: Step, exercise: Exercise, blank: Collection[str]) -> str:
        signs = [("sign", CHECKED if self.key and one in exercise.answer else "") for one in exercise.options]
        head = "" if self.key else paragraph(self.speaker.say("choice"), "soft")
        return head + self._options(step, exercise, blank, signs)

    def _rank(self, step: Step, exercise: Exercise, blank: Collection[str]) -> str:
        letters = dict(zip(exercise.options, ascii_uppercase, strict=False))
        drawn = self._options(step, exercise, blank, [("sign letter", letters[one]) for one in exercise.options])
        if self.key:
            order = " → ".join(letters[one] for one in exercise.answer)
            return drawn + f"<p><strong>{escape(self.speaker.say('order', order=order))}</strong></p>"
        lines = "".join(
            f'<span>{number}. <span class="write">&nbsp;</span></span>' for number, _ in enumerate(letters, 1)
        )
        return paragraph(self.speaker.say("rank"), "soft") + drawn + f'<div class="ranks">{lines}</div>'

    def _number(self, step: Step, exercise: Exercise, blank: Collection[str]) -> str:
        if not self.key:
            label = self.speaker.say("number", low=f"{exercise.low:g}", high=self.speaker.unit(exercise, exercise.high))
            return f"<p>{self._line(label)}</p>"
        return f"<p><strong>{escape(self.speaker.measured(exercise))}</strong></p>"

    def _point(self, step: Step, exercise: Exercise, blank: Collection[str]) -> str:
        if self.key:
            stated = self.speaker.say("inside", share=self.speaker.share(exercise.share, 0), map=exercise.against)
            return f"<p><strong>{escape(stated)}</strong></p>"
        source = picture_source(step.state["sample"])
        drawn = f'<figure class="mark"><img alt="" src="{source}"></figure>'
        return paragraph(self.speaker.say("point"), "soft") + drawn

    def _text(self, step: Step, exercise: Exercise, blank: Collection[str]) -> str:
        if self.key:
            return paragraph(self.speaker.say("free"))
        return paragraph(self.speaker.say("text"), "soft") + LINES * '<div class="rule"></div>'

    def _claims(self) -> str:
        """Every claim with its value, error, pictures, bound and model."""
        heads = [self.speaker.say(one) for one in ("claim", "model", "value", "error", "pictures", "bound")]
        rows = []
        for claim in self.speaker.lesson.claims:
            one, bound = self.speaker.found.get(claim.name), f"{claim.bound.sign} {claim.bound.value}"
            measured = ("", "") if one is None else (self._error(claim.name, one), str(one.measured.pictures))
            rows.append((claim.name, str(claim.settings["model"]), self.speaker.value(claim.name), *measured, bound))
        return table(heads, rows, named=2)

    def _error(self, claim: str, one: Kept) -> str:
        return "" if isinstance(one.measured.value, str) else self.speaker.amount(claim, one.measured.error)
