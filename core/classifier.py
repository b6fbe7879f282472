"""A classifier: a module with its card on a device, and the one forward pass that reads it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from numbers import Integral
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from core import checking, images
from core import device as devices
from core.attention.tap import Record, Tap, listen, taps
from core.models import answers
from core.models.architecture import blank
from core.models.backbone import Backbone
from core.models.manner import manner_of
from core.models.stages import Found, Stage
from core.models.torchvision_taps.finding import find_stages
from core.types import LOGITS, AttentionMap, InvalidInput, ModelCard, Picture, Reading, frozen

T = TypeVar("T")
Target = str | int | None
Question = int | tuple[int, int]
"""The index of a class, whose output is the score; or of two, where it is the first one's less the other's."""


@dataclass(frozen=True, eq=False)
class Classifier:
    """A frozen ``module`` with its ``card`` on its ``device``. Several threads may share one.

    ``notes`` are sentences about what the model cannot show and how it is run. ``silent`` names taps that have no map,
    for they do not run, or not once for a picture.
    """

    card: ModelCard
    module: nn.Module
    device: torch.device
    notes: tuple[str, ...] = ()
    silent: frozenset[str] = frozenset()

    @cached_property
    def taps(self) -> dict[str, Tap]:
        """The attention of the model by public name, in order: ``stage4.attention``."""
        return {name: tap for name, tap in taps(self.module).items() if name not in self.silent}

    @property
    def alone(self) -> bool:
        """Whether the model is run one picture at a time, so that a batch gains nothing."""
        return manner_of(self.module).alone

    @cached_property
    def checksum(self) -> str:
        """The checksum on the card, of the file that was loaded; of a module that came in otherwise, of its weights."""
        digest = hashlib.sha256()
        for name, value in () if "checksum" in self.card.facts else self.module.state_dict().items():
            digest.update(name.encode())
            if not isinstance(value, Tensor) or value.is_quantized:  # what a quantized module keeps
                digest.update(repr(value).encode())
            else:
                digest.update(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
        return self.card.facts.get("checksum") or digest.hexdigest()

    @cached_property
    def found(self) -> Found:
        """The stages, and sentences on why other modules with a grid are none; looked for once."""
        return self.run(lambda: find_stages(self.module, blank(self.module, self.card.size)))

    @property
    def stages(self) -> dict[str, Stage]:
        """Where the features lie on the picture, by name, first to last: the stages that have a Grad-CAM."""
        return self.found.stages

    def twin(self, module: nn.Module) -> Classifier:
        """The same classifier with a copy of its module: its stages are known, whatever the copy's weights become."""
        other = replace(self, module=module)
        other.__dict__["found"] = self.found.of(module)
        other.__dict__["checksum"] = ""  # so its maps are not confused with those of the weights on the card
        return other

    @property
    def limits(self) -> tuple[str, ...]:
        """All that is to be known of the model: its ``notes``, and why some of its modules are no stages."""
        return (*self.notes, *self.found.notes)

    @cached_property
    def film(self) -> nn.Module | None:
        """What answers after each step of a recurrent model; None where there are no steps."""
        if not any(tap.kind.growing for tap in self.taps.values()):
            return None
        return next((one.classify for one in self.module.modules() if isinstance(one, Backbone)), None)

    @cached_property
    def moments(self) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of RGB in 0..1, (3, 1, 1) each."""
        mean, std = (
            torch.tensor(values, dtype=torch.float32, device=self.device).view(3, 1, 1)
            for values in (self.card.mean, self.card.std)
        )
        return mean, std

    @cached_property
    def row_moments(self) -> tuple[Tensor, Tensor]:
        """The same for each number in a row of pixels, (3 size,) each: three at a time would be slow work."""
        mean, std = (moment.flatten().repeat(self.card.size) for moment in self.moments)
        return mean, std

    @property
    def fill(self) -> tuple[int, int, int]:
        """The color that stands for "absent": normalized zero, as RGB 0..255."""
        red, green, blue = (round(255 * value) for value in self.card.mean)
        return red, green, blue

    def prepare(self, picture: Picture) -> Tensor:
        """The model's square of a picture, normalized: (1, 3, size, size) on the device."""
        return self.normalize(self.square(picture)[None])

    def square(self, picture: Picture) -> np.ndarray:
        """The model's square of a picture, (size, size, 3) uint8, resized and cropped as the card says."""
        return images.square(picture, self.card.size, self.fill, self.card.resize, self.card.interpolation)

    def frame(self, picture: Picture) -> Picture:
        """The picture with the box that this model sees of it; see ``core.images.frame``."""
        return images.frame(picture, self.card.size, self.card.resize)

    def normalize(self, squares: np.ndarray) -> Tensor:
        """Squares (b, size, size, 3) uint8 as the model takes them: (b, 3, size, size) on the device.

        They lie channels last, which is fastest, or contiguous for a model that takes views of them.
        """
        b, size = squares.shape[:2]
        mean, std = self.row_moments
        rows = torch.from_numpy(squares.copy()).to(self.device).view(b, size, -1).float()
        x = rows.div_(255).sub_(mean).div_(std).view(b, size, size, 3).permute(0, 3, 1, 2)
        return x.contiguous() if manner_of(self.module).dense else x

    def scores(self, x: Tensor) -> Tensor:
        """The score of each class, finite or not: (b, 3, size, size) -> (b, k)."""
        return answers.arrange(self.module(x), self.card)

    def answer(self, x: Tensor) -> Tensor:
        """The same where every picture has a finite answer; InvalidInput where one has none."""
        return answers.require(self.scores(x), self.card)

    def score(self, x: Tensor, target: Question) -> Tensor:
        """The target's score of each picture, or a difference of two: (b, 3, size, size) -> (b,).

        It is a logit, unless the model gives out probabilities. InvalidInput where a picture has no finite answer.
        """
        return target_score(self.answer(x), target)

    def probabilities(self, scores: Tensor) -> Tensor:
        """The probabilities (..., k) that scores (..., k) stand for."""
        return answers.probabilities(scores, self.card)

    @cached_property
    def aliases(self) -> dict[str, int]:
        """What else labels call the outcomes of a model with one output, such as 0 and 1: the classes' indices."""
        return answers.aliases(self.card) if self.card.output != LOGITS and not self.independent else {}

    @cached_property
    def independent(self) -> bool:
        """Whether each class has a probability by itself, so that several may be likely, or none."""
        if self.card.output == LOGITS:
            return False

        def job() -> bool:
            x = torch.cat([*answers.probes(blank(self.module, self.card.size))][:2])
            with torch.no_grad():
                sums = self.probabilities(self.scores(x)).sum(-1)
            return bool(((sums - 1).abs() > answers.CLOSE).any())

        return self.run(job)

    def target(self, wanted: Target, logits: np.ndarray | Tensor) -> int:
        """The index of a class name or index; None is the class with the largest of ``logits`` (k,).

        A name may be written in other capitals where no other class is.

        Raises:
            InvalidInput: the model has no such class.
        """
        if wanted is None:
            return int(logits.argmax())
        names = self.card.classes
        if isinstance(wanted, str):
            if wanted in names:
                return names.index(wanted)
            alike = [index for index, name in enumerate(names) if name.lower() == wanted.lower()]
            if len(alike) == 1:  # ImageNet has a cardigan and a Cardigan
                return alike[0]
        elif isinstance(wanted, Integral) and not isinstance(wanted, bool) and 0 <= wanted < len(names):
            return int(wanted)
        raise InvalidInput(
            "{model} has no class {given}. It has: {classes}.",
            model=self.card.slug,
            given=checking.brief(wanted),
            classes=checking.listed(names),
        )

    def run(self, job: Callable[[], T], owner: object = None) -> T:
        """Run a job on the worker that owns this device."""
        return devices.run(job, self.device, owner)


