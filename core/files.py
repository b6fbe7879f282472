"""Files that are written at one stroke: whoever looks meets the whole old one, the whole new one, or none."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import uuid4


def put(path: Path, data: bytes) -> None:
    """Put a file in its place, also if the process is killed meanwhile or several write it at once: the last one stays.

    Raises:
        OSError: the disk is full, or the folder gone; nothing is left of the new file then.
    """
    beside = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
