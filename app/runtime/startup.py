"""Preparation of the server: garbage collection, the upload quota, the metrics, and what is done ahead."""

from __future__ import annotations

import atexit
import gc
import sys
from collections.abc import Sequence

import streamlit as st
from streamlit import runtime

from app.runtime import uploads
from app.runtime.ahead import Work, ahead
from core.models import timm_models

MANY = 100
"""Modules, as many as a large library has."""
_modules = 0  # the number at the last time

atexit.register(gc.unfreeze)  # at the end of the process all is to go: extensions count what is left


def prepare_process(*works: Work) -> None:
    """Leave all that was imported out of garbage collection, put the quota in force, and have ``works`` done ahead."""
    freeze()
    uploads.limit()
    if runtime.exists():
        close_metrics()
        prepare_ahead(works)


def close_metrics() -> None:
    """Have Streamlit's metrics state nothing: everybody could request them, and computing them takes long."""
    runtime.get_instance().stats_mgr._providers_by_family.clear()


@st.cache_resource(show_spinner=False)
def prepare_ahead(_works: Sequence[Work]) -> None:
    """Have works done once, and timm imported, while no page runs.

    The first model of timm would take seconds, and so would all other pages.
    """
    ahead().want("start", [*_works, timm_models.names])


def freeze() -> None:
    """Take what there is out of garbage collection, again once ``MANY`` modules were imported since.

    Streamlit collects all garbage after every run of a page. The half a million objects of torch and of others never
    are garbage; looking through them takes far longer than a run with nothing to compute. Even to count what is out of
    it takes 60 ms, so the modules are counted.
    """
    global _modules
    if len(sys.modules) < _modules + MANY:
        return
    _modules = len(sys.modules)
    gc.collect()
    gc.freeze()
