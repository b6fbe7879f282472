"""Which class of a model a label of the data means: by name, by WordNet's number, or as the user says."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from core.checking import brief
from core.data.folders import IMAGENETTE
from core.types import InvalidInput

WNID = re.compile(r"n\d{8}")
IMAGENET = 1000


def match(
    labels: Iterable[str], classes: Sequence[str], mapping: Mapping[str, str | None] | None = None
) -> dict[str, int | None]:
    """The class index of each label; None for one that no class or more than one class answers to.

    Case, hyphens and underscores do not count, and of a class "tench, Tinca tinca" each part is a name. Imagenette's
    ten WordNet numbers are known; a thousand of them are ImageNet's classes in order (Russakovsky et al., 2015).
    ``mapping`` says it for labels of its own: label -> class name, None or "" for no class.

    Raises:
        InvalidInput: the mapping names a class that the model does not know.
    """
    if mapping is not None and not isinstance(mapping, Mapping):
        raise InvalidInput(f"The mapping is a dict of labels and the names of classes, not {brief(mapping)}.")
    labels, answering = list(labels), names(classes)
    numbers = sorted(label for label in labels if WNID.fullmatch(label))
    order = {label: index for index, label in enumerate(numbers)} if len(numbers) == len(classes) == IMAGENET else {}

    def find(label: str) -> int | None:
        found = answering.get(plain(label)) or answering.get(plain(IMAGENETTE.get(label, label))) or set()
        return order.get(label, next(iter(found)) if len(found) == 1 else None)

    matched = {label: find(label) for label in labels}
    for label, name in (mapping or {}).items():
        index = find(name) if name else None
        if name and index is None:
            known = listed(classes)
            raise InvalidInput(f"The model knows no one class {name!r} to map {label!r} to; it knows {known}.")
        if label in matched:
            matched[label] = index
    return matched


def listed(names: Sequence[str]) -> str:
    """The first few names."""
    return (", ".join(names[:10]) or "none") + (" ..." if len(names) > 10 else "")


def plain(name: str) -> str:
    """A name as it is compared."""
    return re.sub(r"[\s_-]+", " ", name).strip().casefold()


def names(classes: Sequence[str]) -> dict[str, set[int]]:
    """Every name that classes answer to, and which do; a whole name comes before a part of another."""
    known: dict[str, set[int]] = {}
    for index, name in enumerate(classes):
        for one in {name, *name.split(","), IMAGENETTE.get(name, name)}:
            known.setdefault(plain(one), set()).add(index)
    exact = Counter(plain(name) for name in classes)
    return known | {plain(name): {index} for index, name in enumerate(classes) if exact[plain(name)] == 1}
