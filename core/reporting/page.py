"""The facts of a run as one self-contained HTML page. Every text is escaped."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from math import floor
from pathlib import Path
from typing import Any

from core.files import to_json
from core.reporting.charts import calibration_chart, confusion_table

STYLE = Path(__file__).with_name("report.css")
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
NO_TRUTH = "No picture has a true class"
LISTED = 30
"""The most broken pictures, labels and pairs of classes that are listed."""


def share(value: float | None, digits: int = 1) -> str:
    """A fraction in per cent."""
    return "unknown" if value is None else f"{100 * value:.{digits}f} %"


def number(value: float | None) -> str:
    """A number with two digits, or a dash."""
    return "unknown" if value is None else f"{value:.2f}".replace("-", "−")


def counted(pictures: int) -> str:
    """A number of pictures, in words."""
    return plural(pictures, "picture")


def plural(count: int, noun: str) -> str:
    """A count and its noun: "1 picture", "2 pictures"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def write_page(facts: Mapping[str, Any], images: Mapping[int, Mapping[str, bytes] | str]) -> str:
    """The page; ``images`` are the JPEGs of each picture by title, or a sentence on why there are none."""
    title = f"{facts['model']} on {facts['data']}"
    beside = "".join([confusion(facts), classes(facts), calibration(facts)])
    sections = [answers(facts), f'<div class="beside">{beside}</div>', cases(facts, images), left_out(facts)]
    data = to_json(facts).replace("<", "\\u003c")
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title>\n<style>\n{STYLE.read_text(encoding='utf-8')}</style>\n</head>\n<body>",
            f"<header><h1>{escape(title)}</h1>{paragraph(origin(facts), 'soft')}</header>",
            *filter(None, sections),
            f'<script type="application/json" id="facts">{data}</script>\n</body>\n</html>\n',
        ]
    )


def origin(facts: Mapping[str, Any]) -> str:
    """The number of pictures, and the time of the scan."""
    scanned = f"{counted(facts['pictures'])}, {facts['labeled']:,} of them with a true class."
    return f"{scanned} Scanned on {facts['scanned'][:10]}." if facts["scanned"] else scanned


def answers(facts: Mapping[str, Any]) -> str:
    """How often the model is right."""
    found = facts["accuracy"]
    if found is None:
        none = "No picture has a finite output" if facts["unanswered"] and not facts["pictures"] else NO_TRUTH
        return section("Accuracy", paragraph(f"{none}, so there is no accuracy."))
    interval = f"95 % confidence interval {share(found['low'])} to {share(found['high'])} (Wilson)"
    told = (
        f"{found['right']:,} of {found['of']:,} correct, {plural(found['of'] - found['right'], 'mistake')}; {interval}."
    )
    return section("Accuracy", paragraph(share(found["value"]), "number") + paragraph(told, "soft"))


def confusion(facts: Mapping[str, Any]) -> str:
    """The confusion matrix: all of it for a few classes, the most frequent mistakes for many."""
    found = facts["confusion"]
    if not facts["labeled"]:
        return ""
    if found["counts"] is not None:
        said = paragraph("Rows: true class. Columns: predicted class.", "soft")
        return section("Confusion matrix", confusion_table(found["classes"], found["counts"]) + said)
    if not found["pairs"]:
        return ""
    rows = [(one["true"], one["predicted"], f"{one['count']:,}") for one in found["pairs"][:LISTED]]
    return section("Most common mistakes", table(("True class", "Predicted class", "Pictures"), rows, named=2))


def classes(facts: Mapping[str, Any]) -> str:
    """The recall of each class, the lowest first."""
    rows = [
        (one["class"], f"{one['pictures']:,}", share(one["accuracy"]), f"{share(one['low'])} to {share(one['high'])}")
        for one in sorted(facts["classes"], key=lambda one: one["accuracy"])
    ]
    heads = ("Class", "Pictures", "Recall", "95 % interval")
    return section("Classes, lowest recall first", table(heads, rows)) if rows else ""


def calibration(facts: Mapping[str, Any]) -> str:
    """The calibration of the model."""
    found = facts["calibration"]
    if found is None:
        return ""
    told = (
        f"Expected calibration error {share(found['error'])}: the average difference between confidence and "
        "accuracy. On the diagonal they are equal. The larger a point, the more pictures."
    )
    return section("Calibration", calibration_chart(found["bins"]) + paragraph(told, "soft"))


