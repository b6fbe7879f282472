"""What the methods cost beside a bare pass, captum, grad-cam and torchcam: ``python -m tests.benchmarks.methods``.

One thread, one process, in turns, medians of the rounds' own ratios, as in ``bench``; but it is processor time that is
counted, so that a busy machine falls on neither side. Three models with random weights: the small CNN, ResNet-50 and
ViT-B/16. A pass forwards is without gradients; "fb" is a pass forwards and one back to the pixels. Ours are the public
calls, with what they do around the passes; the others get the prepared picture.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from time import process_time

import numpy as np
import torch
from captum.attr import InputXGradient, LayerGradCam, Saliency
from pytorch_grad_cam import GradCAM as TheirGradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor
from torchcam.methods import GradCAM as TorchCAM
from torchvision import models

import core
from core.classifier import Classifier
from core.data.samples import open_sample
from core.models.architecture import build
from tests.benchmarks.bench import Times, ratio, table, take_turns
from tests.conftest import CLASSES, redraw

CLASS, STEPS, LIKELIEST = 3, 50, 5
SMALL, RESNET, VIT = "small CNN", "resnet50", "vit_b_16"
MODELS = {SMALL: 128, RESNET: 224, VIT: 224}
"""The models, and the sides of their pictures."""


@dataclass(frozen=True)
class Line:
    """One ratio against its bar: at most so much, or at least where ``least``."""

    model: str
    what: str
    ratio: float
    bar: float
    least: bool = False

    @property
    def held(self) -> bool:
        return self.ratio >= self.bar if self.least else self.ratio <= self.bar

    def row(self) -> dict[str, str]:
        bar = f"{'at least' if self.least else 'at most'} {self.bar:g}"
        number = f"{self.ratio:.2f}" if self.bar > 0.01 else f"{self.ratio:.0e}"
        return {"model": self.model, "what": self.what, "ratio": number, "bar": bar, "": self.word()}

    def word(self) -> str:
        return "held" if self.held else "MISSED"


def make(name: str) -> Classifier:
    """A model with drawn weights: fresh ones answer nothing."""
    card = core.ModelCard(f"bench/{name}", name, "plain", CLASSES, size=MODELS[name])
    module = build(card) if name == SMALL else getattr(models, name)(num_classes=len(CLASSES))
    return core.adopt(redraw(module, seed=1).eval(), card, "cpu")


class Jobs:
    """What is timed for one model."""

    def __init__(self, name: str):
        self.name, self.classifier, self.picture = name, make(name), open_sample("photo/hopper")
        self.module = self.classifier.module
        self.x = self.classifier.prepare(self.picture).to(memory_format=torch.channels_last)  # the same for all sides
        self.classifier.run(lambda: torch.set_num_threads(1))  # the setting belongs to a thread; the worker is another
        self.stages = self.classifier.stages
        self.last = list(self.stages)[-1]

    @torch.no_grad()
    def forward(self) -> Tensor:
        return self.module(self.x)

    def fb(self) -> Tensor:
        x = self.x.clone().requires_grad_()
        return torch.autograd.grad(self.module(x)[0, CLASS], x)[0]

    def captum(self) -> dict[str, Tensor]:
        """What a panel holds, one after another."""
        found, x = {"logits": self.forward()}, self.x.clone().requires_grad_()
        found["saliency"] = Saliency(self.module).attribute(x, target=CLASS)[0].amax(0)
        found["input-x-gradient"] = InputXGradient(self.module).attribute(x, target=CLASS)[0].sum(0)
        for name, stage in self.stages.items():
            found[name] = LayerGradCam(self.module, stage.module).attribute(x, target=CLASS, relu_attributions=True)
        return found

    def attribute(self, slug: str, **parameters: object) -> core.Attribution:
        return core.attribute(self.classifier, self.picture, slug, CLASS, **parameters)

    def quick(self) -> dict[str, Callable[[], object]]:
        """Jobs of a few passes."""
        jobs = {
            "forward": self.forward,
            "fb": self.fb,
            "panel": lambda: core.panel(self.classifier, self.picture, CLASS),
            "top 5": lambda: core.panels(self.classifier, self.picture, top=LIKELIEST),
            "captum": self.captum,
            "grad-cam": lambda: self.attribute("grad-cam", stage=self.last),
        }
        if self.name == VIT:
            return jobs | {"rollout": lambda: core.rollout_map(core.read(self.classifier, self.picture).maps)}
        theirs = make(self.name).module.requires_grad_(True)  # as people have it
        layer = theirs.get_submodule(self.last)
        cam, other = TheirGradCAM(theirs, [layer]), TorchCAM(theirs, layer)
        return jobs | {
            "their grad-cam": lambda: cam(self.x, [ClassifierOutputTarget(CLASS)]),
            "torchcam": lambda: other(CLASS, theirs(self.x)),
        }

    def long(self) -> dict[str, Callable[[], object]]:
        """Jobs of many passes, and a pass beside them."""
        return {
            "forward": self.forward,
            "fb": self.fb,
            "integrated gradients": lambda: self.attribute("integrated-gradients", steps=STEPS),
            "occlusion": lambda: self.attribute("occlusion", **self.windows()),
        }

    def windows(self) -> dict[str, int]:
        """Eight by eight windows."""
        stride = MODELS[self.name] // 8
        return {"stride": stride, "window": stride}

    def difference(self) -> float:
        """The largest difference between a panel and Captum, each map divided by its own largest value."""
        ours, theirs = core.panel(self.classifier, self.picture, CLASS), self.captum()
        maps = {slug: ours.attributions[slug].values for slug in ("saliency", "input-x-gradient")}
        if self.name != VIT:  # whose tokens Captum takes for channels
            maps |= {name: one.values for name, one in ours.stages.items()}
        pairs = [(values, theirs[name].detach().squeeze().numpy()) for name, values in maps.items()]
        return max(float(np.abs(a - b).max() / max(np.abs(b).max(), 1e-30)) for a, b in pairs)

    def added_memory(self, job: Callable[[], object]) -> float:
        """How far the process grows while a job runs, in GB; Linux only, elsewhere not a number."""
        statm = Path("/proc/self/statm")
        if not statm.exists():
            return float("nan")
        pages, done = [], threading.Event()

        def watch() -> None:
            while not done.wait(0.005):
                pages.append(int(statm.read_text().split()[1]))

        before = int(statm.read_text().split()[1])
        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        job()
        done.set()
        watcher.join()
        return (max([before, *pages]) - before) * 4096 / 1e9


def quick_lines(jobs: Jobs, times: Times) -> Iterator[Line]:
    """The ratios of the jobs of a few passes."""
    name = jobs.name
    yield Line(name, "panel / fb", ratio(times, "panel", "fb"), 1.25)
    yield Line(name, "captum one by one / panel", ratio(times, "captum", "panel"), 4, least=True)
    yield Line(name, "panel − captum, of the largest value", jobs.difference(), 1e-6)
    yield Line(name, "Grad-CAM of the last stage / forward", ratio(times, "grad-cam", "forward"), 1.10)
    yield Line(name, "top-5 panels / fb", ratio(times, "top 5", "fb"), 3.5)
    if name == VIT:
        yield Line(name, "all attention and rollout / forward", ratio(times, "rollout", "forward"), 1.10)
        return
    bar = 2.5 if name == RESNET else 1.0
    yield Line(name, "grad-cam / our Grad-CAM", ratio(times, "their grad-cam", "grad-cam"), bar, least=True)
    yield Line(name, "torchcam / our Grad-CAM", ratio(times, "torchcam", "grad-cam"), 1.0, least=True)


def long_lines(jobs: Jobs, times: Times) -> Iterator[Line]:
    """The ratios of the jobs of many passes."""
    path = ratio(times, "integrated gradients", "fb") / STEPS
    yield Line(jobs.name, f"Integrated Gradients, {STEPS} steps / {STEPS} fb", path, 1.05)
    yield Line(jobs.name, "occlusion, 65 pictures / 65 forward", ratio(times, "occlusion", "forward") / 65, 0.85)
    if jobs.name == RESNET:
        memory = jobs.added_memory(lambda: jobs.attribute("integrated-gradients", steps=STEPS))
        yield Line(jobs.name, f"Integrated Gradients, {STEPS} steps: GB added", memory, 0.7)


def measure(name: str, rounds: int, long: int) -> list[Line]:
    """Every ratio of one model."""
    jobs = Jobs(name)
    quick = jobs.quick()
    take_turns(quick, 1)  # warm
    lines = list(quick_lines(jobs, take_turns(quick, rounds, process_time)))
    if long:
        jobs.attribute("integrated-gradients", steps=10)  # the size of a batch is probed once
        jobs.attribute("occlusion", **jobs.windows())
        lines += long_lines(jobs, take_turns(jobs.long(), long, process_time))
    return lines


def main() -> int:
    """Measure and print."""
    options = argparse.ArgumentParser(prog="python -m tests.benchmarks.methods", description=__doc__.splitlines()[0])
    options.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options.add_argument("--rounds", type=int, default=15, help="rounds of what takes a few passes (15)")
    options.add_argument("--long", type=int, default=3, help="rounds of what takes many passes (3); 0 leaves it out")
    options.add_argument("--models", nargs="+", choices=list(MODELS), default=list(MODELS), help="which models")
    chosen = options.parse_args()
    torch.set_num_threads(1)
    lines = [line for name in chosen.models for line in measure(name, chosen.rounds, chosen.long)]
    if chosen.json:
        print(json.dumps([asdict(line) | {"held": line.held} for line in lines], ensure_ascii=False, indent=1))
        return 0
    rounds = f"{chosen.rounds} rounds, and of {chosen.long} where many passes run"
    print(f"One thread, random weights, processor time; medians of {rounds}.\n")
    print(table([line.row() for line in lines]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
