"""A report: the findings of a run as one self-contained HTML file, and the same as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core import checking
from core.files import put, reason, to_json
from core.images import encode_jpeg
from core.messages import Message
from core.reporting.facts import gather, range_of
from core.reporting.page import write_page
from core.reporting.painting import paint
from core.reporting.wording import ENGLISH, Wording
from core.scanning import Run, open_run
from core.types import InvalidInput, Picture, Progress

if TYPE_CHECKING:
    import pandas as pd

SHOWN, MOST = 24, 200
"""Pictures in a report by default, and at most."""
SIDE = 256
TITLES: dict[str, str] = {"attention": Message("Attention"), "cam": Message("Grad-CAM")}


@dataclass(frozen=True, eq=False)
class Report:
    """A report as a page (``html``) and as plain data (``facts``) for ``json.dump``."""

    html: str
    facts: dict[str, Any]

    def save(self, path: str | Path) -> None:
        """Write the page to a file, and the facts to the same path with the ending ``.json``.

        Raises:
            InvalidInput: the page itself has that ending, or a file cannot be written.
        """
        page, facts = Path(path), to_json(self.facts, indent=1)
        if page.suffix == ".json":
            raise InvalidInput(
                "The report cannot be named {page}, because its numbers are stored under that "
                "name. Choose a name such as report.html.",
                page=page.name,
            )
        try:
            put(page, self.html.encode(errors="backslashreplace"))
            put(page.with_suffix(".json"), facts.encode())
        except OSError as error:
            raise InvalidInput(
                "{page} cannot be written: {reason}. Choose another path.", page=page, reason=reason(error)
            ) from error


def report(
    run: Run | str | Path,
    numbers: Sequence[int] | None = None,
    tags: Mapping[int, Sequence[str]] | None = None,
    *,
    wording: Wording = ENGLISH,
    progress: Progress | None = None,
) -> Report:
    """A report of a run, or of the run in a folder: accuracy, confusion, calibration, and some of its pictures.

    ``numbers`` are the pictures to show, in that order; None shows the most confident mistakes, or, without true
    classes, the least confident predictions. ``tags`` are the tags of pictures, by number. The maps are those stored by
    the scan; no model is needed. The page is in the language of ``wording``, self-contained, and follows the reader's
    choice of light or dark; the facts are in English.
    ``progress(done, total)`` counts pictures.

    Raises:
        InvalidInput: there is no such run, it has no such picture, or more are requested than a report may have.
    """
    run = (run if isinstance(run, Run) else open_run(run)).snapshot()
    table = run.table()
    last = run.facts["pictures"] - 1
    chosen = boldest(table) if numbers is None else [checking.whole(one, 0, last, "A picture") for one in numbers]
    unknown = sorted(set(chosen) - set(table["number"].tolist()))
    if unknown:
        raise InvalidInput(
            "The run {folder} has no prediction for picture {name}. Choose a picture in its table.",
            folder=run.folder,
            name=unknown[0],
        )
    if len(chosen) > MOST:
        raise InvalidInput(
            "A report shows at most {most} pictures, not {count}. Choose fewer.", most=MOST, count=len(chosen)
        )
    maps: dict[str, np.ndarray] = {title: run.array(name) for name, title in TITLES.items() if run.keeps(name)}
    place = {number: row for row, number in enumerate(table["number"].tolist())}
    facts = gather(run, table, chosen, tags or {}, ranges(run, table, [place[number] for number in chosen], maps))
    images: dict[int, dict[str, bytes] | str] = {}
    for done, number in enumerate(chosen, 1):
        try:
            own: dict[str, np.ndarray] = {title: one[place[number]] for title, one in maps.items()}
            images[number] = draw_overlays(run.picture(number), own)
        except InvalidInput as error:
            images[number] = error.localized(wording.table)
        if progress:
            progress(done, len(chosen))
    return Report(write_page(facts, images, wording), facts)


def boldest(table: pd.DataFrame) -> list[int]:
    """The numbers of the most confident mistakes; without true classes, of the least confident predictions."""
    if table["correct"].isna().all():
        return table.sort_values("confidence", kind="stable")["number"].tolist()[:SHOWN]
    wrong = table[(table["correct"] == False).fillna(False).to_numpy(bool)]  # noqa: E712 - a missing value is neither
    return wrong.sort_values("confidence", ascending=False, kind="stable")["number"].tolist()[:SHOWN]


def ranges(
    run: Run, table: pd.DataFrame, places: Sequence[int], maps: Mapping[str, np.ndarray]
) -> dict[int, dict[str, float]]:
    """What ``range_of`` finds, by number, of the pictures in those rows whose two maps the scan compared."""
    if set(maps) != set(TITLES.values()):
        return {}
    bank, found = run.bank(), dict[int, dict[str, float]]()
    for row in [one for one in places if not np.isnan(table["agreement"].iloc[one])]:
        beside = range_of(run, bank, table["sha256"].iloc[row], *(maps[title][row] for title in TITLES.values()))
        found |= {int(table["number"].iloc[row]): beside} if beside else {}
    return found


def draw_overlays(picture: Picture, maps: Mapping[str, np.ndarray]) -> dict[str, bytes]:
    """JPEGs of a picture: by itself, and with each map over it."""
    drawn: dict[str, np.ndarray | None] = {Message("Picture"): None, **maps}
    return {name: encode_jpeg(paint(picture, values, side=SIDE), longest=SIDE) for name, values in drawn.items()}
