"""A classifier: a module with its card on a device, and the forward pass of a reading."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from numbers import Integral
from typing import Any, ParamSpec, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from core import checking, images, memory
from core import device as devices
from core.attention.tap import Record, Tap, listen, taps
from core.models import answers
from core.models.architecture import blank
from core.models.files.integrity import checksum_of
from core.models.networks.backbone import Backbone
from core.models.run_settings import run_settings_of
from core.models.stages import Found, Stage, first_of, with_first
from core.models.torchvision_taps.finding import find_stages
from core.types import LOGITS, AttentionMap, InvalidInput, ModelCard, Picture, Reading, frozen

P = ParamSpec("P")
T = TypeVar("T")
Target = str | int | None
Question = int | tuple[int, int]
"""The index of the class whose output is the score, or the indices of two classes whose difference is the score."""


@dataclass(frozen=True, eq=False)
class Classifier:
    """A frozen ``module`` with its ``card`` on its ``device``. Several threads may share one.

    ``notes`` are sentences about the model's limits and how it is run. ``silent`` names taps without a map, because
    they do not run exactly once for each picture.
    """

    card: ModelCard
    module: nn.Module
    device: torch.device
    notes: tuple[str, ...] = ()
    silent: frozenset[str] = frozenset()

    @cached_property
    def taps(self) -> dict[str, Tap]:
        """The taps of the model by public name, such as ``stage4.attention``, in order."""
        return {name: tap for name, tap in taps(self.module).items() if name not in self.silent}

    @property
    def alone(self) -> bool:
        """Whether the model must be run one picture at a time."""
        return run_settings_of(self.module).alone

    @cached_property
    def checksum(self) -> str:
        """The checksum of the loaded file, as on the card, or else of the weights."""
        return self.card.facts.get("checksum") or self.weights_checksum

    @cached_property
    def weights_checksum(self) -> str:
        """A checksum of the loaded weights, independent of the file that they were loaded from."""
        return checksum_of(self.module)

    @cached_property
    def found(self) -> Found:
        """The stages, and sentences on why other modules with a grid are not stages; computed once."""
        return self.run(lambda: find_stages(self.module, blank(self.module, self.card.size)))

    @property
    def stages(self) -> dict[str, Stage]:
        """The stages for Grad-CAM, whose features have positions in the picture: by name, first to last."""
        return self.found.stages

    def twin(self, module: nn.Module) -> Classifier:
        """Return the classifier with another module of the same structure, such as a copy with changed weights."""
        other = replace(self, module=module)
        other.__dict__["found"] = self.found.of(module)
        other.__dict__["checksum"] = ""  # the checksum of the card belongs to other weights
        return other

    @property
    def limits(self) -> tuple[str, ...]:
        """All limits: the ``notes``, why some modules are not stages, and what the device could not compute."""
        return (*self.notes, *self.found.notes, *memory.notes(self))

    @cached_property
    def step_classifier(self) -> nn.Module | None:
        """The module of a recurrent model that gives an output after each step; None for a model without steps."""
        if not any(tap.kind.growing for tap in self.taps.values()):
            return None
        return next((one.classify for one in self.module.modules() if isinstance(one, Backbone)), None)

    @cached_property
    def moments(self) -> tuple[Tensor, Tensor]:
        """The mean and standard deviation of RGB in 0..1, (3, 1, 1) each."""
        both = torch.tensor((self.card.mean, self.card.std), dtype=torch.float32, device=self.device).view(2, 3, 1, 1)
        return both[0], both[1]

    @cached_property
    def row_moments(self) -> tuple[Tensor, Tensor]:
        """The mean and standard deviation repeated for a row of pixels, (3 size,) each, for faster normalization."""
        mean, std = (moment.flatten().repeat(self.card.size) for moment in self.moments)
        return mean, std

    @property
    def fill(self) -> tuple[int, int, int]:
        """The color of removed pixels: normalized zero, as RGB 0..255."""
        red, green, blue = (round(255 * value) for value in self.card.mean)
        return red, green, blue

    def prepare(self, picture: Picture) -> Tensor:
        """The model's crop of a picture, normalized: (1, 3, size, size) on the device."""
        return self.normalize(self.square(picture)[None])

    def square(self, picture: Picture) -> np.ndarray:
        """The model's crop of a picture, (size, size, 3) uint8, resized and cropped as on the card."""
        return images.square(picture, self.card.size, self.fill, self.card.resize, self.card.interpolation)

    def frame(self, picture: Picture) -> Picture:
        """The picture with the box of this model's crop; see ``core.images.frame``."""
        return images.frame(picture, self.card.size, self.card.resize)

    def normalize(self, squares: np.ndarray) -> Tensor:
        """Crops (b, size, size, 3) uint8 as input of the model: (b, 3, size, size) on the device.

        In channels-last layout, which is fastest, or contiguous for a model that needs views.
        """
        b, size = squares.shape[:2]
        mean, std = self.row_moments
        rows = torch.from_numpy(squares.copy()).to(self.device).view(b, size, -1).float()
        x = rows.div_(255).sub_(mean).div_(std).view(b, size, size, 3).permute(0, 3, 1, 2)
        return x.contiguous() if run_settings_of(self.module).dense else x

    def scores(self, x: Tensor) -> Tensor:
        """The score of each class, finite or not: (b, 3, size, size) -> (b, k)."""
        return answers.arrange(self.module(x), self.card)

    def answer(self, x: Tensor) -> Tensor:
        """Return the ``scores`` (b, k); raise InvalidInput if a picture has no finite output."""
        return answers.require(self.scores(x), self.card)

    def score(self, x: Tensor, target: Question) -> Tensor:
        """The target's score of each picture, or a difference of two: (b, 3, size, size) -> (b,).

        It is a logit, unless the model outputs probabilities. InvalidInput if a picture has no finite output.
        """
        return target_score(self.answer(x), target)

    def probabilities(self, scores: Tensor) -> Tensor:
        """The probabilities (..., k) of scores (..., k)."""
        return answers.probabilities(scores, self.card)

    @cached_property
    def aliases(self) -> dict[str, int]:
        """Other labels for the two classes of a model with one output, such as 0 and 1, with their class indices."""
        return answers.aliases(self.card) if self.card.output != LOGITS and not self.independent else {}

    @cached_property
    def independent(self) -> bool:
        """Whether the classes have independent probabilities: several classes may be likely, or none."""
        if self.card.output == LOGITS:
            return False

        def probe_sums() -> bool:
            x = torch.cat([*answers.probes(blank(self.module, self.card.size))][:2])
            with torch.no_grad():
                sums = self.probabilities(self.scores(x)).sum(-1)
            return bool(((sums - 1).abs() > answers.CLOSE).any())

        return self.run(probe_sums)

    def target(self, wanted: Target, logits: np.ndarray | Tensor) -> int:
        """The index of a class name or index; None is the class with the largest of ``logits`` (k,).

        The case of a name is ignored where only one class matches.

        Raises:
            InvalidInput: the model has no such class.
        """
        if wanted is None:
            return int(logits.argmax())
        names = self.card.classes
        if isinstance(wanted, str):
            if wanted in names:
                return names.index(wanted)
            matching = [index for index, name in enumerate(names) if name.lower() == wanted.lower()]
            if len(matching) == 1:  # ImageNet has the classes "cardigan" and "Cardigan"
                return matching[0]
        elif isinstance(wanted, Integral) and not isinstance(wanted, bool) and 0 <= wanted < len(names):
            return int(wanted)
        raise InvalidInput(
            "{model} has no class {given}. It has: {classes}.",
            model=self.card.slug,
            given=checking.brief(wanted),
            classes=checking.listed(names),
        )

    def run(self, job: Callable[[], T], owner: object = None) -> T:
        """Run a job on the worker of this device."""
        return devices.run(job, self.device, owner)


