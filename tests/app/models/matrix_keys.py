"""What keys of the words of Models may be that are known only when the app runs."""

from app.views.models.uncarded import PRESETS
from core.evaluation import WAYS

OF_MATRIX = {
    "models.{one}": ["models.zoo", "models.tasks"],
    "matrix.{one}": [f"matrix.{one}" for one in WAYS],
    "uncarded.scaling.{name}": [f"uncarded.scaling.{one}" for one in (*PRESETS, "own")],
    "matrix.tooltip.{way}": [f"matrix.tooltip.{one}" for one in WAYS],
}
