"""The output of the commands: results to standard output, as text or JSON, and progress to standard error."""

from __future__ import annotations

import argparse
import io
import math
import sys
from collections.abc import Callable
from typing import Any, TextIO

from tqdm import tqdm

import core
from core import numbers
from core.files import to_json


def bar(words: str) -> Callable[[int, int], None]:
    """Return a progress callable that draws a bar on standard error."""
    lines: list[tqdm] = []  # created at the first batch, so that an earlier error prints only its sentence

    def progress(done: int, total: int) -> None:
        if not lines:
            lines.append(tqdm(desc=words, total=total, initial=done, unit="picture", leave=False, file=sys.stderr))
        lines[0].update(done - lines[0].n)
        if done >= total:
            lines[0].close()

    return progress


def percent(value: float | None) -> str:
    """A fraction in percent."""
    return "not measured" if value is None or not math.isfinite(value) else numbers.percent(value)


def counted(pictures: int) -> str:
    """Format a number of pictures."""
    return f"{pictures:,} picture{'' if pictures == 1 else 's'}"


def print_answer(answer: dict[str, Any] | list[dict[str, Any]], text: str, options: argparse.Namespace) -> None:
    """Print a result as text, or as JSON, which is valid on every console."""
    unicode = (sys.stdout.encoding or "").lower().replace("-", "").replace("_", "") == "utf8"
    print(to_json(answer, ascii_only=not unicode, indent=1) if options.json else text)


def escape_unprintable(stream: TextIO | None) -> None:
    """Escape characters that the console cannot encode, so that no output ends in a traceback."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")


def remark(card: core.ModelCard) -> str:
    """Return additional facts of some models: the accuracy without a shortcut, and the spread over seeds."""
    apart, seeds = card.facts.get("independent"), card.facts.get("seeds")
    text = f"  {percent(apart['accuracy'])} without its shortcut" if apart else ""
    if seeds:
        text += f"  {100 * seeds['mean']:.1f} ± {100 * seeds['std']:.1f} % over {len(seeds['seeds'])} seeds"
    return text
