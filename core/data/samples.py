"""Sample pictures that need no network: synthetic scenes, photographs from dependencies, and a local folder.

A sample is identified by a slug, which links can contain: ``scenes/42``, ``photo/hopper``,
``imagenette/<class>/<file>``. ``scenes-tag/42`` is scene 42 with the tag of its own class in a corner, and
``scenes-tag/42/boat`` with the tag of another; ``scenes-place/42`` has its own class's background, and
``scenes-place/42/boat`` in another's. ``tasks-same-row/42`` is picture 42 of a task, and ``tasks-same-row/42/car`` the
same with its cue moved so that the answer is the car.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from core import scenes
from core.data.datasets import IMAGENETTE, SUFFIXES, find_folder
from core.families import find_family
from core.images import open_image
from core.scenes.shortcuts import HOMES, SHORTCUTS
from core.tasks import CUE, TASKS, Layout, Task, draw_pixels, find_task, task
from core.types import InvalidInput, Picture

SCENE_SIDE = 512
TASK_SAMPLES = range(8)
SCENES = (19, 24, 27, 5, 20, 21, 38, 10, 16, 22)  # one of each object, before ten backgrounds
PHOTOGRAPHS = {
    "china": ("Temple in China", "sklearn", "datasets/images/china.jpg"),
    "coffee": ("Cup of coffee", "skimage", "data/coffee.png"),
    "camera": ("Photographer with a tripod", "skimage", "data/camera.png"),
    "cat": ("Cat", "skimage", "data/chelsea.png"),
    "motorcycle": ("Motorcycle", "skimage", "data/motorcycle_left.png"),
    "flower": ("Dahlia", "sklearn", "datasets/images/flower.jpg"),
    "rocket": ("Rocket on the launch pad", "skimage", "data/rocket.jpg"),
    "hopper": ("Grace Hopper", "matplotlib", "mpl-data/sample_data/grace_hopper.jpg"),
}
"""The title, package and file of each photograph from a dependency. The first one shows a class of Imagenette: all nine
Imagenette models predict "church". The next six show classes of ImageNet: espresso, tripod, tiger cat, moped, daisy,
missile."""
TAG_OF = "tag of "
"""The prefix of the class of a tag in a title."""
CONTRADICTED = ((24, "rocket"), (20, "car"), (27, "umbrella"), (38, "boat"))  # a scene, and a class that it is not


@dataclass(frozen=True)
class Sample:
    """A sample: its ``slug``, its ``title``, and its true class if known."""

    slug: str
    title: str
    truth: str | None = None


@dataclass(frozen=True)
class Swap:
    """The picture of a task with a cue that leads to one ``answer``: the ``slug`` of the sample.

    ``cue`` is the name of the cue if it differs between swaps ("sun", "moon"), else empty.
    """

    slug: str
    answer: str
    cue: str = ""


def scene_sample(seed: int) -> Sample:
    """Return the sample of a scene's seed."""
    plan = scenes.plan(seed)
    return Sample(f"scenes/{seed}", f"{plan.object} · {plan.background}", plan.object)


def sample_truth(slug: str) -> str | None:
    """Return the true class of a sample, or None if it is unknown."""
    family, _, rest = slug.partition("/")
    first = rest.partition("/")[0]
    if family in SHORTCUTS:
        return scenes.plan(_number(first)).object
    if find_task(family):
        return task_layout(slug).answer
    return IMAGENETTE.get(first) if family == "imagenette" else None


def describe_sample(slug: str) -> str:
    """Describe the content of a sample in a few words: "fish, sea" for a scene."""
    family, _, rest = slug.partition("/")
    first, _, given = rest.partition("/")
    if known := find_task(family):
        return f"{known.title.lower()}, {task_layout(slug).answer}"
    if family not in SHORTCUTS:
        names = IMAGENETTE if family == "imagenette" else {name: title for name, (title, *_) in PHOTOGRAPHS.items()}
        return names.get(first, slug)
    plan, shortcut = scenes.plan(_number(first)), SHORTCUTS[family]
    background = HOMES.get(given or plan.object, plan.background) if shortcut == "background" else plan.background
    tag = [f"{TAG_OF}{given or plan.object}"] if shortcut == "tag" else []
    return ", ".join([plan.object, background, *tag])


def shortcut_samples(family: str) -> tuple[Sample, ...]:
    """Some scenes, each three times: the shortcut shows its class, another class, and (an ordinary scene) nothing."""
    found: list[Sample] = []
    for seed, other in CONTRADICTED:
        plan = scenes.plan(seed)
        for given in (plan.object, other):
            slug = f"{family}/{seed}" + (f"/{given}" if given != plan.object else "")
            shown = f"{plan.background} · {TAG_OF}{given}" if SHORTCUTS[family] == "tag" else HOMES[given]
            found.append(Sample(slug, f"{plan.object} · {shown}", plan.object))
        found.append(scene_sample(seed))
    return tuple(found)


def task_samples(task: Task) -> tuple[Sample, ...]:
    """Some pictures of a task."""
    answers = ((seed, task.compose(seed, None).answer) for seed in TASK_SAMPLES)
    return tuple(Sample(f"{task.slug}/{seed}", f"{answer} · {seed + 1}", answer) for seed, answer in answers)


def task_layout(slug: str) -> Layout:
    """Return the layout of a task's picture by the slug of its sample: ``tasks-same-row/42``, or with an answer.

    Raises:
        InvalidInput: there is no such picture.
    """
    family, _, rest = slug.partition("/")
    number, given, answer = rest.partition("/")
    own = task(family).compose(_number(number), None)
    if given and answer not in own.answers:
        raise InvalidInput(
            "The cue of {picture} cannot lead to '{answer}'. Choose one of: {answers}.",
            picture=f"{family}/{number}",
            answer=answer,
            answers=list(own.answers),
        )
    return task(family).compose(_number(number), answer) if answer else own


