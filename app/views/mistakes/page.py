"""Mistakes: a data set and a model, its mistakes, and its maps."""

from __future__ import annotations

import streamlit as st

from app import state
from app.runtime.mistakes import runs
from app.state import Key
from app.views.mistakes import (
    address,
    case,
    comparison,
    filters,
    gallery,
    groups,
    overview,
    scanning,
    scatter,
    selection,
)
from app.views.mistakes import runs as earlier
from app.views.mistakes.keys import ADDRESS
from app.widgets import models, weights
from app.words import say
from core import InvalidInput

card, subject = models.offered()[state.get(Key.MODEL)], state.subject()
classifier = subject.classifier if subject else None
request, name = scanning.requested_scan(classifier), selection.run_name()
opened = None
if name and not request:
    try:
        opened = runs.open_one(name)
    except InvalidInput as error:
        state.notice(say(error))
        selection.open_run(None)

if opened is not None:
    if selection.arrived() and opened.run.facts["model"] in set(models.offered()) - {card.slug}:
        state.choose_model(opened.run.facts["model"])  # notices on the run are on its model
        st.rerun()
    filters.settle_filters(opened)

with st.container(key="mistakes"):
    if request:
        scanning.show_scan(classifier, request)
    elif opened is None:
        left, right = st.columns([1, 1.9], gap="large")
        with left:
            if classifier is None:
                weights.fetch(card)
            else:
                scanning.prepare(classifier)
        with right:
            earlier.show_list()
    else:
        earlier.show_head(opened)
        scanning.go_on(opened.run, classifier)
        if len(opened.table):
            comparison.show_comparison(opened)
            left, right = st.columns([1, 1.8], gap="medium")
            with right:
                gallery.show_gallery(opened)  # first: the pictures are what a user waits for
            with left:
                overview.show_overview(opened)
                scatter.show_scatter(opened)
            with right:
                case.show_case(opened)
            groups.show_groups(opened)

state.publish_choices(ADDRESS, address.address() if selection.run_name() else {})