def cases(facts: Mapping[str, Any], images: Mapping[int, Mapping[str, bytes] | str]) -> str:
    """The chosen pictures."""
    drawn = [case(one, images[one["number"]]) for one in facts["chosen"]]
    return section(f"Pictures: {len(drawn)}", f'<div class="cases">{"".join(drawn)}</div>') if drawn else ""


def case(one: Mapping[str, Any], images: Mapping[str, bytes] | str) -> str:
    """One picture: its true and its predicted class, its maps, and its tags."""
    said = f'<strong class="{"right" if one["correct"] else "wrong"}">{escape(one["predicted"])}</strong>'
    confidence = share(one["confidence"], 0)
    known = f"<strong>{escape(one['true'])}</strong>, predicted as {said}" if one["true"] else f"Predicted: {said}"
    head = f"{said}, correct" if one["correct"] else known
    if isinstance(images, str):
        shown = paragraph(images, "soft")
    else:
        shown = f'<div class="maps">{"".join(figure(title, data) for title, data in images.items())}</div>'
    told = [one["path"], f"loss {number(one['loss'])}", f"agreement {number(one['agreement'])}{beside(one)}"]
    tags = "".join(f'<span class="tag">{escape(tag)}</span>' for tag in one["tags"])
    return f"<article><p>{head} ({confidence})</p>{shown}{paragraph(' · '.join(told), 'soft')}{tags}</article>"


def beside(one: Mapping[str, Any]) -> str:
    """What stands beside the agreement of a picture: that of unrelated pictures and of a center blob."""
    known = one["unrelated"]
    if known is None:
        return ""
    below = floor(100 * known["standing"])
    stands = "all unrelated pairs" if below == 100 else f"{below} % of unrelated pairs"
    low, high, blob = (number(known[name]) for name in ("low", "high", "blob"))
    return f" (unrelated pictures {low} to {high}, center blob {blob}: higher than {stands})"


def figure(title: str, data: bytes) -> str:
    """A picture within the page."""
    source = f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"
    return f'<figure><img alt="{escape(title)}" src="{source}"><figcaption>{escape(title)}</figcaption></figure>'


def left_out(facts: Mapping[str, Any]) -> str:
    """Pictures and labels that are not counted."""
    broken, unmatched, parts = facts["broken"], facts["unmatched"], []
    if broken:
        parts.append(paragraph(f"{counted(len(broken))} could not be read."))
        parts.append(table(("Picture", "Reason"), [(one["path"], one["reason"]) for one in broken[:LISTED]], named=2))
    if unanswered := facts["unanswered"]:
        told = "The model's output is not finite, so these are not counted"
        parts.append(paragraph(f"{told}: {counted(len(unanswered))}."))
        rows = [(one["path"], one["reason"]) for one in unanswered[:LISTED]]
        parts.append(table(("Picture", "Reason"), rows, named=2))
    if unmatched:
        parts.append(paragraph("Labels that match no class of the model. Their pictures do not count in the accuracy."))
        rows = [(name, f"{count:,}") for name, count in list(unmatched.items())[:LISTED]]
        parts.append(table(("Label", "Pictures"), rows))
    return section("Left out", "".join(parts)) if parts else ""


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], named: int = 1) -> str:
    """A table whose first columns are names and whose others are numbers."""
    head = "".join(f'<th scope="col">{escape(one)}</th>' for one in heads)
    kinds = [' class="name"' if place < named else "" for place in range(len(heads))]
    cells = ("".join(f"<td{kind}>{escape(one)}</td>" for kind, one in zip(kinds, row, strict=True)) for row in rows)
    body = "".join(f"<tr>{row}</tr>" for row in cells)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def paragraph(text: str, kind: str = "") -> str:
    """A paragraph of plain text."""
    return f'<p class="{kind}">{escape(text)}</p>' if kind else f"<p>{escape(text)}</p>"


def section(title: str, content: str) -> str:
    """A part of the page under its heading; the content is HTML."""
    return f"<section><h2>{escape(title)}</h2>{content}</section>"
