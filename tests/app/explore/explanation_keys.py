"""The keys of words of Explore, its tests and its swaps, that are known only when the app runs."""

from __future__ import annotations

from app.views.explore.tests.checks import LIMITS
from core.evaluation.erasure import FILLS, WHICH
from core.evaluation.sources import REFERENCES
from core.kinds import KINDS
from core.tasks import TASKS

WAYS = ("uniform", "off", "shuffled", "other", "painted", "head", "channel", "glimpse")
"""What can become of an attention."""

NAMES = tuple(map(str, KINDS))
"""The kinds of attention, by name."""

OF_A_KIND = ("uniform", "off", "painted")
"""The ways that come to something else for each kind of attention."""

OF_TESTS = {
    **dict.fromkeys(["change.way.{one}", "change.way.{part}"], [f"change.way.{one}" for one in WAYS]),
    "moved.how.{way}": [f"moved.how.{one}" for one in WAYS],
    "change.about.{way}": [f"change.about.{one}" for one in WAYS if one not in OF_A_KIND],
    "change.about.{way}.pooling": [f"change.about.{one}.pooling" for one in OF_A_KIND],
    "change.about.{way}.{one.kind}": [
        "change.about.shuffled.channel",
        *(f"change.about.{way}.{kind}" for way in OF_A_KIND for kind in NAMES if (way, kind) != ("painted", "channel")),
    ],
    "paint.untouched.{one.kind}": [f"paint.untouched.{one}" for one in NAMES if one not in ("channel", "spatial")],
    **dict.fromkeys(["map.{part}", "map.{one.part}"], ["map.head", "map.channel", "map.glimpse"]),
    "test.{one}": ["test.intervene", "test.erase", "test.check"],
    "test.{test}.about": ["test.intervene.about", "test.erase.about", "test.check.about"],
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