def target_score(logits: Tensor, target: Question) -> Tensor:
    """Return the target's score (b,) from the scores (b, k) of all classes."""
    if isinstance(target, tuple):
        return logits[:, target[0]] - logits[:, target[1]]
    return logits[:, target]


@contextmanager
def outputs(modules: dict[str, nn.Module]) -> Iterator[dict[str, Tensor]]:
    """Record the outputs of the named modules; use it only inside a job of the worker."""
    kept: dict[str, Tensor] = {}

    def keep(name: str, y: Any) -> Any:
        kept[name] = first_of(y)
        return with_first(y, kept[name].clone())  # a copy, because later layers may work in place

    handles = [
        module.register_forward_hook(lambda _, __, y, name=name: keep(name, y)) for name, module in modules.items()
    ]
    try:
        yield kept
    finally:
        for handle in handles:
            handle.remove()


def to_map(name: str, record: Record, model: str = "") -> AttentionMap:
    """The attention map of a record's first picture; ``model`` is the checksum. InvalidInput if it is not finite."""
    weights = frozen(record.weights[0].detach().float().cpu().numpy())
    if not np.isfinite(weights).all():
        raise InvalidInput(
            "The attention at {name} is not finite for this picture. Check the weights of the model.", name=name
        )
    cells = None if record.cells is None else frozen(record.cells.cpu().numpy())
    tap = record.tap
    return AttentionMap(name, tap.kind, weights, record.grid, cells, tap.prefix, tap.suffix, model, tap.unmapped)


