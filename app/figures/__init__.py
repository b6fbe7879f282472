"""Arrays to plotly figures. Knows nothing of Streamlit; the overlay owns the colours of maps."""

from app.figures.bars import answer_bars, channel_bars, share_bars
from app.figures.style import ACCENT, CLEAR, QUIET, TRACK, WARM
from app.figures.training import NUMBERED, confusion_matrix, training_curve

__all__ = [
    "ACCENT",
    "CLEAR",
    "NUMBERED",
    "QUIET",
    "TRACK",
    "WARM",
    "answer_bars",
    "channel_bars",
    "confusion_matrix",
    "share_bars",
    "training_curve",
]
