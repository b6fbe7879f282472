"""Everything that decides a training run, in one frozen object for each family."""

from __future__ import annotations

import ast
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

import numpy as np

from core.legacy import current
from core.tasks import TASKS
from core.types import InvalidInput


def _part(default: Any, words: str, *, within: tuple[float, float] | None = None, of: tuple[str, ...] = ()) -> Any:
    """A field of the recipe with its description and its valid values."""
    return field(default=default, metadata={"words": words, "within": within, "of": of})


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a training run, and so its weights, but for the order of floating-point sums.

    ``sizes`` are (share of the epochs, side in pixels) in order; the last side is that of the model's square. Each part
    is an option of the command line too.

    Raises:
        InvalidInput: a part is out of its bounds.
    """

    epochs: int = _part(30, "number of passes over the training pictures", within=(1, 100_000))
    batch: int = _part(64, "batch size, over all processes together", within=(2, 1 << 20))
    rate: float = _part(8e-3, "peak learning rate of both optimizers", within=(1e-9, 0.999))
    decay: float = _part(0.05, "weight decay", within=(0, 10))
    smoothing: float = _part(0.1, "label smoothing: share of each label spread over all classes", within=(0, 0.999))
    average: float = _part(0.998, "decay of the moving average of the weights per step", within=(0, 0.999999))
    crop: float = _part(0.35, "smallest share of a picture in a random crop; 1: no crops", within=(0.01, 1))
    flip: bool = _part(True, "mirror half of the pictures")
    color: float = _part(0.3, "strength of changes in brightness, contrast and saturation; 0: none", within=(0, 1))
    erase: float = _part(0.2, "share of the pictures with a rectangle erased; 0: none", within=(0, 1))
    sizes: tuple[tuple[float, int], ...] = _part(
        ((0.4, 96), (0.35, 112), (0.25, 128)),
        "input sizes during training: each a share of the epochs and a side in pixels; the model keeps the last",
    )
    seed: int = _part(0, "seed of the initial weights, the order and the augmentation", within=(0, 1 << 62))
    muon: bool = _part(True, "Muon for the hidden matrices; without it, AdamW for everything")
    shift: int = _part(0, "random shift, at most this many pixels; 0: none", within=(0, 64))
    rotate: float = _part(0.0, "random rotation, at most this many degrees; 0: none", within=(0, 180))
    loss: str = _part("cross-entropy", "loss function", of=("cross-entropy", "squared-error"))
    schedule: str = _part("one-cycle", "learning rate schedule", of=("one-cycle", "cosine", "plateau"))
    class_weights: str = _part("none", "balanced: every class has the same total weight", of=("none", "balanced"))
    curriculum: tuple[tuple[float, int], ...] = _part(
        (), "levels during training: each a share of the epochs and the highest level shown; none: all pictures"
    )

    def __post_init__(self) -> None:
        for one in fields(self):
            value, within, of = getattr(self, one.name), one.metadata["within"], one.metadata["of"]
            name = one.name.replace("_", " ").capitalize()
            if within and not within[0] <= value <= within[1]:
                raise InvalidInput(
                    "{name} must be from {low:,} to {high:,}, not {value}.",
                    name=name,
                    low=within[0],
                    high=within[1],
                    value=value,
                )
            if of and value not in of:
                raise InvalidInput(
                    "{name} must be one of: {choices}, not '{value}'.", name=name, choices=list(of), value=value
                )
        if not self.sizes or any(share <= 0 or side < 16 or side % 16 for share, side in self.sizes):
            raise InvalidInput("Each size needs a share above 0 and a side that is a multiple of 16 pixels.")
        if any(share <= 0 or level < 1 for share, level in self.curriculum):
            raise InvalidInput("Each part of a curriculum needs a share above 0 and a level of at least 1.")

    def size(self, epoch: int) -> int:
        """The side of the pictures in that epoch (from 0)."""
        return self._phase(self.sizes, epoch)

    def level(self, epoch: int) -> int | None:
        """The highest level of the pictures in that epoch (from 0); None: all pictures.

        To begin with the easy ones is a curriculum: Bengio et al., "Curriculum learning", ICML 2009.
        """
        return self._phase(self.curriculum, epoch) if self.curriculum else None

    def _phase(self, parts: tuple[tuple[float, int], ...], epoch: int) -> int:
        """The value of the part that the epoch lies in."""
        done = 0.0
        for share, value in parts:
            done += share
            if epoch < round(done * self.epochs):
                return value
        return parts[-1][1]

    def draw(self, epoch: int, index: int | None = None) -> int:
        """A seed of its own for each epoch, and in it for each picture, whichever process or worker requests it."""
        key = (self.seed, epoch, 0 if index is None else index + 1)  # trailing zeros do not change a key
        return int(np.random.SeedSequence(key).generate_state(1, np.uint64)[0] >> np.uint64(1))

    def to_json(self) -> dict[str, Any]:
        """The recipe as a card states it, with a curriculum only where there is one."""
        return {name: value for name, value in asdict(self).items() if value != ()}

    @classmethod
    def parse(cls, text: str) -> Recipe:
        """The recipe that ``repr`` wrote, perhaps before it had all its parts: a part that is missing has its default.

        Raises:
            ValueError: the text is no recipe, or has a part that is unknown or out of its bounds.
        """
        try:
            call = ast.parse(text, mode="eval").body
            if not isinstance(call, ast.Call):
                raise TypeError("it calls nothing")
            return cls(**{current(str(one.arg)): ast.literal_eval(one.value) for one in call.keywords})
        except (SyntaxError, TypeError, ValueError) as error:
            raise ValueError(f"This is no recipe of today: {text}") from error


SCENES = Recipe(epochs=8, crop=0.7, color=0.2, erase=0.0, sizes=((0.5, 96), (0.5, 128)))
TASK = Recipe(  # a crop could cut the cue off, and colors are answers; a mirrored picture has the same answer
    epochs=10,
    rate=3e-3,  # a higher one can switch all units of a gate off for good
    smoothing=0.0,
    average=0.99,
    crop=1.0,
    color=0.0,
    erase=0.0,
    sizes=((1.0, 128),),
    shift=6,
    schedule="plateau",
)
CIFAR = Recipe(batch=128, crop=0.6, erase=0.1, sizes=((1.0, 64),))  # 32 px enlarged twice: maps of 8 and 4 cells a side
RECIPES = {
    "imagenette": Recipe(),
    "cifar10": CIFAR,
    "cifar100": CIFAR,
    "scenes": SCENES,
    "scenes-tag": replace(SCENES, crop=1.0),  # a crop would cut the corner off, and with it the class
    "scenes-place": SCENES,
    **{one.slug: TASK for one in TASKS},
    "tasks-signposts": replace(TASK, rate=2e-3, curriculum=((0.3, 1), (0.3, 2), (0.4, 3))),
}


@dataclass(frozen=True)
class Start:
    """The ``model`` whose weights a training starts from, and for how many epochs it then goes on.

    The name of a family stands for its model with the same mechanism. A ``curriculum`` replaces that of the recipe.
    """

    model: str
    epochs: int
    curriculum: tuple[tuple[float, int], ...] = ()


LONG_TRAILS = ((0.14, 1), (0.3, 2), (0.56, 3))
"""The levels of Signposts in a long training: mostly long trails."""

STARTS = {
    "tasks-same-row": Start("tasks-same-row/plain", 10),
    "tasks-odd-one-out": Start("tasks-odd-one-out/plain", 10),
    "tasks-signposts": Start("tasks-sun-or-moon", 8),
    "tasks-signposts/self-attention": Start("tasks-sun-or-moon", 50, LONG_TRAILS),
    "tasks-signposts/recurrent": Start("tasks-sun-or-moon", 50, LONG_TRAILS),
    "tasks-signposts/transformer": Start("tasks-sun-or-moon", 16),
    "tasks-marked/attention-pooling": Start("tasks-marked/plain", 6),
    "tasks-marked/self-attention": Start("tasks-marked/plain", 6),
    "tasks-sun-or-moon/recurrent": Start("tasks-sun-or-moon/self-attention", 6),
}
"""Where a model of a task starts if not from fresh weights: a family's, but for its plain model, or one model's.

Objects are hard to learn before the cue is found, so the models of some tasks start from the plain one, which knows
them; or from models of another task, which know colors.
"""


def usual_start(slug: str) -> Start | None:
    """The usual start of a model of a task; None for fresh weights."""
    family, _, name = slug.partition("/")
    found = STARTS.get(slug) or STARTS.get(family)
    if found is None or found.model == slug:
        return None
    return found if "/" in found.model else replace(found, model=f"{found.model}/{name}")


def recipe(family: str, *, started: bool = False, **changes: Any) -> Recipe:
    """The recipe of a family, with ``changes`` that are not None; an unknown family trains as photographs do.

    A ``started`` model, which has another's weights already, needs a third of the epochs at half the rate. InvalidInput
    for a change that is out of its bounds.
    """
    found = RECIPES.get(family, RECIPES["imagenette"])
    if started:
        found = replace(found, epochs=max(1, found.epochs // 3), rate=found.rate / 2)
    return replace(found, **{name: value for name, value in changes.items() if value is not None})
