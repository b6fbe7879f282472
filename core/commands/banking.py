"""``bank``: a model's maps of other pictures, the reference for an agreement."""

from __future__ import annotations

import argparse

import core
from core.commands.printing import bar, print_answer
from core.evaluation.bank import bank_path
from core.evaluation.collecting import choose_pictures, collect, names
from core.models import zoo


def bank(options: argparse.Namespace) -> None:
    """Compute maps of unrelated pictures, for the range of the agreement; existing maps are not computed again."""
    stored, rows, drawn = {card.slug for card in zoo.stored()}, [], {}
    for slug in options.models or [card.slug for card in zoo.stored()]:
        classifier = core.load(slug, options.device)
        wanted = options.data or classifier.card.family
        if wanted not in drawn:
            drawn = {wanted: list(choose_pictures(wanted, options.pictures))}
        path = options.out or bank_path(classifier.checksum, slug in stored)
        fitting = [one for one in names(classifier) if one in (options.sources or names(classifier))]
        found = collect(classifier, drawn[wanted], path, sources=fitting, progress=bar(slug))
        rows.append({"model": slug, "path": str(path), "pictures": len(found.pictures), "sources": list(found.maps)})
    line = "{model:28}{pictures:>5} pictures  {count:>3} maps  {path}"
    lines = [line.format(**row, count=len(row["sources"])) for row in rows]
    print_answer(rows, "\n".join(lines), options)
