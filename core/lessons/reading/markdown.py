"""The words of a lesson in one language, read from Markdown: ``# title``, ``## step``, ``### block`` or ``### option``.

An option is one paragraph, ``text | reason``. There is no HTML, and pictures lie in the pack.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path

from core.checking import brief
from core.lessons.pack import ABOUT, AFTER, BLOCKS, QUESTION, SAY, SKELETON, Option, Problem, Step, Words
from core.lessons.pictures import EXAMPLE, figure_problem, find_figure
from core.lessons.reading.typed_numbers import stray_brace, typed_results
from core.messages import Message

OPTION = "option"
HEADING = re.compile(r" {0,3}([#＃]{1,3})(?![#＃])(\s*)(.*?)(?:\s+#+)?\s*$")
HTML = re.compile(r"<\s*/?\s*[a-zA-Z!]")
IMAGE = "!["
LINK = re.compile(r"\]\(\s*<?([^)>]*)|^\s*\[[^\]]+\]:\s*<?(\S+)")
"""Where a link leads, also one that is defined in a line of its own."""
SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
SCHEMES = ("https", "http", "mailto")
REMOTE = re.compile(r"!\[[^\]]*\]\(\s*(?:[a-z][a-z0-9+.-]*:|//)", re.IGNORECASE)
FIGURES = (ABOUT, SAY, QUESTION, AFTER)
"""The blocks that may have pictures."""
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


@dataclass
class Block:
    """The lines under one heading, from ``line`` on."""

    step: str
    name: str
    line: int
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text without blank lines around it."""
        return "\n".join(self.lines).strip()


