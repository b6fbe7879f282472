"""Preparation of the server: garbage collection without the imported modules, and the upload quota."""

from __future__ import annotations

import atexit
import gc
from functools import cache

from app.runtime import uploads


def prepare_process() -> None:
    """Leave all that was imported out of garbage collection, and put the quota in force."""
    freeze()
    uploads.limit()


@cache
def freeze() -> None:
    """Take what there is out of garbage collection, once: even to count what is out of it takes 60 ms.

    Streamlit collects all garbage after every run of a page. The half a million objects of torch and of others never
    are garbage; looking through them takes far longer than a run with nothing to compute.
    """
    gc.collect()
    gc.freeze()
    atexit.register(gc.unfreeze)  # at the end of the process all is to go: extensions count what is left