def unswapped(slug: str) -> str:
    """The slug of the picture of a task with its original cue; any other slug unchanged."""
    family, _, rest = slug.partition("/")
    return f"{family}/{rest.partition('/')[0]}" if find_task(family) else slug


def swaps(slug: str) -> tuple[Swap, ...]:
    """Return all pictures of a task that differ from a sample only in the cue, the unchanged one first.

    Empty if the sample is not of a task.

    Raises:
        InvalidInput: there is no such picture.
    """
    first = unswapped(slug)
    if not find_task(slug.partition("/")[0]):
        return ()
    slugs = {answer: f"{first}/{answer}" for answer in task_layout(first).answers}
    slugs[next(iter(slugs))] = first
    cues = {answer: _cue(task_layout(one)) for answer, one in slugs.items()}
    differ = len(set(cues.values())) > 1
    return tuple(Swap(one, answer, cues[answer] if differ else "") for answer, one in slugs.items())


def _cue(layout: Layout) -> str:
    """Return the name of a layout's cue; empty if it has no name."""
    return next((one.name for one in layout.items if one.role == CUE), "")


def folder_samples(each: int = 1) -> tuple[Sample, ...]:
    """Return the first validation pictures of each class of the Imagenette folder, if it exists."""
    root = find_folder()
    if root is None:
        return ()
    found = []
    for wnid, title in IMAGENETTE.items():
        folder = root / "val" / wnid
        files = sorted(one for one in folder.glob("*") if one.suffix.lower() in SUFFIXES) if folder.is_dir() else []
        found += [Sample(f"imagenette/{wnid}/{one.stem}", title, title) for one in files[:each]]
    return tuple(found)


def list_samples(family: str) -> tuple[Sample, ...]:
    """Return the samples to offer for a family of models, those like its training data first."""
    if known := find_task(family):
        return task_samples(known)
    drawn = shortcut_samples(family) if SHORTCUTS.get(family) else tuple(scene_sample(seed) for seed in SCENES)
    brought = (Sample(f"photo/{name}", title) for name, (title, *_) in PHOTOGRAPHS.items())
    photographs = (*folder_samples(), *brought)
    return (*drawn, *photographs) if find_family(family).drawn else (*photographs, *drawn)


def _number(seed: str) -> int:
    if not re.fullmatch(r"0|[1-9][0-9]{0,17}", seed):  # one picture has one address
        raise InvalidInput(
            "The number of a scene or of a task's picture must be a whole number of at most 18 digits without a "
            "leading zero, not '{seed}'.",
            seed=seed,
        )
    return int(seed)


def _open_scene(seed: str) -> Picture:
    drawn = scenes.draw(_number(seed), SCENE_SIDE)
    return open_image(drawn.pixels, name=f"scenes/{seed}")


def _open_shortcut(family: str, rest: str) -> Picture:
    seed, _, given = rest.partition("/")
    given = given or scenes.plan(_number(seed)).object
    if given not in scenes.OBJECTS:
        raise InvalidInput(
            "Scenes have no class '{name}'. Choose one of: {classes}.",
            name=given,
            classes=list(scenes.OBJECTS),
        )
    tag = SHORTCUTS[family] == "tag"
    shown = {"tag": scenes.OBJECTS.index(given)} if tag else {"background": HOMES[given]}
    return open_image(scenes.draw(_number(seed), SCENE_SIDE, **shown).pixels, name=f"{family}/{rest}")


def _open_task(family: str, rest: str) -> Picture:
    slug = f"{family}/{rest}"
    return open_image(draw_pixels(task_layout(slug), SCENE_SIDE), name=slug)


def _open_photograph(name: str) -> Picture:
    if name not in PHOTOGRAPHS:
        known = " and ".join(f"photo/{one}" for one in PHOTOGRAPHS)
        raise InvalidInput("There is no photograph '{name}'. Choose one of: {known}.", name=name, known=known)
    _, package, file = PHOTOGRAPHS[name]
    spec = find_spec(package)
    assert spec is not None and spec.origin is not None  # the package is one of Fovea's requirements
    return open_image(Path(spec.origin).parent / file, name=f"photo/{name}")


def _open_from_folder(rest: str) -> Picture:
    root = find_folder()
    wnid, _, stem = rest.partition("/")
    if root is None or wnid not in IMAGENETTE or not stem.replace("_", "").isalnum():
        raise InvalidInput(
            "The picture imagenette/{rest} is not on this machine. Download Imagenette, or choose another picture.",
            rest=rest,
        )
    found = [path for half in ("val", "train") for path in (root / half / wnid).glob(f"{stem}.*")]
    if not found:
        raise InvalidInput(
            "The picture imagenette/{rest} is not on this machine. Download Imagenette, or choose another picture.",
            rest=rest,
        )
    return open_image(found[0], name=f"imagenette/{rest}")


def open_sample(slug: str) -> Picture:
    """The picture of a sample.

    Raises:
        InvalidInput: no such sample on this machine.
    """
    family, _, rest = slug.partition("/")
    openers = {"scenes": _open_scene, "photo": _open_photograph, "imagenette": _open_from_folder}
    openers |= {name: partial(_open_shortcut, name) for name, shortcut in SHORTCUTS.items() if shortcut}
    openers |= {one.slug: partial(_open_task, one.slug) for one in TASKS}
    if family not in openers or not rest:
        raise InvalidInput("There is no sample '{slug}'. Try scenes/42, tasks-marked/42 or photo/hopper.", slug=slug)
    return openers[family](rest)
