"""Synthetic pictures with ground truth: one object in front of a background, and the exact mask of the object.

The object and the background are chosen independently by the seed. All random choices use
``random.Random(seed).random()`` and plain arithmetic, and all coordinates are in the unit square, so a seed gives the
same composition on every machine and at every size.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from core.scenes import crafts, creatures, props
from core.scenes.backgrounds import BACKGROUNDS as _BACKGROUNDS
from core.scenes.canvas import Canvas, Light, Point, ink, mix
from core.types import InvalidInput, frozen

Prop = Callable[[Canvas], None]

# How it is drawn, half its width and height in its own units, its position, how far it may turn, half its foot.
_OBJECTS = {
    "house": (crafts.house, 0.49, 0.49, "ground", 0.05, 0.46),
    "boat": (crafts.boat, 0.49, 0.48, "ground", 0.12, 0.42),
    "balloon": (crafts.balloon, 0.36, 0.5, "sky", 0.12, 0.0),
    "tree": (creatures.tree, 0.46, 0.52, "ground", 0.06, 0.2),
    "mushroom": (creatures.mushroom, 0.49, 0.48, "ground", 0.16, 0.22),
    "fish": (creatures.fish, 0.5, 0.37, "any", 0.35, 0.0),
    "bird": (creatures.bird, 0.51, 0.47, "any", 0.2, 0.12),
    "car": (crafts.car, 0.51, 0.37, "ground", 0.07, 0.44),
    "rocket": (crafts.rocket, 0.29, 0.51, "sky", 0.6, 0.0),
    "umbrella": (crafts.umbrella, 0.49, 0.5, "any", 0.5, 0.0),
}
_FEET: dict[str, Callable[[Canvas, float], None]] = {
    "meadow": props.grass,
    "hills": props.grass,
    "forest": props.grass,
    "sea": props.ripples,
    "snow": lambda canvas, width: props.drift(canvas, width, "#f3f8ff"),
    "desert": lambda canvas, width: props.drift(canvas, width, "#eebf82"),
    "beach": lambda canvas, width: props.drift(canvas, width, "#f4dcae"),
}
_STREAMS = ("plan", "background", "object", "props", "tag")
_SPLITS = {"train": 1, "val": 2}
_SUPERSAMPLING = 3

OBJECTS: tuple[str, ...] = tuple(_OBJECTS)
"""The ten classes, in the order of their labels."""

BACKGROUNDS: tuple[str, ...] = tuple(_BACKGROUNDS)
"""The ten backgrounds, which are independent of the class."""


@dataclass(frozen=True, eq=False)
class Scene:
    """A drawn picture: ``pixels`` (size, size, 3) uint8 and ``mask`` (size, size) bool, the visible part of the object.

    ``tag`` is the class of the corner tag, or None; ``tag_mask`` (size, size) bool is where the tag is.
    """

    pixels: np.ndarray
    mask: np.ndarray
    label: int
    object: str
    background: str
    seed: int
    tag: int | None
    tag_mask: np.ndarray


@dataclass(frozen=True)
class Plan:
    """The composition of a scene: everything that is decided before the first stroke, in units of the side."""

    seed: int
    object: str
    background: str
    at: tuple[float, float]
    size: float
    angle: float
    mirror: bool
    horizon: float
    hour: float
    brightness: float
    extent: tuple[float, float]

    @property
    def label(self) -> int:
        """The class: the index of the object."""
        return OBJECTS.index(self.object)

    @property
    def light(self) -> Light:
        """The time of day, one of those that the background allows."""
        lights = _BACKGROUNDS[self.background][1]
        return lights[int(self.hour * len(lights))]


def plan(seed: int, *, object: str | None = None, background: str | None = None) -> Plan:
    """The composition that ``draw`` follows; object and background come from the seed unless given.

    The two are independent and uniform. The same seed with another background keeps the object as it is, and the other
    way round as far as its shape allows.
    """
    for value, known in ((object, OBJECTS), (background, BACKGROUNDS)):
        if value is not None and value not in known:
            raise InvalidInput("Scenes have no '{name}'. Choose one of: {choices}.", name=value, choices=known)
    chance = _stream(seed, "plan").random
    drawn, where = OBJECTS[int(chance() * len(OBJECTS))], BACKGROUNDS[int(chance() * len(BACKGROUNDS))]
    object, background = object or drawn, background or where
    _, wide, high, habitat, turn, _ = _OBJECTS[object]
    size, horizon = 0.27 + 0.28 * chance(), 0.5 + 0.14 * chance()
    angle, mirror = turn * (2 * chance() - 1), chance() < 0.5
    cos, sin = abs(math.cos(angle)), abs(math.sin(angle))
    half = (size * (wide * cos + high * sin), size * (wide * sin + high * cos))
    margin = 0.015
    x, y = (h + margin + (1 - 2 * h - 2 * margin) * chance() for h in half)
    natural, depth = chance() < 0.65, chance()
    if natural and habitat == "ground":
        base = horizon + 0.12 + (0.97 - horizon - 0.12) * depth
        y = max(y if base < 2 * half[1] else 0.0, base - half[1])
    elif natural and habitat == "sky":
        y = half[1] + margin + max(0.0, horizon + 0.1 - 2 * half[1]) * depth
    y = min(1 - half[1] - margin, max(half[1] + margin, y))
    return Plan(seed, object, background, (x, y), size, angle, mirror, horizon, chance(), 0.93 + 0.14 * chance(), half)


def draw(seed: int, size: int = 128, *, object: str | None = None, background: str | None = None,
         tag: int | None = None, distractors: bool = True) -> Scene:
    """The scene of a seed, ``size`` pixels a side.

    ``object`` and ``background`` are drawn from the seed unless given. ``tag``, a class index, puts the badge of this
    class in a corner. Without ``distractors`` there are no props and no cover at the foot.
    """
    _check(size)
    if tag is not None and (not _whole(tag) or not 0 <= tag < len(OBJECTS)):
        raise InvalidInput("A tag is a number from 0 to {last}, not {given}.", last=len(OBJECTS) - 1, given=repr(tag))
    composition = plan(seed, object=object, background=background)
    pixels, mask, tag_mask = paint(composition, size, tag=tag, distractors=distractors)
    return Scene(frozen(pixels), frozen(mask), composition.label, composition.object, composition.background, seed, tag,
                 frozen(tag_mask))


def seeds(split: str, count: int, first: int = 0) -> range:
    """The seeds of a split, ``"train"`` or ``"val"``; they are disjoint, also from the small numbers of the samples."""
    if split not in _SPLITS:
        raise InvalidInput("Scenes have no split '{split}'. Choose 'train' or 'val'.", split=split)
    return series(_SPLITS[split], count, first)


def dataset(seed: int, count: int, size: int = 128) -> Iterator[tuple[np.ndarray, int]]:
    """``count`` pairs of pixels (size, size, 3) uint8 and label; data sets of different seeds share no scene."""
    _check(size)  # now, not at the first picture
    return ((scene.pixels, scene.label) for scene in (draw(each, size) for each in series(seed, count)))


def paint(composition: Plan, size: int, *, tag: int | None = None, distractors: bool = True,
          figure: bool = True) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pixels (size, size, 3) uint8, mask and tag mask (size, size) bool; ``figure=False`` leaves the object out."""
    side, light, seed = size * _SUPERSAMPLING, composition.light, composition.seed
    image = Image.new("RGB", (side, side))
    canvas = Canvas(image, _stream(seed, "background"), light)
    _BACKGROUNDS[composition.background][0](canvas, composition.horizon)
    mask, cover, badge = (Image.new("L", (side, side)) for _ in range(3))
    canvas.rng = _stream(seed, "props")
    ahead = _scatter(canvas, composition) if distractors else []
    if figure:
        _stand(image, mask, composition)
    front = Canvas(image, canvas.rng, light, cover)
    for prop, at, scale in ahead:
        prop(front.moved(at, scale))
    if distractors:
        _root(front, composition)
    if tag is not None:
        _stick(image, cover, badge, composition, tag)
    shine = [min(255, int(v * composition.brightness + 0.5)) for v in range(256)]
    pixels = np.asarray(image.reduce(_SUPERSAMPLING).point(shine * 3))
    seen = np.asarray(ImageChops.subtract(mask, cover).reduce(_SUPERSAMPLING)) >= 128
    return pixels, seen, np.asarray(badge.reduce(_SUPERSAMPLING)) >= 128


