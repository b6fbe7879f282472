"""The report of a view: one HTML file that opens without a network, with the overlay, the numbers and the record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from app.components.overlay import PLACE, standalone
from app.titles import class_titles, method_title, parameter_title
from app.views.explore.agreement import agreement_verdict
from app.views.explore.analysis import Analysis
from app.views.explore.tests.checks import check_text
from app.widgets import models, pictures
from app.widgets.agreement import reference
from app.words import chance, decimal, language, listed, mark, percent, plain, unmarked, word
from core import Agreement, Check
from core.attribution import method
from core.evaluation import WAYS
from core.replay import Record
from core.reporting import document, paragraph, section, table

STYLES = """
#overlay { --st-background-color: var(--back); --st-text-color: var(--text); --st-primary-color: var(--right);
  --st-font: system-ui, sans-serif; }
td.name:first-child { min-width: 7.5rem; overflow-wrap: break-word; }
pre { padding: 0.75rem 1rem; border-radius: 8px; background: var(--card); overflow-x: auto; font-size: 0.875rem; }
"""


def write_report(
    analysis: Analysis,
    view: Record,
    blob: bytes,
    agreed: Agreement | None,
    checked: Mapping[str, Sequence[Check]],
    file: str,
) -> str:
    """The page of a recorded view, in the language of the app; ``blob`` is the overlay's.

    ``agreed`` is the agreement of both maps, and ``checked`` the sanity checks by map, where they are known. ``file``
    is the name under which the page is saved.
    """
    card = analysis.subject.classifier.card
    maps, code = standalone(blob)
    facts = view.facts
    beside = "".join([_prediction(analysis, view), _dependence(analysis, view), _agreement(agreed)])
    sections = [
        section(word("report.maps"), paragraph(_explained(analysis), "soft") + PLACE),
        f'<div class="beside">{beside}</div>',
        *_checks(analysis, checked),
        section(word("report.made"), table((word("report.what"), word("report.value")), list(_facts(view)), named=2)),
        section(word("report.code"), f"<pre>{escape(facts['code'])}</pre>"),
        section(word("report.again"), paragraph(word("report.again.how")) + _command(file)),
    ]
    title = plain("report.head", model=models.model_title(card), picture=pictures.title(analysis.subject.sample))
    under = plain("report.recorded", day=facts["recorded"][:10])
    return document(
        title, under, sections, {"view": view.to_json(), "maps": maps}, code=language(), styles=STYLES, script=code
    )


def _explained(analysis: Analysis) -> str:
    """What both panes show, and the class that is explained."""
    left = analysis.shown.title or plain("map.activity")
    return plain("report.explained", left=left, right=analysis.title, name=analysis.names[analysis.target])


def _prediction(analysis: Analysis, view: Record) -> str:
    """The most likely classes."""
    own = analysis.subject.classifier.card.classes
    names = dict(zip(own, class_titles(own), strict=True))
    rows = [(names[one["class"]], chance(one["probability"])) for one in view.facts["prediction"]]
    return section(word("answer.title"), table((word("report.class"), word("report.probability")), rows))


def _dependence(analysis: Analysis, view: Record) -> str:
    """The probability of the explained class with the attention changed."""
    if f"intervention.{WAYS[0]}" not in view.numbers:
        return ""
    name = analysis.names[analysis.target]
    rows = [(plain("report.attention.own"), chance(float(view.numbers["probabilities"][analysis.target])))]
    rows += [(plain(f"change.way.{way}"), chance(float(view.numbers[f"intervention.{way}"]))) for way in WAYS]
    heads = (word("report.attention"), plain("report.probability.of", name=name))
    return section(word("test.title"), table(heads, rows))


def _agreement(found: Agreement | None) -> str:
    """The three measures, each with its reference values."""
    if found is None:
        return ""
    terms = ("rank-correlation", "overlap-top", "overlap")
    figures = (decimal, whole_percent, whole_percent)
    rows = [
        (word(f"term.{term}"), reference(one, figure), figure(one.value))
        for term, figure, one in zip(terms, figures, found.measures, strict=True)
    ]
    heads = (word("report.measure"), word("report.reference"), word("report.value"))
    return section(word("agreement.title"), paragraph(unmarked(agreement_verdict(found))) + table(heads, rows, named=2))


def whole_percent(share: float) -> str:
    """A share of a map, as on the page."""
    return percent(share, 0)


def _checks(analysis: Analysis, checked: Mapping[str, Sequence[Check]]) -> Iterator[str]:
    """The sanity checks that were computed, of each map."""
    words = {True: word("check.passed"), False: word("check.failed"), None: word("check.not_applicable")}
    titles = {"attention": word("check.attention"), "attribution": method_title(analysis.method)}
    ignores_class = {"attention": True, "attribution": analysis.method.ignores_class}
    for name, found in checked.items():
        rows = [
            (word(f"check.{one.slug}"), words[one.passed], unmarked(check_text(one, ignores_class[name])))
            for one in found
        ]
        heads = (word("report.check"), word("report.result"), word("report.value"))
        yield section(plain("report.checks", map=titles[name]), table(heads, rows, named=3))


def _facts(view: Record) -> Iterator[tuple[str, str]]:
    """What the numbers depend on, by name."""
    facts, sign = view.facts, mark(": ")
    model, picture, machine = facts["model"], facts["picture"], facts["machine"]
    yield word("report.model"), model["slug"]
    yield word("report.weights"), model["checksum"]
    size, mean, std = model["size"], listed(map(str, model["mean"])), listed(map(str, model["std"]))
    yield word("report.preprocessing"), plain("report.preprocessing.how", size=size, mean=mean, std=std)
    if model["resize"] is not None:
        yield word("report.resize"), plain("report.resize.how", size=model["resize"], how=model["interpolation"])
    yield word("report.seed"), str(facts["shuffle_seed"])
    yield word("report.picture"), picture["sha256"]
    yield word("report.box"), listed(decimal(edge, 1) for edge in picture["box"])
    chosen, parameters = method(view.question.method), dict(view.question.parameters)
    given = [f"{parameter_title(chosen, one)}{sign}{parameters[one.name]}" for one in chosen.parameters]
    yield word("report.method"), listed([method_title(chosen), *given])
    yield word("report.machine"), listed([machine["system"], machine["device"]])
    yield word("report.threads"), str(machine["threads"])
    yield word("report.versions"), listed(f"{name} {version}" for name, version in machine["libraries"].items())


def _command(file: str) -> str:
    """The command that computes the view again."""
    return f"<pre>python -m core explain --replay {escape(file)}</pre>"
