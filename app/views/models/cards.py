"""A model's card: its equation, accuracy, training and confusion matrix."""

from __future__ import annotations

from html import escape

import streamlit as st

from app import figures
from app.components.bars import Bar, show_bars
from app.titles import class_titles, device_title
from app.views import file_of
from app.views.models import facts
from app.widgets import job, lesson
from app.widgets.equation import latex
from app.widgets.models import (
    LITTLE,
    find_mechanism,
    is_ours,
    model_title,
    needs_attention,
    shortcut,
    sight,
    summary,
)
from app.words import code, decimal, listed, literal, means, percent, plain, recall, together, whole, word
from core import ModelCard
from core.evaluation import wilson
from core.families import find_family

LARGEST = 120
"""Classes up to which a confusion matrix can be read."""
CHART = {"displayModeBar": False}


def show_card(card: ModelCard, milliseconds: float | None, device: str) -> None:
    """Draw the card; ``milliseconds`` a picture on the device, or None while they are not measured."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader(literal(model_title(card)), width="content")
        st.page_link(file_of("explore"), label=word("card.explore"), icon=":material/visibility:", width="content")
    what(card)
    left, right = st.columns(2, gap="large")
    with left:
        accuracy(card)
        numbers(card, milliseconds, device)
    with right:
        training(card)
        confusion(card)
    origin(card)


def what(card: ModelCard) -> None:
    """Draw the description and the equation of the mechanism, and the papers of model and mechanism."""
    kind = find_mechanism(card)
    st.markdown(word("model.what", summary=summary(card)), help=means("mechanism"))
    st.caption("  \n".join(filter(None, [literal(facts.fact_text(card, "paper")), kind.paper if kind else ""])))
    if limit := sight(card):
        st.markdown(limit, help=means("receptive-field"))
    if kind is not None:
        st.expander(word("method.formula")).latex(latex(kind.equation))


def accuracy(card: ModelCard) -> None:
    """Draw the accuracy with its interval, and the accuracy without attention."""
    st.markdown(f"**{word('card.accuracy')}**", help=means("accuracy"))
    if card.accuracy is None:
        st.markdown(word("card.unmeasured"))
        return
    found = wilson(round(card.accuracy * card.pictures), card.pictures) if card.pictures else None
    interval = (found.low, found.high) if found else None
    names = {"uniform": word("card.uniform"), "shuffled": word("card.shuffled"), "off": word("card.off")}
    left = {word("card.whole"): card.accuracy}
    left |= {names[key]: card.ablation[key] for key in names if key in card.ablation}
    show_bars(
        [Bar(name, lesson.digits(percent(share)), (share,), not row, None if row else interval)
         for row, (name, share) in enumerate(left.items())],
        key=f"shares.{card.slug}",
        label=word("card.accuracy"),
        reference=1 / len(card.classes),
    )  # fmt: skip
    lines = [word("card.chance", share=percent(1 / len(card.classes)))]
    if interval is not None:
        low, high = map(percent, interval)
        lines.insert(0, word("card.interval", low=low, high=high, pictures=whole(card.pictures)))
    if facts.fact_text(card, "measured"):
        lines.append(word("card.measured", how=recall(facts.fact_text(card, "measured"))))
    st.caption(together(*lines), help=means("interval", "wilson-interval"))
    st.markdown("\n\n".join(filter(None, [independent(card), need(card), seeds(card)])))


def need(card: ModelCard) -> str:
    """How much the model needs its attention, in a sentence; empty for a model without any."""
    if card.accuracy is None or "uniform" not in card.ablation:
        return ""
    lost = card.accuracy - card.ablation["uniform"]
    return needs_attention(card) if lost < LITTLE else word("card.needs", points=decimal(100 * lost, 1))


def independent(card: ModelCard) -> str:
    """The accuracy of a shortcut learner where the shortcut is independent of the class, with chance; else ""."""
    share, kind = facts.independent(card), shortcut(card.family)
    if share is None or kind is None:
        return ""
    return word(f"shortcut.{kind}.independent", accuracy=percent(share), chance=percent(1 / len(card.classes), 0))


def seeds(card: ModelCard) -> str:
    """The spread of the accuracy over training seeds, if several were trained; else empty."""
    found = facts.seeds(card)
    if found is None:
        return ""
    accuracies, mean, spread = found
    each = listed(map(percent, accuracies))
    return word("card.seeds", count=len(accuracies), mean=percent(mean), spread=percent(spread), each=each)


def numbers(card: ModelCard, milliseconds: float | None, device: str) -> None:
    """The card's numbers, one a line."""
    parameters, seconds = facts.fact_number(card, "parameters"), facts.fact_number(card, "seconds")
    time = word("card.milliseconds", device=device_title(device))
    lines = {
        word("card.parameters"): None if parameters is None else whole(parameters),
        time: None if milliseconds is None else f"{decimal(milliseconds, 1)} ms",
        word("card.side"): f"{card.size} × {card.size}",
        word("card.classes"): whole(len(card.classes)),
        word("card.data"): facts.fact_text(card, "data") or None,
        word("card.epochs"): facts.fact_number(card, "epochs"),
        word("card.seed"): facts.fact_number(card, "seed"),
        word("card.time"): None if seconds is None else job.duration(seconds),
        word("card.device"): device_title(facts.fact_text(card, "device")) or None,
    }
    rows = [f"<dt>{escape(name)}</dt><dd>{escape(str(it))}</dd>" for name, it in lines.items() if it is not None]
    st.html(f'<dl class="fovea-measures fovea-facts">{"".join(rows)}</dl>')


def training(card: ModelCard) -> None:
    """The training curve."""
    st.markdown(f"**{word('card.training')}**", help=means("epoch", "loss"))
    history = facts.history(card)
    if not history:
        st.markdown(word("card.no_history"))
        return
    chart = figures.training_curve(history, word("card.loss"), word("card.validation"), word("card.epoch"))
    st.plotly_chart(chart, key=f"history.{card.slug}", config=CHART, alt=word("card.training"))


def confusion(card: ModelCard) -> None:
    """The confusion matrix."""
    st.markdown(f"**{word('card.confusion')}**", help=means("confusion-matrix"))
    counts = facts.confusion(card)
    if counts is None:
        ours = word("card.no_confusion.ours", command=code(evaluation(card))) if is_ours(card) else ""
        st.markdown(ours or word("card.no_confusion"))
    elif len(counts) > LARGEST:
        st.markdown(word("card.large_confusion", count=len(counts)))
    else:
        sentence = plain("card.taken", true="{true}", predicted="{predicted}", count="{count}")
        chart = figures.confusion_matrix(
            counts, class_titles(card.classes), word("card.true"), word("card.predicted"), sentence
        )
        st.plotly_chart(chart, key=f"confusion.{card.slug}", config=CHART, alt=word("card.confusion"))


def origin(card: ModelCard) -> None:
    """Draw the training command and the license."""
    command, license = facts.fact_text(card, "command"), facts.fact_text(card, "license")
    if command:
        st.markdown(f"**{word('card.command')}**")
        st.code(command, language=None, wrap_lines=True)
    if license:
        st.markdown(f"**{word('card.license')}**")
        st.markdown(literal(recall(license)))


def evaluation(card: ModelCard) -> str:
    """The command that measures one of Fovea's models again and updates its card."""
    drawn = find_family(card.family).drawn
    return f"python -m core evaluate {card.slug}{'' if drawn else ' --data DIR'} --store"
