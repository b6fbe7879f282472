"""What the methods cost next to a bare pass, captum, grad-cam and torchcam: ``python -m tests.benchmarks.methods``.

One thread, one process, in turns, medians of the rounds' own ratios, as in ``bench``; but it is processor time that is
counted, so that a busy machine falls on neither side. Three models with random weights: the small CNN, ResNet-50 and
ViT-B/16. "forward" is a pass of one picture without gradients; "fb" is a pass forwards and one back to the pixels. Ours
are the public calls, with what they do around the passes; the others get the prepared picture.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from time import process_time
from unittest.mock import patch

import numpy as np
import torch
from captum.attr import InputXGradient, IntegratedGradients, LayerGradCam, Saliency
from pytorch_grad_cam import GradCAM as TheirGradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor
from torchcam.methods import GradCAM as TorchCAM
from torchvision import models
from tqdm import tqdm

import core
from core.attention.tap import listen
from core.attribution import batches
from core.attribution.batches import pace
from core.classifier import Classifier
from core.data.samples import open_sample
from core.models.architecture import build
from tests.benchmarks.bars import Line, table, verdict
from tests.benchmarks.bench import Times, ratio, take_turns
from tests.benchmarks.memory import MEASURABLE, added_memory
from tests.conftest import CLASSES, redraw

CLASS, STEPS, MOST_LIKELY = 3, 50, 5
SIDE = 8
"""Windows a side, of occlusion."""
PARTS = 8
"""Steps of each curve."""
SMALL, RESNET, VIT = "small CNN", "resnet50", "vit_b_16"
MODELS = {SMALL: 128, RESNET: 224, VIT: 224}
"""The models, and the sides of their pictures."""


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
        self.x = self.classifier.prepare(self.picture)  # the same for all sides
        self.classifier.run(lambda: torch.set_num_threads(1))  # the setting belongs to a thread; the worker is another
        self.stages = self.classifier.stages
        self.last = list(self.stages)[-1]
        self.map = np.random.default_rng(0).normal(size=(7, 7))

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

    def captum_written_out(self) -> dict[str, Tensor]:
        """The same with the attention written out, as the panel has it, where the fused kernel rounds otherwise."""
        with listen():
            return self.captum()

    def captum_path(self) -> Tensor:
        """Captum's Integrated Gradients as it comes."""
        return IntegratedGradients(self.module).attribute(self.x, target=CLASS, n_steps=STEPS)

    def attribute(self, slug: str, **parameters: object) -> core.Attribution:
        return core.attribute(self.classifier, self.picture, slug, CLASS, **parameters)

    def path(self, steps: int = STEPS) -> core.Attribution:
        return self.attribute("integrated-gradients", steps=steps)

    def occlusion(self) -> core.Attribution:
        stride = MODELS[self.name] // SIDE
        return self.attribute("occlusion", stride=stride, window=stride)

    def curves(self) -> core.Faithfulness:
        return core.faithfulness(self.classifier, self.picture, self.map, CLASS, steps=PARTS)

    def quick(self) -> dict[str, Callable[[], object]]:
        """Jobs of a few passes."""
        jobs = {
            "forward": self.forward,
            "fb": self.fb,
            "panel": lambda: core.panel(self.classifier, self.picture, CLASS),
            "top 5": lambda: core.panels(self.classifier, self.picture, top=MOST_LIKELY),
            "captum": self.captum,
            "grad-cam": lambda: self.attribute("grad-cam", stage=self.last),
        }
        if self.name == VIT:
            return jobs | {"rollout": lambda: core.rollout_map(core.read(self.classifier, self.picture).maps)}
        one, other = (make(self.name).module.requires_grad_(True) for _ in range(2))  # as people have it
        cam, torchcam = TheirGradCAM(one, [one.get_submodule(self.last)]), TorchCAM(other, self.last)
        return jobs | {
            "their grad-cam": lambda: cam(self.x, [ClassifierOutputTarget(CLASS)]),
            "torchcam": lambda: torchcam(CLASS, other(self.x)),
        }

    def long(self) -> dict[str, Callable[[], object]]:
        """Jobs of many passes, and a pass next to them."""
        forward, fb = self.forward, self.fb
        return {"forward": forward, "fb": fb, "path": self.path, "occlusion": self.occlusion, "curves": self.curves}

    def difference(self, captum: Callable[[], dict[str, Tensor]]) -> float:
        """The largest difference between a panel and Captum, each map divided by its own largest value."""
        ours, theirs = core.panel(self.classifier, self.picture, CLASS), captum()
        maps = {slug: ours.attributions[slug].values for slug in ("saliency", "input-x-gradient")}
        if self.name != VIT:  # whose tokens Captum takes for channels
            maps |= {name: one.values for name, one in ours.stages.items()}
        pairs = [(values, theirs[name].detach().squeeze().numpy()) for name, values in maps.items()]
        return max(float(np.abs(a - b).max() / max(np.abs(b).max(), 1e-30)) for a, b in pairs)


