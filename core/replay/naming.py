"""The displayed names of the numbers of a record."""

from __future__ import annotations

from core.messages import Message

TITLES: dict[str, str] = {
    "logits": Message("logits"),
    "probabilities": Message("probabilities"),
    "attribution": Message("attribution"),
    "gap": Message("completeness gap"),
    "attention": Message("attention"),
    "agreement": Message("agreement"),
    "rank_correlation": Message("rank correlation"),
    "top_overlap": Message("overlap of the top 20 %"),
    "overlap": Message("overlap"),
    "center_blob": Message("center blob"),
    "low": Message("low end of the range"),
    "high": Message("high end of the range"),
    "intervention": Message("probability with the attention changed"),
    "uniform": Message("uniform"),
    "shuffled": Message("shuffled"),
    "off": Message("off"),
    "check": Message("sanity check"),
    "rows": Message("rows sum to one"),
    "complete": Message("completeness"),
    "target": Message("another class"),
    "weights": Message("re-initialized weights"),
    "blob": Message("center blob"),
    "edges": Message("edges"),
}
"""The parts of a number's name."""


def title_of(name: str) -> str:
    """Return the name of a number in words: "agreement.overlap" -> "agreement: overlap"; or an unknown name as is."""
    first, *rest = (TITLES.get(part, part[:80]) for part in name.split("."))
    for part in rest:
        first = Message("{whole}: {part}", whole=first, part=part)
    return first
