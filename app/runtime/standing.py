"""What stands as long as the server does, put in order once: the imported modules, and the quota of uploads."""

from __future__ import annotations

import atexit
import gc

from app.runtime import uploads


def settle() -> None:
    """Leave all that was imported out of garbage collection, and put the quota in force.

    Streamlit collects all garbage after every run of a page. The half a million objects of torch and of others never
    are garbage; looking through them takes far longer than a run with nothing to compute.
    """
    if not gc.get_freeze_count():
        gc.collect()
        gc.freeze()
        atexit.register(gc.unfreeze)  # at the end of the process all is to go: extensions count what is left
    uploads.limit()