class Reader:
    """Reads one file; what is wrong is added to ``problems``."""

    def __init__(self, file: str, text: str, folder: Path, given: Collection[str] = ()):
        self.file, self.folder, self.problems = file, folder, list[Problem]()
        self.given, self.seen = {one.casefold() for one in given}, set[str]()
        self.last_line = max(1, len(text.splitlines()))
        self.title = ""
        self.steps: dict[str, int] = {}
        self.loose = list[Block]()
        self.unsure = False  # a heading was wrong: what is missing is not known
        self.doubtful = set[str]()  # the same, of a step
        self.blocks = list(self._split(text))

    def wrong(self, line: int, sentence: Message) -> None:
        """Add a problem."""
        self.problems.append(Problem(self.file, line, sentence))

    def _split(self, text: str) -> Iterator[Block]:
        """The blocks of the file; headings are checked on the way. Text without a block is kept in ``loose``.

        What follows a wrong heading, up to the next step, is not checked: it would be wrong because of it.
        """
        block: Block | None = None
        lost = False
        for number, line in enumerate(text.splitlines(), 1):
            found = self._heading(number, line)
            if found is None or found[0] == 1:
                self._check_line(number, line)
            if found is None:
                if block is not None:
                    block.lines.append(line)
                elif line.strip() and not lost:
                    block = Block(next(reversed(self.steps), ""), "", number, [line])
                    self.loose.append(block)
                continue
            if block is not None and block.name:
                yield block
            block = None
            depth, name = found
            lost = lost and depth != 2
            if not name:
                lost = self._misplaced(number, Message("The heading is empty. Write its name after '#'."))
            elif depth == 1 and self.title:
                lost = self._misplaced(
                    number, Message("A lesson has one title, and this is a second one. Use '## STEP' for a step.")
                )
            elif depth == 1:
                self.title = name
            elif depth == 2:
                if name in self.steps:
                    self.wrong(number, Message("The step '{step}' appears twice. Remove one of them.", step=name))
                self.steps.setdefault(name, number)
            elif not self.steps and not lost:
                lost = self._misplaced(
                    number, Message("The block '{block}' belongs to no step. Put '## STEP' before it.", block=name)
                )
            elif not lost:
                block = Block(next(reversed(self.steps)), name, number)
        if block is not None and block.name:
            yield block

    def _heading(self, number: int, line: str) -> tuple[int, str] | None:
        """The depth and the name of a heading, also of one with a slip of the keyboard, which is a problem."""
        found = HEADING.match(line)
        if found is None or (self.title and found[1] == "#" and not found[2]):  # "#1" within a text
            return None
        depth, name = len(found[1]), found[3]
        if name and (not found[2] or "＃" in found[1]):
            self.wrong(
                number,
                Message("A heading begins with '#' and a space. Write '{heading}'.", heading=f"{'#' * depth} {name}"),
            )
        return depth, name

    def _misplaced(self, line: int, sentence: Message) -> bool:
        """Add the problem of a heading."""
        self.wrong(line, sentence)
        self.unsure = True
        return True

    def _check_line(self, number: int, line: str) -> None:
        if HTML.search(line):
            self.wrong(number, Message("HTML is not allowed in a lesson. Write Markdown."))
        if REMOTE.search(line):
            self.wrong(
                number, Message("Pictures from the network are not allowed. Put the picture into the lesson's folder.")
            )
        elif IMAGE in line:
            self._check_figure(number, line)
        for found in LINK.findall(line):
            target = re.sub(r"[\s\x00-\x1f]", "", unescape("".join(found)))
            scheme = SCHEME.match(target)
            if scheme and scheme[1].lower() not in SCHEMES and not REMOTE.search(line):
                self.wrong(
                    number,
                    Message(
                        "A link must begin with one of {schemes}, not {given}.",
                        schemes=[f"{one}:" for one in SCHEMES],
                        given=brief(target),
                    ),
                )
        for found in typed_results(line):
            self.seen.add(found.casefold())
            if found.casefold() not in self.given:
                self.wrong(
                    number,
                    Message(
                        "'{given}' looks like a result, which must not be typed. Measure it by a claim and write "
                        "{example}. If it is no result, add it to the list '{key}' in {file}.",
                        given=found,
                        key="given",
                        example="{claim}",
                        file=SKELETON,
                    ),
                )
        if stray_brace(line):
            self.wrong(number, Message("A brace is unmatched or doubled. Write {example}.", example="{claim}"))

    def _check_figure(self, number: int, line: str) -> None:
        figure = find_figure(line)
        if figure is None:
            self.wrong(number, Message("A picture needs a line of its own, such as {example}.", example=EXAMPLE))
        elif why := figure_problem(self.folder, figure.file):
            self.wrong(number, why)

    def words(self, steps: Mapping[str, Step], claims: Collection[str]) -> Words:
        """The words, checked against the steps of the lesson and the names of its claims."""
        blocks: dict[tuple[str, str], str] = {}
        options: dict[tuple[str, str], Option] = {}
        if not self.title:
            self.wrong(1, Message("The lesson has no title. Begin with '# TITLE'."))
        for name, line in self.steps.items():
            if name not in steps and self.title:  # else it may be the title
                self.wrong(
                    line, Message("There is no step '{step}'. The lesson has: {steps}.", step=name, steps=list(steps))
                )
            self.unsure |= name not in steps
        for block in self.loose:
            self.doubtful.add(block.step)
            if block.step in steps or (self.title and not block.step):
                self.wrong(block.line, Message("The text belongs to no block. Put it under '## STEP' and '### say'."))
        lost = ""  # a step in which a heading of another step was read as that of a block
        for block in self.blocks:
            if block.step not in steps or block.step == lost:
                continue
            self._check_placeholders(block, claims)
            if IMAGE in block.text and block.name not in FIGURES:
                self.wrong(
                    block.line,
                    Message(
                        "The block '{block}' cannot have a picture. Put it into one of: {blocks}.",
                        block=block.name,
                        blocks=list(FIGURES),
                    ),
                )
            kind, _, option = block.name.partition(" ")
            if kind == OPTION:
                found = self._option(block, option.strip(), steps[block.step])
                if found is not None:
                    options[block.step, option.strip()] = found
            elif block.name in steps and block.name not in BLOCKS:
                self.wrong(block.line, Message("'{step}' is a step. Write '## {step}'.", step=block.name))
                lost, self.unsure = block.step, True
            elif block.name not in BLOCKS:
                self.doubtful.add(block.step)
                self.wrong(
                    block.line,
                    Message(
                        "There is no block '{block}'. A step has: {blocks}, and 'option NAME'.",
                        block=block.name,
                        blocks=list(BLOCKS),
                    ),
                )
            elif (block.step, block.name) in blocks:
                self.wrong(block.line, Message("The block '{block}' appears twice. Merge them.", block=block.name))
            elif not block.text:
                self.wrong(
                    block.line, Message("The block '{block}' is empty. Write its text or remove it.", block=block.name)
                )
            else:
                blocks[block.step, block.name] = block.text
        if not self.unsure:
            self._check_missing(steps, blocks, options)
        return Words(self.title, blocks, options)

    def _check_placeholders(self, block: Block, claims: Collection[str]) -> None:
        for offset, line in enumerate(block.lines, 1):
            for name in PLACEHOLDER.findall(line):
                if name not in claims:
                    self.wrong(
                        block.line + offset,
                        Message(
                            "There is no claim '{claim}'. The lesson has: {claims}.",
                            claim=name,
                            claims=list(claims) or [Message("none")],
                        ),
                    )

    def _option(self, block: Block, name: str, step: Step) -> Option | None:
        """The words of an option; None with a problem where there is something wrong."""
        if step.exercise is None or name not in step.exercise.options:
            self.doubtful.add(step.name)
            self.wrong(
                block.line,
                Message(
                    "The step '{step}' has no option '{option}'. It has: {options}.",
                    step=step.name,
                    option=name,
                    options=list(step.exercise.options)
                    if step.exercise and step.exercise.options
                    else [Message("none")],
                ),
            )
            return None
        text, bar, reason = block.text.partition("|")
        if not text.strip() or not bar or not reason.strip():
            self.wrong(block.line, Message("The option '{option}' needs 'TEXT | REASON', on one line.", option=name))
            return None
        return Option(text.strip(), reason.strip())

    def _check_missing(
        self,
        steps: Mapping[str, Step],
        blocks: Mapping[tuple[str, str], str],
        options: Mapping[tuple[str, str], Option],
    ) -> None:
        named = {(block.step, block.name.partition(" ")[2].strip()) for block in self.blocks}
        for name, step in steps.items():
            line = self.steps.get(name, 0)
            if not line:
                self.wrong(self.last_line, Message("The step '{step}' has no text. Add '## {step}'.", step=name))
            if not line or name in self.doubtful:
                continue
            needed = QUESTION if step.exercise else SAY
            if (name, needed) not in blocks and not any(
                block.step == name and block.name == needed for block in self.blocks
            ):
                self.wrong(line, Message("The step '{step}' has no '### {block}'. Add it.", step=name, block=needed))
            for option in step.exercise.options if step.exercise else ():
                if (name, option) not in options and (name, option) not in named:
                    self.wrong(
                        line,
                        Message(
                            "The option '{option}' of the step '{step}' has no text. Add '### option {option}'.",
                            option=option,
                            step=name,
                        ),
                    )
