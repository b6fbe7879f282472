"""What keys of the words of tasks and mechanisms may be that are known only when the app runs."""

from core.evaluation import WAYS

OF_MATRIX = {
    "models.{one}": ["models.zoo", "models.tasks"],
    "matrix.{one}": [f"matrix.{one}" for one in WAYS],
    "matrix.told.{way}": [f"matrix.told.{one}" for one in WAYS],
}
