"""Everything that decides a training run, in one frozen object for each family."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from core.types import InvalidInput


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a training run, and so its weights, but for the order of floating-point sums.

    ``sizes`` are (share of the epochs, side in pixels) in order; ``rate`` is the peak learning rate of both optimisers;
    ``average`` the decay of the weights' average for each step; ``crop`` the smallest share of a picture in a crop.
    """

    epochs: int = 30
    batch: int = 64
    rate: float = 8e-3
    decay: float = 0.05
    smoothing: float = 0.1
    average: float = 0.998
    crop: float = 0.35
    flip: bool = True
    colour: float = 0.3
    erase: float = 0.2
    sizes: tuple[tuple[float, int], ...] = ((0.4, 96), (0.35, 112), (0.25, 128))
    seed: int = 0
    muon: bool = True

    def size(self, epoch: int) -> int:
        """The side of the pictures in that epoch (from 0)."""
        done = 0.0
        for share, side in self.sizes:
            done += share
            if epoch < round(done * self.epochs):
                return side
        return self.sizes[-1][1]

    def to_json(self) -> dict:
        """The recipe as a card states it."""
        return asdict(self)


RECIPES = {
    "imagenette": Recipe(),
    "scenes": Recipe(epochs=8, crop=0.7, colour=0.2, erase=0.0, sizes=((0.5, 96), (0.5, 128))),
}


def recipe(family: str, *, started: bool = False, **changes: object) -> Recipe:
    """The recipe of a family, with ``changes`` that are not None; an unknown family trains as photographs do.

    A ``started`` model, which has another's weights already, needs a third of the epochs at half the rate. InvalidInput
    for no epochs, or a rate that is no share.
    """
    found = RECIPES.get(family, RECIPES["imagenette"])
    if started:
        found = replace(found, epochs=found.epochs // 3, rate=found.rate / 2)
    found = replace(found, **{name: value for name, value in changes.items() if value is not None})
    if found.epochs < 1 or not 0 < found.rate < 1:
        raise InvalidInput("Train for one epoch or more, at a rate above 0 and below 1.")
    return found
