"""The arithmetic of the benchmarks, with a clock of its own."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.benchmarks.bench import excess, ratio, table, take_turns


def test_take_turns_times_each_job_once_a_round_in_changing_order():
    now, called = [0.0], []

    def job(name: str, seconds: float):
        def run() -> None:
            called.append(name)
            now[0] += seconds

        return run

    times = take_turns({"a": job("a", 1), "b": job("b", 2), "c": job("c", 4)}, 30, clock=lambda: now[0])
    assert times == {"a": [1] * 30, "b": [2] * 30, "c": [4] * 30}
    rounds = [tuple(called[i : i + 3]) for i in range(0, 90, 3)]
    assert all(Counter(one) == Counter("abc") for one in rounds)
    assert len(set(rounds)) == 6  # every order was met


def test_ratio_and_excess_are_medians_of_the_rounds_own():
    times = {"whole": [3.0, 30.0, 8.0], "part": [1.0, 10.0, 1.0], "other": [1.0, 5.0, 3.0]}
    assert ratio(times, "whole", "part") == 3  # 3, 3, 8: the slow round counts as any other
    assert ratio(times, "whole", "part", "other") == pytest.approx(2)  # 1.5, 2, 2
    assert excess(times, "whole", "part", "other") == pytest.approx(4000)  # 1, 15, 4 seconds


def test_table_has_every_column_aligned():
    lines = table([{"model": "scenes/plain", "read": 1.234}, {"model": "x", "read": 123.0}]).splitlines()
    assert lines == ["model           read", "scenes/plain    1.23", "x             123.00"]
