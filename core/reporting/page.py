"""The facts of a run as one self-contained HTML page. Every text is escaped."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from hashlib import sha256
from html import escape
from math import floor
from pathlib import Path
from typing import Any

from core.files import to_json
from core.messages import recalled
from core.reporting.charts import calibration_chart, confusion_table
from core.reporting.wording import ENGLISH, Wording

STYLE = Path(__file__).with_name("report.css")
POLICY = "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'"
LISTED = 30
"""The most broken pictures, labels and pairs of classes that are listed."""


def write_page(
    facts: Mapping[str, Any], images: Mapping[int, Mapping[str, bytes] | str], wording: Wording = ENGLISH
) -> str:
    """The page; ``images`` are the JPEGs of each picture by title, or a sentence on why there are none."""
    title = wording.say("{model} on {data}", model=facts["model"], data=facts["data"])
    beside = "".join([confusion(facts, wording), classes(facts, wording), calibration(facts, wording)])
    sections = [
        answers(facts, wording),
        f'<div class="beside">{beside}</div>',
        cases(facts, images, wording),
        left_out(facts, wording),
    ]
    return document(title, origin(facts, wording), sections, {"facts": to_json(facts)}, code=wording.code)


def document(
    title: str,
    under: str,
    sections: Sequence[str],
    data: Mapping[str, str],
    *,
    code: str = "en",
    styles: str = "",
    script: str = "",
) -> str:
    """A self-contained HTML page that requests nothing: its title, a line under it, and sections of HTML.

    ``data`` are texts of JSON by the name under which the page holds them. Of scripts, only ``script`` may run.
    """
    digest = base64.b64encode(sha256(script.encode()).digest()).decode()
    policy = f"{POLICY}; script-src 'sha256-{digest}'" if script else POLICY
    safe = {name: text.replace("<", "\\u003c") for name, text in data.items()}
    held = (f'<script type="application/json" id="{name}">{text}</script>' for name, text in safe.items())
    return "\n".join(
        [
            f'<!doctype html>\n<html lang="{code}">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title>\n<style>\n{STYLE.read_text(encoding='utf-8')}{styles}</style>\n</head>\n<body>",
            f"<header><h1>{escape(title)}</h1>{paragraph(under, 'soft')}</header>",
            *filter(None, sections),
            *held,
            *([f"<script>{script}</script>"] if script else []),
            "</body>\n</html>\n",
        ]
    )


def origin(facts: Mapping[str, Any], wording: Wording) -> str:
    """The number of pictures, and the time of the scan."""
    pictures = wording.pictures(facts["pictures"])
    given = [
        wording.say("{pictures}, {labeled:,} of them with a true class.", pictures=pictures, labeled=facts["labeled"])
    ]
    if facts["scanned"]:
        given.append(wording.say("Scanned on {day}.", day=facts["scanned"][:10]))
    return wording.sign(" ").join(given)


def answers(facts: Mapping[str, Any], wording: Wording) -> str:
    """The accuracy of the model."""
    found = facts["accuracy"]
    if found is None:
        none = (
            wording.say("No picture has a finite output, so there is no accuracy.")
            if facts["unanswered"] and not facts["pictures"]
            else wording.say("No picture has a true class, so there is no accuracy.")
        )
        return section(wording.say("Accuracy"), paragraph(none))
    wrong = found["of"] - found["right"]
    mistakes = wording.say("1 mistake") if wrong == 1 else wording.say("{count:,} mistakes", count=wrong)
    given = wording.say(
        "{right:,} of {of:,} correct, {mistakes}; 95 % confidence interval {low} to {high} (Wilson).",
        right=found["right"],
        of=found["of"],
        mistakes=mistakes,
        low=wording.share(found["low"]),
        high=wording.share(found["high"]),
    )
    return section(
        wording.say("Accuracy"), paragraph(wording.share(found["value"]), "number") + paragraph(given, "soft")
    )


def confusion(facts: Mapping[str, Any], wording: Wording) -> str:
    """The confusion matrix: all of it for a few classes, the most frequent mistakes for many."""
    found = facts["confusion"]
    if not facts["labeled"]:
        return ""
    if found["counts"] is not None:
        stated = paragraph(wording.say("Rows: true class. Columns: predicted class."), "soft")
        names = [wording.name(one) for one in found["classes"]]
        return section(wording.say("Confusion matrix"), confusion_table(names, found["counts"]) + stated)
    if not found["pairs"]:
        return ""
    name = wording.name
    rows = [(name(one["true"]), name(one["predicted"]), f"{one['count']:,}") for one in found["pairs"][:LISTED]]
    heads = (wording.say("True class"), wording.say("Predicted class"), wording.say("Pictures"))
    return section(wording.say("Most common mistakes"), table(heads, rows, named=2))


def classes(facts: Mapping[str, Any], wording: Wording) -> str:
    """The recall of each class, the lowest first."""
    rows = [
        (
            wording.name(one["class"]),
            f"{one['pictures']:,}",
            wording.share(one["accuracy"]),
            wording.say("{low} to {high}", low=wording.share(one["low"]), high=wording.share(one["high"])),
        )
        for one in sorted(facts["classes"], key=lambda one: one["accuracy"])
    ]
    heads = (wording.say("Class"), wording.say("Pictures"), wording.say("Recall"), wording.say("95 % interval"))
    return section(wording.say("Classes, lowest recall first"), table(heads, rows)) if rows else ""


def calibration(facts: Mapping[str, Any], wording: Wording) -> str:
    """The calibration of the model."""
    found = facts["calibration"]
    if found is None:
        return ""
    given = wording.say(
        "Expected calibration error {error}: the average difference between confidence and accuracy. On the diagonal "
        "they are equal. The larger a point, the more pictures.",
        error=wording.share(found["error"]),
    )
    return section(wording.say("Calibration"), calibration_chart(found["bins"], wording) + paragraph(given, "soft"))


def cases(facts: Mapping[str, Any], images: Mapping[int, Mapping[str, bytes] | str], wording: Wording) -> str:
    """The chosen pictures."""
    drawn = [case(one, images[one["number"]], wording) for one in facts["chosen"]]
    title = wording.say("Pictures: {count}", count=len(drawn))
    return section(title, f'<div class="cases">{"".join(drawn)}</div>') if drawn else ""


def case(one: Mapping[str, Any], images: Mapping[str, bytes] | str, wording: Wording) -> str:
    """One picture: its true and its predicted class, its maps, and its tags."""
    name = escape(wording.name(one["predicted"]))
    stated = f'<strong class="{"right" if one["correct"] else "wrong"}">{name}</strong>'
    confidence = wording.share(one["confidence"], 0)
    if one["correct"]:
        head = wording.say("{predicted}, correct ({confidence})", predicted=stated, confidence=confidence)
    elif one["true"]:
        true = f"<strong>{escape(wording.name(one['true']))}</strong>"
        head = wording.say(
            "{true}, predicted as {predicted} ({confidence})", true=true, predicted=stated, confidence=confidence
        )
    else:
        head = wording.say("Predicted: {predicted} ({confidence})", predicted=stated, confidence=confidence)
    if isinstance(images, str):
        shown = paragraph(images, "soft")
    else:
        shown = (
            f'<div class="maps">{"".join(figure(wording.title(title), data) for title, data in images.items())}</div>'
        )
    given = [one["path"], wording.say("loss {loss}", loss=wording.number(one["loss"])), agreement(one, wording)]
    tags = "".join(f'<span class="tag">{escape(tag)}</span>' for tag in one["tags"])
    return f"<article><p>{head}</p>{shown}{paragraph(' · '.join(given), 'soft')}{tags}</article>"


def agreement(one: Mapping[str, Any], wording: Wording) -> str:
    """The agreement of a picture, with that of unrelated pictures and of a center blob if known."""
    known, value = one["unrelated"], wording.number(one["agreement"])
    if known is None:
        return wording.say("agreement {value}", value=value)
    below = floor(100 * known["standing"]) / 100
    share = wording.share(below, 0)
    stands = (
        wording.say("all unrelated pairs") if below == 1 else wording.say("{share} of unrelated pairs", share=share)
    )
    low, high, blob = (wording.number(known[name]) for name in ("low", "high", "blob"))
    return wording.say(
        "agreement {value}, higher than {stands} (unrelated pictures {low} to {high}, center blob {blob})",
        value=value,
        low=low,
        high=high,
        blob=blob,
        stands=stands,
    )


def figure(title: str, data: bytes) -> str:
    """A picture within the page."""
    source = f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"
    return f'<figure><img alt="{escape(title)}" src="{source}"><figcaption>{escape(title)}</figcaption></figure>'


def left_out(facts: Mapping[str, Any], wording: Wording) -> str:
    """Pictures and labels that are not counted."""
    broken, unmatched, parts = facts["broken"], facts["unmatched"], []
    heads = (wording.say("Picture"), wording.say("Reason"))
    if broken:
        pictures = wording.pictures(len(broken))
        parts.append(paragraph(wording.say("{pictures} could not be read.", pictures=pictures)))
        parts.append(table(heads, reasons(broken, wording), named=2))
    if unanswered := facts["unanswered"]:
        given = wording.say(
            "The model's output is not finite, so these are not counted: {pictures}.",
            pictures=wording.pictures(len(unanswered)),
        )
        parts.append(paragraph(given))
        parts.append(table(heads, reasons(unanswered, wording), named=2))
    if unmatched:
        given = wording.say("Labels that match no class of the model. Their pictures do not count in the accuracy.")
        parts.append(paragraph(given))
        rows = [(name, f"{count:,}") for name, count in list(unmatched.items())[:LISTED]]
        parts.append(table((wording.say("Label"), wording.say("Pictures")), rows))
    return section(wording.say("Left out"), "".join(parts)) if parts else ""


def reasons(lines: Sequence[Mapping[str, Any]], wording: Wording) -> list[tuple[str, str]]:
    """Pictures, each with the reason why it is left out, which the run stores in English."""
    return [(one["path"], recalled(one["reason"], wording.table)) for one in lines[:LISTED]]


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
