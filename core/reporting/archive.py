"""Exports of a run: its table with the tags, and its pictures with a map over each."""

from __future__ import annotations

import io
import os
import re
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from core.formulas import defuse
from core.reporting.painting import paint, to_png
from core.scanning import Run
from core.scanning.parts import SCHEMA
from core.scanning.scan import ahead
from core.types import InvalidInput, Progress

if TYPE_CHECKING:
    import pandas as pd

SEPARATOR = "; "
MAPS = ("attention", "cam")
SETTINGS = ("model", "weights", "data", "size", "resize", "interpolation", "output")
"""The facts of a run in each row of an exported table."""
INDEX, MISSING = "index.csv", "missing.txt"


def described(run: Run, table: pd.DataFrame) -> pd.DataFrame:
    """Rows of a run's table, with the probability of every class and the settings of the scan.

    A column ``probability: NAME`` for each class; if the scan only stored the most likely ones, ``class 1``,
    ``probability 1`` and so on. The settings are the model, the sha256 of its weights, the data, and the preparation of
    the pictures.
    """
    import pandas as pd

    place = {number: row for row, number in enumerate(run.table()["number"].tolist())}
    rows, found = [place[number] for number in table["number"].tolist()], {}
    if run.keeps("answers"):
        shares = run.array("answers")[rows]
        found = {f"probability: {name}": shares[:, index] for index, name in enumerate(run.classes)}
    elif rows:
        names, shares = np.array(run.classes, object)[run.array("top")[rows]], run.array("probabilities")[rows]
        for rank in range(names.shape[1]):
            found |= {f"class {rank + 1}": names[:, rank], f"probability {rank + 1}": shares[:, rank]}
    settings = {name: str(run.facts[name]) for name in SETTINGS if run.facts.get(name) is not None}
    return pd.concat([table, pd.DataFrame(found | settings, index=table.index)], axis=1)


def to_csv(table: pd.DataFrame, tags: Mapping[int, Sequence[str]], unanswered: pd.DataFrame | None = None) -> bytes:
    """A run's table as CSV, ``noted``, with a last column ``tags``, those of a picture in one cell."""
    table = noted(table, unanswered)
    return _csv(table.assign(tags=[SEPARATOR.join(one) for one in listed(table, tags)])).encode()


def _csv(table: pd.DataFrame) -> str:
    """A table as CSV in which no cell is a formula."""
    import pandas as pd

    texts = [name for name in table if not pd.api.types.is_numeric_dtype(table[name])]
    return table.assign(**{name: table[name].astype(object).map(defuse) for name in texts}).to_csv(index=False)


def to_parquet(table: pd.DataFrame, tags: Mapping[int, Sequence[str]], unanswered: pd.DataFrame | None = None) -> bytes:
    """The same table as Parquet with a last column ``tags``, a list for each picture."""
    import pandas as pd

    table = noted(table, unanswered)
    numeric = pd.api.types.is_numeric_dtype
    others = {name: pa.float32() if numeric(table[name]) else pa.string() for name in table}
    kinds = {name: SCHEMA.field(name).type if name in SCHEMA.names else other for name, other in others.items()}
    columns = [pa.array(table[name].astype(object), kind, from_pandas=True) for name, kind in kinds.items()]
    columns.append(pa.array(listed(table, tags), pa.list_(pa.string())))
    file = io.BytesIO()
    pq.write_table(pa.table(columns, [*table, "tags"]), file)
    return file.getvalue()


def noted(table: pd.DataFrame, unanswered: pd.DataFrame | None) -> pd.DataFrame:
    """The table with the ``unanswered`` pictures of its run among its rows, where there are any.

    They have no prediction, and a column ``note`` gives the reason.
    """
    import pandas as pd

    if unanswered is None or not len(unanswered):
        return table
    more = unanswered.rename(columns={"reason": "note"}).reindex(columns=[*table, "note"]).astype(object)
    whole = pd.concat([table.astype(object).assign(note=None), more], ignore_index=True).convert_dtypes()
    return whole.sort_values("number", kind="stable", ignore_index=True)


def listed(table: pd.DataFrame, tags: Mapping[int, Sequence[str]]) -> list[list[str]]:
    """The tags of each picture of the table."""
    return [list(tags.get(number, ())) for number in table["number"].tolist()]


def to_zip(
    run: Run, numbers: Sequence[int], maps: Sequence[str] = ("attention",), progress: Progress | None = None
) -> bytes:
    """A zip of PNGs: each of those pictures, in that order, with each of the stored ``maps`` over it.

    ``maps`` are "attention" and "cam", Grad-CAM. ``index.csv`` holds a line of the table for each file. Pictures that
    no longer exist are listed in ``missing.txt`` with the reason. ``progress(done, total)`` is called after each
    picture.

    Raises:
        InvalidInput: the run has no such maps.
    """
    run = run.snapshot()
    table = run.table()
    place = {number: row for row, number in enumerate(table["number"].tolist())}
    arrays = {name: run.array(name) for name in maps}

    def draw(number: int) -> list[bytes] | InvalidInput:
        row = place[number]
        try:
            picture = run.open(table["path"].iloc[row], table["sha256"].iloc[row])
        except InvalidInput as error:
            return error
        return [to_png(paint(picture, values[row])) for values in arrays.values()]

    file = io.BytesIO()
    missing: list[str] = []
    index: list[tuple[str, int]] = []
    with (
        closing(ahead(draw, numbers, os.cpu_count() or 1)) as drawn,
        zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive,  # PNGs are compressed already
    ):
        for done, (number, found) in enumerate(zip(numbers, drawn, strict=True), 1):
            if isinstance(found, InvalidInput):
                missing.append(f"{number}: {found}")
            else:
                stem = file_name(done, table.iloc[place[number]], len(numbers))
                for name, data in zip(arrays, found, strict=True):
                    archive.writestr(f"{stem}-{name}.png", data)
                    index.append((f"{stem}-{name}.png", place[number]))
            if progress:
                progress(done, len(numbers))
        files, rows = [name for name, _ in index], table.iloc[[row for _, row in index]]
        archive.writestr(INDEX, _csv(rows.assign(file=files)))
        if missing:
            archive.writestr(MISSING, "\n".join(missing) + "\n")
    return file.getvalue()


def file_name(order: int, row: pd.Series, count: int) -> str:
    """The name of a picture's file: its number in the zip, its true and its predicted class, in plain letters."""
    true = row["true"] if isinstance(row["true"], str) else ""
    words = [re.sub(r"\W+", "-", one).strip("-")[:40] for one in (true, row["predicted"]) if one]
    return "-".join([f"{order:0{len(str(count))}}", *dict.fromkeys(words)])