def target_score(logits: Tensor, target: Question) -> Tensor:
    """The score (b,) in the scores (b, k) of all classes."""
    if isinstance(target, tuple):
        return logits[:, target[0]] - logits[:, target[1]]
    return logits[:, target]


@contextmanager
def outputs(modules: dict[str, nn.Module]) -> Iterator[dict[str, Tensor]]:
    """Keep what the named modules give out while they run; inside a worker's job only, where no other can run them."""
    kept: dict[str, Tensor] = {}

    def keep(name: str, y: Tensor) -> Tensor:
        kept[name] = y
        return y.clone()  # whoever works on in place does so on a copy

    handles = [
        module.register_forward_hook(lambda _, __, y, name=name: keep(name, y)) for name, module in modules.items()
    ]
    try:
        yield kept
    finally:
        for handle in handles:
            handle.remove()


def to_map(name: str, record: Record, model: str = "") -> AttentionMap:
    """The first picture's map of a record, of weights with the checksum ``model``; InvalidInput if not finite."""
    weights = frozen(record.weights[0].detach().float().cpu().numpy())
    if not np.isfinite(weights).all():
        raise InvalidInput(
            "The attention at {name} is not finite for this picture. Check the weights of the model.", name=name
        )
    cells = None if record.cells is None else frozen(record.cells.cpu().numpy())
    tap = record.tap
    return AttentionMap(name, tap.kind, weights, record.grid, cells, tap.prefix, tap.suffix, model)


def to_reading(
    classifier: Classifier,
    scores: Tensor,
    records: dict[Tap, Record],
    last: Tensor,
    film: Tensor | None = None,
    picture: str = "this picture",
) -> Reading:
    """The frozen reading of the first picture of one forward pass; ``last`` (b, c, h, w) is the last stage's output.

    ``scores`` (b, k) are those of the classes, and ``film`` (b, s, k) a recurrent model's outputs after each of its
    steps. ``picture`` is what it is called in a sentence.

    Raises:
        InvalidInput: the picture has no finite answer.
    """

    def likely(scores: Tensor) -> np.ndarray:
        return frozen(classifier.probabilities(scores).cpu().numpy())

    model = classifier.checksum
    scores = answers.require(scores[:1].detach().float(), classifier.card, picture)[0]
    maps = tuple(to_map(name, records[tap], model) for name, tap in classifier.taps.items() if tap in records)
    energy = last[0].detach().float().square().mean(0)
    steps = None if film is None else answers.arrange(film[0].detach().float(), classifier.card)
    after_steps = None if steps is None else likely(steps)
    return Reading(likely(scores), frozen(scores.cpu().numpy()), maps, frozen(energy.cpu().numpy()), after_steps)


def read(classifier: Classifier, picture: Picture) -> Reading:
    """One forward pass: probabilities (k,) and every attention map of the model.

    Raises:
        InvalidInput: the model gives no finite answer for the picture.
    """
    checking.picture(picture, "read")

    def job() -> Reading:
        stages, x = list(classifier.stages.values()), classifier.prepare(picture)
        watched = {"last": stages[-1].module} if stages else {}
        if classifier.film is not None:
            watched["film"] = classifier.film
        with torch.no_grad(), listen() as records, outputs(watched) as kept:
            scores = classifier.scores(x)
        # A model that gives out no grid has no other than the picture's own.
        last = stages[-1].arrange(kept["last"]) if stages else x
        return to_reading(classifier, scores, records, last, kept.get("film"), picture.name)

    return classifier.run(job)
