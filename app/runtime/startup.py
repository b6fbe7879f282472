"""Preparation of the server: garbage collection, the upload quota, the metrics, and work done ahead."""

from __future__ import annotations

import atexit
import gc
import sys
from collections.abc import Sequence

import streamlit as st
from streamlit import runtime

from app.runtime import ended_sessions, origins, uploads
from app.runtime.ahead import Work, ahead
from core.models import timm_models

MANY = 100
"""The number of modules of a large library."""
_modules = 0  # the number at the last call

atexit.register(gc.unfreeze)  # extensions count the objects that are left at exit


def prepare_process(*works: Work) -> None:
    """Exclude imported modules from garbage collection, enforce the quota, and have ``works`` done ahead."""
    freeze()
    uploads.limit()
    if runtime.exists():
        close_metrics()
        origins.keep_to_itself()
        ended_sessions.watch()
        prepare_ahead(works)


def close_metrics() -> None:
    """Empty Streamlit's metrics: anybody could request them, and computing them takes long."""
    runtime.get_instance().stats_mgr._providers_by_family.clear()


@st.cache_resource(show_spinner=False)
def prepare_ahead(_works: Sequence[Work]) -> None:
    """Have ``works`` done once, and timm imported, while no page runs.

    Otherwise, the first model of timm would delay all pages by seconds.
    """
    ahead().want("start", [*_works, timm_models.names])


def freeze() -> None:
    """Exclude all present objects from garbage collection; repeat it after ``MANY`` further modules were imported.

    Streamlit collects garbage after every run of a page. The half a million objects of torch and other libraries are
    never garbage, and visiting them takes far longer than a run with nothing to compute. Even counting the excluded
    objects takes 60 ms, so the modules are counted.
    """
    global _modules
    if len(sys.modules) < _modules + MANY:
        return
    _modules = len(sys.modules)
    gc.collect()
    gc.freeze()
