"""What a key of a word may be that is known only when the app runs."""

from __future__ import annotations

from app.views import PAGES
from app.views.models.own_models import EXAMPLES
from app.widgets import pictures
from app.words import terms
from core.attention import MECHANISMS
from core.attribution import METHODS
from core.families import FAMILIES, IMAGENET, NAMED
from tests.app.compare.compare_keys import OF_COMPARE
from tests.app.explore.explanation_keys import OF_TESTS
from tests.app.learn.material_keys import OF_LEARN
from tests.app.mistakes.open_keys import OF_MISTAKES
from tests.app.models.matrix_keys import OF_MATRIX
from tests.app.trust.trust_page import OF_TRUST

PARTS = {"attention", "channel", "spatial", "first", "second", "pool", "window_attention", "grid_attention"}
"""What the parts of taps' names are called, after their stage or block."""
OPEN_TERMS = (
    *("{term}", "{which}", "{measure}", "{name}", "{*WAYS}", "method-{chosen.family}"),
    *("{TERMS[one]}", "{TERMS[test]}", "{TERMS[one.slug]}"),
)
"""How the slug of a term is made, where it is not a word by itself."""
TITLED = (
    *(one.slug for one in FAMILIES if one.group not in (IMAGENET, NAMED)),
    *(*sorted({one.group for one in FAMILIES if one.group}), "tasks", "own"),
)
"""The families and groups of families that have a title; others are called by their slugs."""
GATES = ("channel", "spatial", "feature")
"""The kinds of a gate."""

VALUES = {
    **{**OF_TESTS, **OF_TRUST, **OF_MATRIX, **OF_MISTAKES, **OF_COMPARE, **OF_LEARN},
    "token.{name}": ["token.class", "token.distillation", "token.unread-class", "token.register"],
    "token.{name}.many": ["token.register.many"],
    "page.{page.slug}": [f"page.{one.slug}" for one in PAGES],
    "overlay.attribution.{chosen.family}": [f"overlay.attribution.{one.family}" for one in METHODS],
    **{f"class.{{{name}}}": [] for name in ("one", "name", "part")},
    "shown.{part}": [],
    "framing.{kind}": [f"framing.{one}" for one in (pictures.CENTER, pictures.FIT, pictures.BOX)],
    "framing.{name}": ["framing.across", "framing.down", "framing.side"],
    "family.{slug}": [f"family.{one}" for one in TITLED],
    "shortcut.{kind}": ["shortcut.tag", "shortcut.background"],
    "shortcut.{shortcut(card.family)}.why": ["shortcut.tag.why", "shortcut.background.why"],
    "shortcut.{kind}.independent": ["shortcut.tag.independent", "shortcut.background.independent"],
    "own.example.{kind}": [f"own.example.{one}" for one in EXAMPLES],
    "model.{card.architecture}": ["model.torchvision/swin_t", "model.torchvision/maxvit_t"],
    "tap.{part}": [f"tap.{one}" for one in sorted(PARTS)],
    "tap.{part}.{one.kind}": ["tap.pool.sequence", *(f"tap.attention.{one}" for one in GATES)],
    **{f"term.{{{name}}}": [f"term.{one}" for one in terms()] for name in ("slug", "term")},
    **{f"term.{name}.means": [f"term.{one}.means" for one in terms()] for name in OPEN_TERMS},
    "place.half.{_half(parts)}": ["place.half.first", "place.half.second"],
    "place.{place}": ["place.stage", "place.block"],
    "mechanism.{kind.slug}.title": [f"mechanism.{one.slug}.title" for one in MECHANISMS],
    "mechanism.{kind.slug}.summary": [f"mechanism.{one.slug}.summary" for one in MECHANISMS],
    "method.{method.slug}.title": [f"method.{one.slug}.title" for one in METHODS],
    "method.family.{one.family}": [f"method.family.{one.family}" for one in METHODS],
    "option.{str(value)}": ["option.mean"],
    "method.{chosen.slug}.summary": [f"method.{one.slug}.summary" for one in METHODS],
    "method.{method.slug}.{parameter.name}": [
        f"method.{one.slug}.{own.name}" for one in METHODS for own in one.parameters
    ],
}
"""What a key may be that is known only when the app runs."""
