"""The structure of a lesson, read from ``lesson.toml``: every part checked, each mistake with its line."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from core.checking import brief
from core.lessons.pack import (
    FORMAT,
    HIDDEN,
    LANGUAGES,
    NAME,
    SKELETON,
    STATE,
    TEXT,
    VIEWS,
    Claim,
    Exercise,
    Problem,
    Step,
)
from core.lessons.reading.claims import find_measure, read_claim
from core.lessons.reading.model_checks import unfit_state
from core.lessons.reading.questions import read_exercise
from core.lessons.reading.references import unknown
from core.lessons.reading.toml_lines import Lines
from core.lessons.reading.toml_values import AT, KEYS, misformed, not_text, parse
from core.lessons.reading.whole_lesson import comparison_problems, final_problems, reveal_problems, time_problems
from core.messages import Message


class Skeleton:
    """Reads the file of a lesson; what is wrong is added to ``problems``.

    With ``fits``, also whether its values are those of a model and a picture that are there. ``unsure`` states that a
    claim, a step or a question could not be read: what only all of them together show is not checked then.
    """

    def __init__(self, text: str, folder: str, *, fits: bool = True):
        self.problems, self.fits, self.unsure = list[Problem](), fits, False
        self.lines = Lines(text)
        self.data: dict[str, Any] = {}
        try:
            self.data = parse(text)
        except ValueError as error:
            found = AT.search(str(error))
            reason = str(error).split(" (at")[0].rstrip(".")
            line = int(found[1]) if found else max(1, len(text.splitlines()))
            self.wrong(line, Message("This is not valid TOML: {reason}.", reason=reason))
            return
        self._check_keys("", 0, self.data)
        self._check_head(folder)
        self.named: dict[str, Claim | None] = {}
        self.claims = tuple(self._claims())
        self.steps = tuple(self._steps())
        self._check_whole()

    def wrong(self, line: int, sentence: Message) -> None:
        """Add a problem, once."""
        if (one := Problem(SKELETON, line, sentence)) not in self.problems:
            self.problems.append(one)

    def text(self, key: str, default: str = "") -> str:
        """A text of the lesson."""
        value = self.data.get(key, default)
        return value if isinstance(value, str) else default

    def number(self, key: str, default: int) -> int:
        """A whole number of the lesson."""
        value = self.data.get(key, default)
        return value if isinstance(value, int) and not isinstance(value, bool) else default

    @property
    def tour(self) -> bool:
        """Whether it is a tour, without a final question."""
        return self.data.get("tour") is True

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that the lesson lists."""
        found = self.data.get("languages", ["en"])
        return tuple(one for one in found if one in LANGUAGES) if isinstance(found, list) else ()

    @property
    def breaks(self) -> tuple[str, ...]:
        """The misconceptions that the lesson is to break."""
        found = self.data.get("breaks", [])
        return tuple(map(str, found)) if isinstance(found, list) else ()

    @property
    def given(self) -> tuple[str, ...]:
        """The numbers in the words that are no results."""
        found = self.data.get("given", [])
        return tuple(map(str, found)) if isinstance(found, list) else ()

    def _unread(self, line: int, sentence: Message) -> None:
        """Add a problem because of which a part is not read."""
        self.unsure = True
        self.wrong(line, sentence)

    def _check_keys(self, section: str, number: int, table: Mapping[str, Any], more: Collection[str] = ()) -> None:
        allowed = (*KEYS[section.rpartition(".")[2]], *more)
        for key in table:
            if key not in allowed:
                self.wrong(
                    self.lines.find(section, number, key),
                    Message("There is no key '{key}' here. Choose one of: {keys}.", key=key, keys=list(allowed)),
                )
            elif (why := misformed(key, table[key])) is not None:
                self.wrong(self.lines.find(section, number, key), why)

    def _check_head(self, folder: str) -> None:
        line = self.lines.find
        if self.data.get("format") != FORMAT:
            self.wrong(
                line("", 0, "format"), Message("The format must be {format}. Write format = {format}.", format=FORMAT)
            )
        name = self.data.get("id")
        if not isinstance(name, str) or not NAME.fullmatch(name):
            self.wrong(
                line("", 0, "id"),
                Message(
                    "The id must consist of lowercase letters, digits and hyphens, not {given}.", given=brief(name)
                ),
            )
        elif name != folder:
            self.wrong(
                line("", 0, "id"),
                Message("The id '{id}' must be the name of its folder, '{folder}'.", id=name, folder=folder),
            )
        for key in ("order", "minutes"):
            value = self.data.get(key)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                self._unread(line("", 0, key), Message("The {key} must be a whole number of at least 1.", key=key))
        found = self.data.get("languages", ["en"])
        if not isinstance(found, list) or not found or any(one not in LANGUAGES for one in found):
            self.wrong(
                line("", 0, "languages"), Message("Each language must be one of: {known}.", known=list(LANGUAGES))
            )

    def _tables(self, key: str) -> list[dict[str, Any]]:
        found = self.data.get(key, [])
        if not isinstance(found, list) or any(not isinstance(one, dict) for one in found):
            self._unread(self.lines.find("", 0, key), Message("Each {key} must be a table. Write [[{key}]].", key=key))
            return []
        return found

    def _claims(self) -> Iterator[Claim]:
        seen: set[str] = set()
        for number, table in enumerate(self._tables("claim")):

            def line(key: str = "", number: int = number) -> int:
                return self.lines.find("claim", number, key)

            name = table.get("id")
            if not isinstance(name, str) or not NAME.fullmatch(name) or name in seen:
                self._unread(line("id"), Message("Each claim needs an id of its own, not {given}.", given=brief(name)))
                continue
            seen.add(name)
            if (measure := find_measure(table)) is not None:
                self._check_keys("claim", number, table, measure.settings)

            def wrong(key: str, sentence: Message, number: int = number) -> None:
                self.wrong(self.lines.find("claim", number, key), sentence)

            self.named[name] = claim = read_claim(name, table, wrong, fits=self.fits)
            if claim is not None:
                yield claim
            self.unsure |= claim is None

    def _steps(self) -> Iterator[Step]:
        defaults = self._state("defaults", 0, self.data.get("defaults", {}))
        seen: set[str] = set()
        for number, table in enumerate(self._tables("step")):

            def line(key: str = "", number: int = number) -> int:
                return self.lines.find("step", number, key)

            self._check_keys("step", number, table)
            name, seconds = table.get("id"), table.get("seconds")
            if not isinstance(name, str) or not NAME.fullmatch(name) or name in seen:
                self._unread(line("id"), Message("Each step needs an id of its own, not {given}.", given=brief(name)))
                continue
            seen.add(name)
            if not isinstance(seconds, int) or isinstance(seconds, bool) or not 5 <= seconds <= 1800:
                self._unread(line("seconds"), Message("The seconds of a step must be a whole number from 5 to 1800."))
                seconds = 60
            view = table.get("view", "explore")
            if view not in VIEWS:
                self.wrong(
                    line("view"),
                    Message("There is no view {given}. Choose one of: {views}.", given=brief(view), views=list(VIEWS)),
                )
                view = VIEWS[0]
            hide = table.get("hide", [])
            if not isinstance(hide, list) or any(one not in HIDDEN for one in hide):
                self.wrong(line("hide"), Message("A step can hide: {hidden}.", hidden=list(HIDDEN)))
                hide = []
            exercise = self._exercise(number, table["ask"]) if "ask" in table else None
            state = self._state("step.state", number, table.get("state", {}))
            reveal = self._state("step.reveal", number, table.get("reveal", {}))
            do = self._patterns(number, table.get("do", {}))
            self._check_fit(number, defaults, state, reveal)
            if exercise is not None and not table.get("hide") and exercise.kind != TEXT:
                self.wrong(
                    line("ask"),
                    Message(
                        "The step '{step}' has a question but hides nothing: the answer is visible. Add hide = [...].",
                        step=name,
                    ),
                )
            if hide and exercise is None and "ask" not in table:
                self.wrong(
                    line("hide"), Message("The step '{step}' hides something but has no question. Add one.", step=name)
                )
            yield Step(name, seconds, str(view), {**defaults, **state}, tuple(hide), exercise, do, reveal)

    def _state(self, section: str, number: int, table: Any) -> dict[str, str]:
        """What a state sets, as text; names and values that are unknown are problems."""
        if not isinstance(table, dict):
            self.wrong(
                self.lines.find(section, number),
                Message("A state must be a table, such as {example}.", example='{ model = "scenes/cbam" }'),
            )
            return {}
        for key, value in table.items():
            line = self.lines.find(section, number, key)
            if key not in STATE:
                self.wrong(line, Message("A state cannot set '{key}'. It can set: {keys}.", key=key, keys=list(STATE)))
            elif self.fits and (why := unknown(key, value)):
                self._unread(line, why)
        return {key: str(value) for key, value in table.items() if key in STATE}

    def _check_fit(self, number: int, *tables: Mapping[str, str]) -> None:
        """Whether what a step sets fits its model: the defaults, its state, and what it reveals after the answer."""
        whole: dict[str, str] = {}
        if not self.fits:
            return
        for section, table in zip(("defaults", "step.state", "step.reveal"), tables, strict=True):
            whole |= table
            for key in table:
                later = next((one for one in tables[1:2] if section == "defaults" and key in one), None)
                if key == "model" and "sample" in table:  # it is stated at the sample
                    continue
                if later is None and (why := unfit_state(key, whole)) is not None:
                    self.wrong(self.lines.find(section, number if section != "defaults" else 0, key), why)

    def _patterns(self, number: int, table: Any) -> dict[str, str]:
        """What the learner is to set: patterns of values by name."""
        line = self.lines.find("step.do", number)
        if not isinstance(table, dict) or any(key not in STATE for key in table):
            self.wrong(line, Message("A learner can set: {keys}.", keys=list(STATE)))
            return {}
        for key, value in table.items():
            if not isinstance(value, str):
                self.wrong(line, not_text(key, value))
        return {key: str(value) for key, value in table.items()}

    def _exercise(self, number: int, table: Any) -> Exercise | None:
        """The question of a step; None with a problem where there is something wrong."""

        def line(key: str = "") -> int:
            return self.lines.find("step.ask", number, key)

        if not isinstance(table, dict):
            self._unread(
                line(),
                Message("A question must be a table, such as {example}.", example='ask = { kind = "choice", ... }'),
            )
            return None
        self._check_keys("step.ask", number, table)
        found = read_exercise(table, self.named, lambda key, sentence: self.wrong(line(key), sentence))
        self.unsure |= found is None
        return found

    def _check_whole(self) -> None:
        """What only all steps and claims together show, if each of them was read."""
        if self.unsure:
            return
        found = [
            *time_problems(self.steps, self.number("minutes", 10)),
            *comparison_problems(self.claims, self._tables("claim")),
            *reveal_problems(self.steps),
            *(() if self.tour else final_problems(self.steps, {one.name: one for one in self.claims})),
        ]
        for section, number, key, sentence in found:
            self.wrong(self.lines.find(section, max(number, 0), key), sentence)