def to_reading(
    classifier: Classifier,
    scores: Tensor,
    records: dict[Tap, Record],
    last: Tensor,
    step_scores: Tensor | None = None,
    picture: str = "this picture",
) -> Reading:
    """Build the frozen reading of the first picture of a forward pass; ``last`` (b, c, h, w) is the last stage.

    ``scores`` (b, k) are those of the classes, and ``step_scores`` (b, s, k) a recurrent model's outputs after each
    step. ``picture`` is its name in a sentence.

    Raises:
        InvalidInput: the picture has no finite output.
    """

    def likely(scores: Tensor) -> np.ndarray:
        return frozen(classifier.probabilities(scores).cpu().numpy())

    model = classifier.checksum
    scores = answers.require(scores[:1].detach().float(), classifier.card, picture)[0]
    maps = tuple(to_map(name, records[tap], model) for name, tap in classifier.taps.items() if tap in records)
    energy = last[0].detach().float().square().mean(0)
    steps = None if step_scores is None else answers.arrange(step_scores[0].detach().float(), classifier.card)
    after_steps = None if steps is None else likely(steps)
    return Reading(likely(scores), frozen(scores.cpu().numpy()), maps, frozen(energy.cpu().numpy()), after_steps)


def takes_classifier(function: Callable[P, T]) -> Callable[P, T]:
    """Decorate a public function of a classifier: see ``checking.takes`` and ``memory.retried``."""
    return checking.takes(Classifier, checking.LOAD_ONE)(memory.retried(function))


@takes_classifier
def read(classifier: Classifier, picture: Picture) -> Reading:
    """Run one forward pass: probabilities (k,) and every attention map of the model.

    Raises:
        InvalidInput: the model has no finite output for the picture.
    """
    checking.picture(picture, "read")

    def read_maps() -> Reading:
        stages, x = list(classifier.stages.values()), classifier.prepare(picture)
        watched = {"last": stages[-1].module} if stages else {}
        if classifier.step_classifier is not None:
            watched["step_scores"] = classifier.step_classifier
        with torch.no_grad(), listen() as records, outputs(watched) as kept:
            scores = classifier.scores(x)
        # Without stages, the input grid is used.
        last = stages[-1].arrange(kept["last"]) if stages else x
        return to_reading(classifier, scores, records, last, kept.get("step_scores"), picture.name)

    return classifier.run(read_maps)
