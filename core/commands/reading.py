"""``models`` and ``explain``: list the models, and explain a model's prediction for one picture."""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path
from typing import Any

import numpy as np

import core
from core.attribution import method
from core.commands.printing import percent, print_answer, remark
from core.files import put, reason
from core.models.zoo import problems
from core.replay import recorded_model, save_record

MODEL = "imagenette/cbam"
"""The default model of ``explain``."""


def models(options: argparse.Namespace) -> None:
    """List the models of the zoo with their accuracy, with and without their attention."""
    rows = core.cards()
    width = max(32, *(len(card.slug) + 2 for card in rows)) if rows else 32
    head = f"{'model':{width}}{'accuracy':>10}{'uniform':>10}{'shuffled':>10}{'off':>10}{'pictures':>10}"
    lines = [head]
    for card in rows:
        left = "".join(
            f"{percent(card.ablation[k]) if k in card.ablation else '':>10}" for k in ("uniform", "shuffled", "off")
        )
        lines.append(f"{card.slug:{width}}{percent(card.accuracy):>10}{left}{card.pictures or '':>10}{remark(card)}")
    print_answer([card.to_json() for card in rows], "\n".join(lines), options)
    for one in problems():
        print(one, file=sys.stderr)


def explain(options: argparse.Namespace) -> int:
    """Run a model on one picture and attribute its prediction, or compute a recorded view again (--replay)."""
    if options.replay:
        return replay_view(options)
    if not options.picture:
        raise core.InvalidInput("Name a picture to explain, or a recorded view with --replay.")
    classifier = core.load(options.model or MODEL, options.device)
    picture = core.open_image(options.picture)
    reading = core.read(classifier, picture)
    found = core.attribute(classifier, picture, options.method, options.target)
    best = reading.probabilities.argsort()[::-1][:5]
    classes = {classifier.card.classes[i]: float(reading.probabilities[i]) for i in best}
    shapes = {one.tap: list(one.weights.shape) for one in reading.maps}
    answer = {
        "model": classifier.card.slug,
        "device": str(classifier.device),
        "target": classifier.card.classes[found.target],
        "gap": found.gap,
        "classes": classes,
        "maps": shapes,
    }
    if options.out:
        arrays: dict[str, Any] = {one.tap: one.weights for one in reading.maps}
        file = io.BytesIO()
        np.savez_compressed(file, attribution=found.values, probabilities=reading.probabilities, **arrays)
        try:
            put(Path(options.out if options.out.endswith(".npz") else f"{options.out}.npz"), file.getvalue())
        except OSError as error:
            raise core.InvalidInput(
                "{path} cannot be written: {reason}. Choose another path.", path=options.out, reason=reason(error)
            ) from error
    if options.record:
        question = core.Question(options.method, found.target, tap=default_tap(reading))
        save_record(core.record(classifier, picture, question, found=found), options.record)
    rows = [f"{name:24}{percent(value):>8}" for name, value in classes.items()]
    maps = [f"{name:28}{' × '.join(map(str, shape))}" for name, shape in shapes.items()]
    gap = ", completeness gap undefined: the score hardly changes" if method(options.method).complete else ""
    gap = gap if found.gap is None else f", completeness gap {percent(found.gap)}"
    wanted = f"{options.method} for {answer['target']}{gap}"
    print_answer(answer, "\n".join([*rows, "", *maps, *[""] * bool(maps), wanted]), options)
    return 0


def default_tap(reading: core.Reading) -> str:
    """Return the attention map to record: the last one on the picture, before head mixing; "" if there is none."""
    maps = reversed(reading.maps)
    return next((one.tap for one in maps if one.kind.on_picture and not one.kind.signed), "")


def replay_view(options: argparse.Namespace) -> int:
    """Compute a recorded view again and compare its numbers; the exit status is 1 if they differ."""
    if options.picture or options.record or options.out:
        raise core.InvalidInput("--replay takes no picture and stores nothing. Leave out the other options.")
    view = core.open_record(options.replay)
    classifier = core.load(options.model, options.device) if options.model else recorded_model(view, options.device)
    found = core.replay(view, classifier)
    answer = {
        "model": classifier.card.slug,
        "same": found.same,
        "identical": found.identical,
        "differences": {one.name: one.value for one in found.differences},
        "changed": list(found.changed),
    }
    print_answer(answer, "\n".join([found.verdict, *found.changed]), options)
    return 0 if found.same else 1
