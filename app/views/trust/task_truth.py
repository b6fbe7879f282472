"""Ground truth of a task: how much of attention and attributions lies on the cue, the steps and the answer."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

import streamlit as st

import core
from app import figures, state
from app.runtime.trust import attention_truth
from app.state import Subject
from app.titles import class_titles
from app.views.trust import cue_reaction, ranking, work
from app.views.trust.keys import TrustKey
from app.views.trust.titles import source_titles
from app.words import Marked, listed, literal, mark, means, percent, plain, together, word
from core import InvalidInput, ModelCard, RoleShare
from core.evaluation import ATTENTION_PREFIX, EVERYTHING, REFERENCES, ROW, evidence
from core.tasks import ROLES, Task

SHARE, POINTING = "share", "pointing"
STYLES = Path(__file__).parent / "roles.css"
Part = tuple[str, str, int]
"""A source and the part of its map that a line is about."""


def show_task_truth(subject: Subject, task: Task) -> None:
    """Draw the section for a model of a task."""
    model = subject.classifier
    st.subheader(word("roles.title"), help=means("ground-truth"))
    st.markdown(word("roles.about", question=task.question), help=means("share-inside", "pointing-game", "cue"))
    st.caption(together(word("roles.limit"), word("trust.aside")))
    try:
        found = work.carry_out(
            attention_truth.shares_key(model),
            lambda: attention_truth.shares_seconds(model),
            lambda tick: attention_truth.shares(model, state.session_id(), tick),
            name="roles",
        )
    except InvalidInput as error:
        st.info(literal(error))
        return
    if found is not None:
        left, right = st.columns([1.6, 1], gap="large")
        with left:
            show_table(found, model.card, attention_truth.left_out(model))
        with right:
            show_example(subject, found)
    cue_reaction.show_reactions(subject, task)


def parts(rows: Sequence[RoleShare]) -> list[Part]:
    """Every line of the table: attention in its own order, then methods, the highest share first, then references."""
    found: dict[Part, float] = {}
    for row in rows:
        found.setdefault((row.source, row.part, row.number), 0.0)
        if row.role == EVERYTHING:
            found[row.source, row.part, row.number] = row.share
    attention = [one for one in found if one[0].startswith(ATTENTION_PREFIX)]
    others = sorted((one for one in found if one not in attention), key=lambda one: -found[one])
    methods = [one for one in others if one[0] not in REFERENCES]
    return [*attention, *methods, *(one for one in others if one[0] in REFERENCES)]


def part_titles(rows: Sequence[RoleShare], card: ModelCard) -> dict[Part, str]:
    """The title of each line."""
    lines = parts(rows)
    titles = source_titles(card, dict.fromkeys(source for source, _, _ in lines))
    found = {}
    for source, part, number in lines:
        if part == ROW:
            found[source, part, number] = plain("roles.row", map=titles[source])
        elif part:
            found[source, part, number] = plain("roles.glimpse", map=titles[source], number=number + 1)
        else:
            found[source, part, number] = titles[source]
    return found


def show_table(rows: Sequence[RoleShare], card: ModelCard, slow: Sequence[str]) -> None:
    """A line for each map and a column for each role."""
    measure = st.segmented_control(
        word("truth.measure"),
        (SHARE, POINTING),
        key=TrustKey.ROLE_MEASURE,
        default=SHARE,
        format_func=lambda one: word(f"roles.{one}"),
        label_visibility="collapsed",
        required=True,
        persist_state="session",
    )
    titles = part_titles(rows, card)
    st.markdown(attention_verdict(rows, titles, measure), help=means("chance"))
    st.html(STYLES)
    st.html(role_table(rows, titles, measure))
    st.caption(
        together(
            word("roles.how", pictures=max(row.pictures for row in rows)),
            word("roles.from") if any(row.part == ROW for row in rows) else "",
            word("random.slow", names=listed(source_titles(card, slow).values())) if slow else "",
        )
    )


def value_of(row: RoleShare, measure: str) -> tuple[float, float]:
    """What a row shows of a measure, and the lower end of its interval."""
    return (row.share, row.low) if measure == SHARE else (row.pointing, row.pointing_low)


def attention_verdict(rows: Sequence[RoleShare], titles: dict[Part, str], measure: str) -> str:
    """In a sentence: the highest attention map and method on everything that matters, and the chance level."""
    whole = [row for row in rows if row.role == EVERYTHING and row.source not in REFERENCES]
    sides = [
        max(side, key=lambda row: value_of(row, measure)[0], default=None)
        for side in (
            [row for row in whole if row.source.startswith(ATTENTION_PREFIX)],
            [row for row in whole if not row.source.startswith(ATTENTION_PREFIX)],
        )
    ]
    best = [
        word("roles.best", map=titles[row.source, row.part, row.number], value=percent(value_of(row, measure)[0], 0))
        for row in sides
        if row is not None
    ]
    chance = percent(max(row.chance for row in rows if row.role == EVERYTHING), 0)
    sentence = word("roles.verdict", best=Marked(mark("; ")).join(best), chance=chance) if best else ""
    return together(sentence, landings(rows))


def landings(rows: Sequence[RoleShare]) -> str:
    """In a sentence: on which role each glimpse has its peak most often; nothing for other maps."""
    text = []
    for number in sorted({row.number for row in rows if row.part not in ("", ROW)}):
        own = [row for row in rows if row.part not in ("", ROW) and row.number == number and row.role in ROLES]
        best = max(own, key=lambda row: row.pointing)
        share = percent(best.pointing, 0)
        text.append(word("roles.lands", number=number + 1, role=plain(f"role.{best.role}.within"), share=share))
    return word("roles.landings", each=listed(text)) if text else ""


def role_table(rows: Sequence[RoleShare], titles: dict[Part, str], measure: str) -> str:
    """The table as HTML: the stronger the color of a cell, the more of the map is there; bold is above chance."""
    roles = [role for role in (*ROLES, EVERYTHING) if any(row.role == role for row in rows)]
    cells = {(row.source, row.part, row.number, row.role): row for row in rows}
    chances = {role: max(row.chance for row in rows if row.role == role) for role in roles}
    head = "".join(
        f'<th scope="col">{escape(plain(f"role.{role}"))}<small>'
        f"{escape(plain('example.chance', chance=percent(chances[role], 0)))}</small></th>"
        for role in roles
    )
    body = "".join(
        line(part, title, [cells.get((*part, role)) for role in roles], measure) for part, title in titles.items()
    )
    return f'<div class="fovea-roles"><table><thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def line(part: Part, title: str, row: Sequence[RoleShare | None], measure: str) -> str:
    """One line of the table."""
    kind = "own" if part[0].startswith(ATTENTION_PREFIX) else "reference" if part[0] in REFERENCES else ""
    found = []
    for one in row:
        if one is None:
            found.append("<td></td>")
            continue
        value, low = value_of(one, measure)
        shown = escape(percent(value, 0))
        shown = f"<b>{shown}</b>" if low > one.chance else shown
        found.append(f'<td style="--share: {100 * value:.0f}%">{shown}</td>')
    return f'<tr class="{kind}"><th scope="row">{escape(title)}</th>{"".join(found)}</tr>'


def show_example(subject: Subject, rows: Sequence[RoleShare]) -> None:
    """One of the pictures with one of the maps over it, what matters outlined, and the shares of this map alone."""
    model, titles = subject.classifier, part_titles(rows, subject.classifier.card)
    cases, names = attention_truth.cases(model), {"/".join(map(str, part)): part for part in titles}
    if state.get(TrustKey.ROLE_MAP) not in names:
        state.put(TrustKey.ROLE_MAP, next(iter(names)))
    state.put(TrustKey.EXAMPLE, min(state.get(TrustKey.EXAMPLE) or 1, len(cases)))
    st.markdown(f"**{word('example.title')}**")
    map_, picture = st.columns([1.2, 1], vertical_alignment="bottom")
    chosen = map_.selectbox(
        word("example.source"),
        list(names),
        key=TrustKey.ROLE_MAP,
        format_func=lambda one: titles[names[one]],
        persist_state="session",
    )
    number = picture.number_input(
        word("example.number", count=len(cases)), 1, len(cases), key=TrustKey.EXAMPLE, persist_state="session"
    )
    case, row = cases[number - 1], next(row for row in rows if (row.source, row.part, row.number) == names[chosen])
    answer = class_titles(model.card.classes)[case.target]
    values = attention_truth.map_of(model, case, row, state.session_id())
    outlined = figures.lay(model.square(case.picture), evidence(values), case.masks[""])
    st.image(outlined, width="stretch", alt=word("example.alt", name=answer))
    st.caption(word("roles.example", name=answer))
    text = {place.removesuffix("-") or EVERYTHING: core.localize(values, mask) for place, mask in case.masks.items()}
    lines = [
        f"<dt>{escape(plain(f'role.{role}'))}</dt><dd>{ranking.measure_value(text[role].mass, True)} "
        f"<small>{escape(plain('example.chance', chance=ranking.measure_value(text[role].chance, True)))}</small></dd>"
        for role in (*ROLES, EVERYTHING)
        if role in text
    ]
    with st.container(key="trust-numbers"):
        st.html(f'<dl class="fovea-measures">{"".join(lines)}</dl>')
