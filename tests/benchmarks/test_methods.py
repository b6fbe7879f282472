"""What a line of the benchmark of methods says of its bar."""

from __future__ import annotations

import pytest

pytest.importorskip("pytorch_grad_cam", reason="make requirements-dev installs the libraries to compare with")
pytest.importorskip("torchcam", reason="make requirements-dev installs the libraries to compare with")

from tests.benchmarks.methods import Line  # noqa: E402 (after the skips)


@pytest.mark.parametrize(
    ("ratio", "bar", "least", "held"),
    [(1.2, 1.25, False, True), (1.3, 1.25, False, False), (4.0, 4, True, True), (3.9, 4, True, False)],
)
def test_a_bar_is_held_or_missed(ratio: float, bar: float, least: bool, held: bool) -> None:
    line = Line("small CNN", "panel / fb", ratio, bar, least)
    assert line.held == held and line.row()[""] == ("held" if held else "MISSED")
    assert line.row()["bar"] == f"{'at least' if least else 'at most'} {bar:g}"


def test_a_tiny_number_is_written_so_that_it_can_be_read() -> None:
    assert Line("a", "b", 3.2e-7, 1e-6).row()["ratio"] == "3e-07"
    assert Line("a", "b", 1.234, 2).row()["ratio"] == "1.23"
