"""How far the process grows: by what a job fills, and only while it runs."""

from __future__ import annotations

from time import sleep

import numpy as np
import pytest

from tests.benchmarks.memory import MEASURABLE, added_memory

pytestmark = pytest.mark.skipif(not MEASURABLE, reason="memory is measured on Linux with glibc")


@pytest.mark.parametrize("megabytes", [0, 100, 300])
def test_what_a_job_fills_is_seen_although_it_is_freed_again(megabytes: int) -> None:
    def job() -> None:
        filled = np.ones(megabytes * 1_000_000, np.uint8)
        sleep(0.3)  # seen also by a thread that has to wait for its turn
        del filled

    assert added_memory(job) == pytest.approx(megabytes / 1000, abs=0.03)
    assert added_memory(job) == pytest.approx(megabytes / 1000, abs=0.03)  # nothing was kept from the first time