def quick_lines(jobs: Jobs, times: Times) -> Iterator[Line]:
    """The ratios of the jobs of a few passes."""
    name = jobs.name
    yield Line(name, "panel / fb", ratio(times, "panel", "fb"), 1.25)
    yield Line(name, "Captum, one after another / panel", ratio(times, "captum", "panel"), 4, least=True)
    yield Line(name, "panel − Captum, of the largest value", jobs.difference(jobs.captum), 1e-6)
    if name == VIT:
        same = jobs.difference(jobs.captum_written_out)
        yield Line(name, "the same, Captum's attention written out", same, 1e-6)
    yield Line(name, "top-5 panels / fb", ratio(times, "top 5", "fb"), 3.5)
    yield Line(name, "Grad-CAM of the last stage / forward", ratio(times, "grad-cam", "forward"), 1.10)
    if name == VIT:
        yield Line(name, "all attention and rollout / forward", ratio(times, "rollout", "forward"), 1.10)
        return
    bar = 2.5 if name == RESNET else None
    yield Line(name, "grad-cam / our Grad-CAM", ratio(times, "their grad-cam", "grad-cam"), bar, least=True)
    yield Line(name, "torchcam / our Grad-CAM", ratio(times, "torchcam", "grad-cam"))


def long_lines(jobs: Jobs, times: Times) -> Iterator[Line]:
    """The ratios of the jobs of many passes, and the memory of one."""
    name, forwards = jobs.name, {"occlusion": SIDE**2 + 1, "curves": 3 + 4 * 2 * (PARTS - 1)}
    path = ratio(times, "path", "fb") / STEPS
    yield Line(name, f"Integrated Gradients, {STEPS} steps / {STEPS} fb", path, 1.05)
    for what, n in forwards.items():
        yield Line(name, f"{what}, {n} pictures / {n} forward", ratio(times, what, "forward") / n, 0.85)
    yield Line(name, "pictures in a batch", pace(jobs.classifier).size)
    yield Line(name, "pictures in a batch with gradients", pace(jobs.classifier, gradient=True).size)
    if name == RESNET and MEASURABLE:
        yield Line(name, "Integrated Gradients: GB added", added_memory(jobs.path), 0.7)
        yield Line(name, "Captum's Integrated Gradients: GB added", added_memory(jobs.captum_path))


def measure(name: str, rounds: int, long: int) -> list[Line]:
    """Every ratio of one model."""
    jobs = Jobs(name)
    quick = jobs.quick()
    take_turns(quick, 1)  # warm
    lines = list(quick_lines(jobs, take_turns(quick, rounds, process_time)))
    if long:
        with patch.object(batches.time, "perf_counter", process_time):  # the size of a batch is probed by it too
            pace(jobs.classifier), pace(jobs.classifier, gradient=True)
        lines += long_lines(jobs, take_turns(jobs.long(), long, process_time))
    return lines


def conditions(rounds: int, long: int) -> str:
    """A sentence on how it was measured."""
    libraries = ", ".join(f"{name} {version(name)}" for name in ("torch", "captum", "grad-cam", "torchcam"))
    times = f"{rounds} rounds" + (f", of {long} where many passes run" if long else "")
    return f"One thread, random weights, processor time, medians of {times};\n{libraries}."


def measure_all(names: list[str], rounds: int, long: int) -> list[Line]:
    """Every ratio of every model, in one thread."""
    torch.set_num_threads(1)
    return [line for name in tqdm(names, "measuring", leave=False) for line in measure(name, rounds, long)]


def add_options(options: argparse.ArgumentParser) -> None:
    """How much to measure."""
    options.add_argument("--rounds", type=int, default=15, help="rounds of what takes a few passes (15)")
    options.add_argument("--long", type=int, default=3, help="rounds of what takes many passes (3); 0 leaves it out")
    options.add_argument("--models", nargs="+", choices=list(MODELS), default=list(MODELS), help="which models")


def main() -> int:
    """Measure and print."""
    options = argparse.ArgumentParser(prog="python -m tests.benchmarks.methods", description=__doc__.splitlines()[0])
    options.add_argument("--json", action="store_true", help="print JSON instead of a table")
    add_options(options)
    chosen = options.parse_args()
    lines = measure_all(chosen.models, chosen.rounds, chosen.long)
    if chosen.json:
        print(json.dumps([line.to_json() for line in lines], ensure_ascii=False, indent=1))
        return 0
    print(conditions(chosen.rounds, chosen.long), table(lines), verdict(lines), sep="\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
