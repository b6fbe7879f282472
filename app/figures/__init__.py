"""Plotly figures from arrays, without Streamlit."""

from app.figures.curves import faithfulness_curve
from app.figures.gates import channel_bars
from app.figures.intervention import HEAT, paired_maps
from app.figures.learning import learning_curves
from app.figures.mistakes import confusion_cells, reliability
from app.figures.reaction import reaction_bars
from app.figures.scatter import agreement_scatter, drawn
from app.figures.style import ACCENT, CLEAR, QUIET, TRACK, WARM, letters
from app.figures.training import NUMBERED, confusion_matrix, training_curve
from app.figures.trust import Line, courses, heat, lay, ranking

__all__ = [
    "ACCENT",
    "CLEAR",
    "HEAT",
    "Line",
    "NUMBERED",
    "QUIET",
    "TRACK",
    "WARM",
    "agreement_scatter",
    "channel_bars",
    "confusion_cells",
    "confusion_matrix",
    "courses",
    "faithfulness_curve",
    "heat",
    "lay",
    "learning_curves",
    "letters",
    "paired_maps",
    "ranking",
    "drawn",
    "reaction_bars",
    "reliability",
    "training_curve",
]
