"""The keys of words of Explore, its tests and its swaps, that are known only when the app runs."""

from __future__ import annotations

from app.views.explore.derivation import SYMBOLS
from app.views.explore.tests.address import ORDERS, TESTS
from app.views.explore.tests.checks import LIMITS
from app.words.en import WORDS
from core.attention.derivation.terms import TABLES
from core.evaluation.erasure import FILLS, WHICH
from core.evaluation.sources import REFERENCES
from core.tasks import TASKS

WAYS = ("uniform", "off", "shuffled", "other", "painted", "head", "channel", "glimpse")
"""What can become of an attention."""

ABOUT = "change.about."
"""What begins the sentences about what a way does; which there are is what the table has."""


def about(*ways: str) -> list[str]:
    """Their keys for some ways: in general, for a shape, or for a kind."""
    return [key for key in WORDS if key.startswith(tuple(f"{ABOUT}{way}" for way in ways))]


PARTS = ("head", "channel", "glimpse")
"""The parts that have words of their own."""

OF_TESTS = {
    "derive.table.{table.name}": [f"derive.table.{one}" for one in TABLES],
    "derive.symbol.{key}": [f"derive.symbol.{one}" for one in SYMBOLS.values()],
    "derive.{kind.part}": [f"derive.{one}" for one in PARTS],
    "derive.{row.kind}": ["derive.unit", "derive.dimension"],
    "derive.{row.kind}.{row.place[0]}": ["derive.token.class", "derive.plane.mean", "derive.plane.maximum"],
    **dict.fromkeys(
        ["change.way.{one}", "change.way.{part}", "change.way.{way}"], [f"change.way.{one}" for one in WAYS]
    ),
    "moved.how.{way}": [f"moved.how.{one}" for one in WAYS],
    "change.about.{way}": about("shuffled", "other"),
    "change.about.off.{off}": [key for key in about("off") if key.count(".") == 3],
    "change.about.off.{off}.{shape}": about("off"),
    "change.about.off.{off}.{kind}": about("off"),
    "change.about.{way}.{shape}": about("uniform", "painted"),
    "change.about.{way}.{kind}": about("uniform", "painted"),
    "change.about.part.{off}": [key for key in about("part") if key.count(".") == 3],
    "change.about.part.{off}.{way}": [key for key in about("part") if key.count(".") == 4],
    "paint.untouched.{one.kind.shape}": [f"paint.untouched.{one}" for one in ("stack", "pairs", "windows")],
    "paint.untouched.{one.kind}": [f"paint.untouched.{one}" for one in ("feature", "pairwise", "windowed", "sequence")],
    "map.{part}": [f"map.{one}" for one in PARTS],
    "map.average.{one.kind.part}": ["map.average.head"],
    "map.of_layer.{one.kind.part}": ["map.of_layer.head"],
    "map.rest.{one.kind.part}": ["map.rest.channel", "map.rest.glimpse"],
    "map.only.{reading.maps[0].kind.part}": ["map.only.channel"],
    **{f"gate.{name}.{{first.kind.part}}": [f"gate.{name}.channel"] for name in ("title", "about")},
    **{"gate.axis.{one.kind.part}": ["gate.axis.channel"]},
    "test.{one}": [f"test.{one}" for one in TESTS],
    "test.{test}.about": [f"test.{one}.about" for one in TESTS],
    "order.{one}": [f"order.{one}" for one in ORDERS],
    "order.how.{way}": [f"order.how.{one}" for one in ORDERS],
    "erase.fill.{one}": [f"erase.fill.{one}" for one in FILLS],
    "erase.{which}.contrast": ["erase.most.contrast", "erase.least.contrast"],
    "erase.{which}": [f"erase.{one}" for one in WHICH],
    "erase.{which}.signed": ["erase.most.signed", "erase.least.signed"],
    "curves.{one}": [f"curves.{one}" for one in REFERENCES],
    "curves.{which}": ["curves.deletion", "curves.insertion"],
    "curves.{which}.axis": ["curves.deletion.axis", "curves.insertion.axis"],
    "curves.head.{one}": [f"curves.head.{one}" for one in ("map", "deletion", "insertion", "better")],
    "check.{one.slug}": [f"check.{one}" for one in LIMITS],
    "check.{one.slug}.means": [f"check.{one}.means" for one in LIMITS],
    "check.{one.slug}.value": [f"check.{one}.value" for one in LIMITS],
    "check.{one.slug}.none": [f"check.{one}.none" for one in LIMITS],
    "swap.label.{task.slug}": [f"swap.label.{one.slug}" for one in TASKS],
    "swap.moved.{task.slug}": [f"swap.moved.{one.slug}" for one in TASKS],
}
"""What such a key may be."""
