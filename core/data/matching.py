"""Match labels of the data to classes of a model: by name, by WordNet number, or by a given mapping."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence

from core.checking import brief, listed
from core.data.folders import IMAGENETTE
from core.types import InvalidInput

WNID = re.compile(r"n\d{8}")
IMAGENET = 1000


def match_classes(
    labels: Iterable[str],
    classes: Sequence[str],
    mapping: Mapping[str, str | None] | None = None,
    aliases: Mapping[str, int] | None = None,
) -> dict[str, int | None]:
    """The class index of each label; None if no class or more than one class matches.

    The strictest matching comparison decides (``WAYS``): first exact names, then names that differ in case, then names
    that also differ in hyphens, underscores and spaces. Each part of a class "tench, Tinca tinca" is a name.
    Imagenette's ten WordNet numbers are known; a thousand of them are ImageNet's classes in order (Russakovsky et al.,
    2015). ``aliases`` are other names of class indices, in lower case with spaces, for labels that match no class.
    ``mapping`` assigns labels explicitly: label -> class name, None or "" for no class.

    Raises:
        InvalidInput: the mapping names a class that the model does not have.
    """
    if mapping is not None and not isinstance(mapping, Mapping):
        raise InvalidInput("The mapping must be a dict from labels to class names, not {given}.", given=brief(mapping))
    labels, tables = list(labels), names(classes)
    numbers = sorted(label for label in labels if WNID.fullmatch(label))
    order = {label: index for index, label in enumerate(numbers)} if len(numbers) == len(classes) == IMAGENET else {}

    def find(label: str) -> int | None:
        found = look_up(label, tables)
        if not found:
            found = {order[label]} if label in order else look_up(IMAGENETTE.get(label, label), tables)
        if not found and aliases:
            return aliases.get(re.sub(r"[\s_-]+", " ", label).strip().casefold())
        return next(iter(found)) if len(found) == 1 else None

    matched = {label: find(label) for label in labels}
    for label, name in (mapping or {}).items():
        index = find(name) if name else None
        if name and index is None:
            raise InvalidInput(
                "The label '{label}' cannot be mapped to '{name}': the model has no such class, or several. It "
                "has: {known}.",
                name=name,
                label=label,
                known=listed(classes),
            )
        if label in matched:
            matched[label] = index
    return matched


def exact(name: str) -> str:
    """A name as it is written, with composed accents (Unicode NFC)."""
    return unicodedata.normalize("NFC", name).strip()


def caseless(name: str) -> str:
    """A name without its case, as Unicode folds it: ``STRASSE`` is ``straße``."""
    return unicodedata.normalize("NFC", exact(name).casefold())


def plain(name: str) -> str:
    """A caseless name with one space for underscores and for hyphens between words; a minus is no such hyphen."""
    spaced = re.sub(r"[\s_]+", " ", caseless(name)).strip()
    return re.sub(r"(?<=\w)-+(?=\w)| -+ ", " ", spaced)


WAYS: tuple[Callable[[str], str], ...] = (exact, caseless, plain)
"""The comparisons of a label and a class, the strictest first."""


def names(classes: Sequence[str]) -> list[tuple[Callable[[str], str], dict[str, set[int]]]]:
    """The names of the classes for each comparison, each with its class indices; all whole names before any part."""
    parts = [{*name.split(","), IMAGENETTE.get(name, name)} for name in classes]
    tables = []
    for answering in ([{name} for name in classes], parts):
        for way in WAYS:
            known: dict[str, set[int]] = {}
            for index, some in enumerate(answering):
                for name in some:
                    known.setdefault(way(name), set()).add(index)
            tables.append((way, known))
    return tables


def look_up(label: str, tables: Iterable[tuple[Callable[[str], str], Mapping[str, set[int]]]]) -> set[int]:
    """The classes that match a label in the first table in which any does."""
    return next((found for way, known in tables if (found := known.get(way(label)))), set())
