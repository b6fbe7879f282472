"""A recorded view for the tests of replays."""

from __future__ import annotations

import pytest

import core
from core.data import open_sample
from tests.core.replay.recorded_views import SAMPLE, question_about

CHECKED = ("attention", "attribution")


@pytest.fixture(scope="session")
def view() -> core.Record:
    """A small view."""
    classifier, picture = core.load("scenes/cbam", "cpu"), open_sample(SAMPLE)
    return core.record(
        classifier, picture, question_about(classifier, picture), sample=SAMPLE, checks=dict.fromkeys(CHECKED)
    )
