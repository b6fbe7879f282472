"""What a value should look like on the overlay, computed a second time."""

from __future__ import annotations

import numpy as np

from tests.browser.overlay_page import GRAY

DIVERGING = ["3f1d73", "5b3fa0", "7c66bd", "aca0d3", "f7f7f7", "fbca8a", "f09c38", "d4701a", "a34a04"]
TOLERANCE = 4  # of 255: eight bits for value, color, alpha and their product


def color_of(value: float, low: float, high: float, under=GRAY, opacity: float = 1.0, cut: float = 0.0) -> np.ndarray:
    """What a value of an unsigned map should look like, from matplotlib's viridis and the documented alpha."""
    from matplotlib import colormaps

    place = (value - low) / (high - low)
    alpha = opacity * place**0.7 if value >= cut * high else 0.0
    return alpha * 255 * np.array(colormaps["viridis"](place)[:3]) + (1 - alpha) * np.array(under)


def signed_color_of(value: float, peak: float, under=GRAY, opacity: float = 1.0) -> np.ndarray:
    """The same for a signed map: purple, white at zero, orange, on a gray picture."""
    stops = np.array([[int(stop[i : i + 2], 16) for i in (0, 2, 4)] for stop in DIVERGING], float)
    color = np.array([np.interp(value / peak, np.linspace(-1, 1, len(stops)), stops[:, i]) for i in range(3)])
    gray = 56 + 0.75 * np.dot([0.299, 0.587, 0.114], under)
    alpha = opacity * abs(value / peak) ** 0.7
    return alpha * color + (1 - alpha) * gray


def close(got: np.ndarray, expected: np.ndarray, tolerance: int = TOLERANCE) -> bool:
    if np.abs(got - expected).max() > tolerance:
        print("got", got, "expected", expected)
        return False
    return True