def _stream(seed: int, name: str) -> Random:
    """Return a random generator for one part of a scene, so that a change of one part leaves the others unchanged."""
    if not _whole(seed) or seed < 0:
        raise InvalidInput("The seed of a scene must be a whole number of at least 0, not {given}.", given=repr(seed))
    return Random(int(seed) * len(_STREAMS) + _STREAMS.index(name))


def _whole(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _check(size: int) -> None:
    if not _whole(size) or not 16 <= size <= 2048:
        raise InvalidInput("The size of a scene must be from 16 to 2048 whole pixels, not {given}.", given=repr(size))


def series(seed: int, count: int, first: int = 0) -> range:
    """The seeds of the scenes of a data set, from the ``first`` on; data sets of different seeds are disjoint."""
    if not _whole(seed) or seed < 0:
        raise InvalidInput(
            "The seed of a data set must be a whole number of at least 0, not {given}.", given=repr(seed)
        )
    if not _whole(count) or not _whole(first) or count < 0 or first < 0 or first + count > 1 << 32:
        raise InvalidInput("A data set of scenes needs a count and a first number of at least 0, with a sum "
"of at most 2^32.")
    start = (int(seed) << 32) + int(first)
    return range(start, start + int(count))


def _scatter(canvas: Canvas, composition: Plan) -> list[tuple[Prop, Point, float]]:
    """Draw the props behind the object; return those before it, which may cover 3.5 % of its bounding box at most."""
    ahead: list[tuple[Prop, Point, float]] = []
    budget = 0.035 * 4 * composition.extent[0] * composition.extent[1]
    (x, y), (wide, high) = composition.at, composition.extent
    choice = props.SPECIAL.get(composition.background, props.LAND)
    for _ in range(int(canvas.between(1, 5))):
        prop, depth, u = canvas.pick(choice), canvas.between(0, 1), canvas.between(0.05, 0.95)
        v, scale = composition.horizon + 0.14 + (0.8 - composition.horizon) * depth, 0.055 + 0.055 * depth
        if prop in props.AIRY:
            v = 0.1 + 0.84 * depth
        elif prop in props.TALL:
            v, scale = v - 0.4 * scale, 1.8 * scale
        across = min(u + scale / 2, x + wide) - max(u - scale / 2, x - wide)
        down = min(v + scale / 2, y + high) - max(v - scale / 2, y - high)
        if across > 0 and down > 0 and across * down < budget:
            budget -= across * down
            ahead.append((prop, (u, v), scale))
        else:
            prop(canvas.moved((u, v), scale))
    return ahead


def _root(front: Canvas, composition: Plan) -> None:
    """Cover the foot of an object that stands on the ground with a sliver of grass, sand, snow or foam."""
    _, _, high, _, _, foot = _OBJECTS[composition.object]
    x = composition.at[0] - math.sin(composition.angle) * high * composition.size
    y = composition.at[1] + math.cos(composition.angle) * high * composition.size
    if foot and y > composition.horizon + 0.1 and composition.background in _FEET:
        _FEET[composition.background](front.moved((x, y), composition.size, composition.angle), foot)


def _stand(image: Image.Image, mask: Image.Image, composition: Plan) -> None:
    """Draw the object on a layer of its own, model it with light and shadow, and lay it on the image."""
    side, light = image.width, composition.light
    soft = light._replace(amount=light.amount * 0.4)
    layer = Image.new("RGB", image.size)
    canvas = Canvas(layer, _stream(composition.seed, "object"), soft, mask, at=composition.at, size=composition.size,
                    angle=composition.angle, mirror=composition.mirror)
    _OBJECTS[composition.object][0](canvas)
    pad = max(2, side // 40)
    extent = mask.getbbox()
    assert extent is not None  # every object has a solid part
    left, top, right, bottom = extent
    window = (max(0, left - pad), max(0, top - pad), min(side, right + pad), min(side, bottom + pad))
    shape = mask.crop(window)
    _model(layer, shape, window, side)
    _ground(image, shape, window, composition)
    image.paste(layer.crop(window), window[:2], shape)


def _model(layer: Image.Image, shape: Image.Image, window: tuple[int, int, int, int], side: int) -> None:
    """A soft fall of light from the upper left, a bright rim on that side and a dark one on the other."""
    fall = Image.new("L", (2, 2))
    fall.putdata([0, 12, 16, 70])
    layer.paste(ink("#1f1f52"), window, fall.resize(shape.size, Image.Resampling.BILINEAR))
    shift = max(1, round(side * 0.006))
    for direction, color, alpha in ((1, "#fffbea", 0.42), (-1, "#1a1a45", 0.34)):
        rim = ImageChops.subtract(shape, ImageChops.offset(shape, direction * shift, direction * shift))
        layer.paste(ink(color), window, rim.point([int(v * alpha) for v in range(256)]))


def _ground(image: Image.Image, shape: Image.Image, window: tuple[int, int, int, int], composition: Plan) -> None:
    """A soft shadow around the object (a glow at night), so that it stands out from any background."""
    side, light = image.width, composition.light
    dark = composition.background == "night sky"
    small = 96
    tiny = Image.new("L", (small, small))
    box = tuple(round(v * small / side) for v in window)
    reduced = shape.resize((max(1, box[2] - box[0]), max(1, box[3] - box[1])), Image.Resampling.BOX)
    tiny.paste(reduced, (box[0] + (0 if dark else 1), box[1] + (0 if dark else 2)))
    soft = tiny.filter(ImageFilter.BoxBlur(2)).filter(ImageFilter.BoxBlur(2))
    soft = soft.point([int(v * (0.5 if dark else 0.42)) for v in range(256)])
    color = ink("#b9b4ff") if dark else mix("#23234f", light.tint, 0.15)
    image.paste(color, (0, 0), soft.resize(image.size, Image.Resampling.BILINEAR))


def _stick(image: Image.Image, cover: Image.Image, badge: Image.Image, composition: Plan, index: int) -> None:
    """Put the tag in a corner chosen by the seed, one that the object does not reach if there is such a corner."""
    rng = _stream(composition.seed, "tag")
    corners = sorted(((u, v) for u in (0.075, 0.925) for v in (0.075, 0.925)), key=lambda _: rng.random())
    (x, y), (wide, high) = composition.at, composition.extent
    free = [(u, v) for u, v in corners if abs(u - x) > wide + 0.05 or abs(v - y) > high + 0.05]
    white = Light("#ffffff", "#ffffff", "#ffffff", "#ffffff", "#ffffff", 0.0)
    props.tag(Canvas(image, rng, white, badge, at=(free or corners)[0], size=0.1), index)
    cover.paste(255, (0, 0), badge)
