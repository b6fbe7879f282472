"""The votes of a class on the questions of a lesson: students vote, and the teacher reveals the result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

import streamlit as st

from app import state
from app.runtime.votes import is_teacher, voter_mark, votes
from app.state import Key
from app.widgets.lesson.playing import Place, answer_of, commit
from app.widgets.lesson.projector import digits
from app.widgets.lesson.texts import value_text, words_of
from app.words import literal, percent, plain, say, shortest, unmarked, word
from core import InvalidInput
from core.lessons import (
    CHOICE,
    CODE,
    NUMBER,
    POINT,
    RANK,
    ROUNDS,
    TEXT,
    Exercise,
    Question,
    Tally,
    bin_of,
    bins,
    given_of,
)

CSS = Path(__file__).with_name("votes.css")
FEWEST = 5
"""The fewest answers for which bars are shown; with fewer, answers could be traced to persons."""
LISTED = 6
"""The number of most common orders that are shown."""
EVERY = 5.0
"""Seconds after which the teacher's counts are updated."""


@dataclass(frozen=True)
class Voted:
    """The vote of this browser on a question: the round, and the answer if it is known."""

    round: int
    given: tuple[str | float, ...]


def class_code() -> str:
    """The code of the class in the link; empty if there is none or it is invalid."""
    code = str(state.get(Key.CLASS) or "")
    return code if CODE.fullmatch(code) else ""


def teaches() -> bool:
    """Whether this is the teacher's session, because the link contains the key of the class."""
    code = class_code()
    return bool(code) and is_teacher(code, str(state.get(Key.TEACHER) or ""))


def votes_here(place: Place) -> bool:
    """Whether an answer to this step is a vote: in a class, for everyone except the teacher."""
    return bool(class_code() and place.step.exercise and not teaches())


def voted(place: Place) -> Voted | None:
    """The vote of this browser on a question, also from before a reload; None if there is none."""
    exercise, question = place.step.exercise, _question(place)
    if exercise is None or not class_code():
        return None
    try:
        own = votes().own(question, voter_mark(question, state.session_id()))
    except InvalidInput:  # reported when the learner votes
        return None
    if not own:
        return None
    number, kept = max(own), (state.get(Key.VOTED) or {}).get(_key(place))
    known = kept is not None and kept.round == number
    return kept if known else Voted(number, given_of(exercise, own[number]))


def cast(place: Place, given: tuple[str | float, ...]) -> None:
    """Count an answer in its class; in a callback. The result is shown after the second vote.

    If the vote cannot be stored, it becomes an ordinary answer, with a notice.
    """
    before, question = voted(place), _question(place)
    if place.step.exercise is None or (before is not None and before.round == ROUNDS[-1]):
        commit(place, given)
        return
    try:
        if before is not None and votes().tally(question).round == before.round:
            state.notice(word("vote.wait"))
            return
        mark = voter_mark(question, state.session_id())
        number = votes().vote(question, bin_of(place.step.exercise, given), mark)
    except InvalidInput as error:
        state.notice(say(error))
        commit(place, given)
        return
    state.put(Key.VOTED, {**(state.get(Key.VOTED) or {}), _key(place): Voted(number, given)})
    if number == ROUNDS[-1]:
        commit(place, given)


def show_buttons(place: Place, given: tuple[str | float, ...]) -> None:
    """Draw a student's buttons: to vote, and after the first vote to show the result."""
    before = voted(place)
    over = before is not None and before.round == ROUNDS[-1]
    if not over:
        label, key = word("vote.send" if before is None else "vote.again"), f"lesson-vote.{place.key}"
        st.button(label, key=key, type="primary", disabled=not given, on_click=cast, args=(place, given))
    result, kind = word("lesson.skip" if before is None else "vote.result"), "primary" if over else "tertiary"
    args = (place, before.given if before else ())
    st.button(result, key=f"lesson-skip.{place.key}", type=kind, on_click=commit, args=args)


def show_state(place: Place) -> None:
    """State whether the answer counts as a vote of the class, or that the code in the address is not valid."""
    if state.get(Key.CLASS) and not class_code():
        st.warning(word("vote.unknown", code=str(state.get(Key.CLASS))))
    elif votes_here(place) and answer_of(place) is None:
        before = voted(place)
        both = before is not None and before.round == ROUNDS[-1]
        st.caption(word("vote.about" if before is None else "vote.both" if both else "vote.kept", code=class_code()))


@st.fragment(run_every=EVERY)
def show_votes(place: Place) -> None:
    """Draw the teacher's view of the votes on a step: their number, and once revealed, the bars of both rounds."""
    question, exercise = _question(place), place.step.exercise
    if exercise is None:
        return
    try:
        tally = votes().tally(question)
    except InvalidInput as error:
        st.warning(literal(error))
        return
    shown = place.key in (state.get(Key.SHOWN_VOTES) or ())
    with st.container(border=True, key="class-votes"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{word('vote.first.count', count=tally.total(ROUNDS[0]))}**")
            if tally.round == ROUNDS[-1]:
                st.markdown(f"**{word('vote.second.count', count=tally.total(ROUNDS[-1]))}**")
            st.caption(word("vote.class", code=question.code))
            reveal = word("vote.hide" if shown else "vote.reveal")
            st.button(reveal, key=f"vote-reveal.{place.key}", type="primary", on_click=_toggle, args=(place,))
            if tally.round == ROUNDS[0]:
                st.button(word("vote.second"), key=f"vote-second.{place.key}", on_click=_second, args=(question,))
            key, means = f"vote-clear.{place.key}", word("vote.clear.help")
            st.button(word("vote.clear"), key=key, type="tertiary", help=means, on_click=_clear, args=(place, question))
        if shown:
            _reveal(place, exercise, tally)


def _reveal(place: Place, exercise: Exercise, tally: Tally) -> None:
    """Draw the bars of each round with enough answers side by side, and state which round has too few."""
    if exercise.kind == TEXT:
        st.caption(word("vote.texts"))
        return
    begun = ROUNDS[: ROUNDS.index(tally.round) + 1]
    shown = {one: tally.counts[one] for one in begun if tally.total(one) >= FEWEST}
    if shown:
        st.html(CSS)
        st.html(bars(place, exercise, shown))
    if len(shown) < len(begun):
        st.caption(word("vote.few", count=FEWEST))


def bars(place: Place, exercise: Exercise, counts: dict[int, Counter[str]]) -> str:
    """A row for each bin, with a bar for each round, whose length is the share of the round's votes."""
    rows = []
    for name in _shown_bins(exercise, counts):
        drawn = ""
        for number, votes_of in counts.items():
            share = 100 * votes_of[name] / votes_of.total()
            bar = f'<i style="width:{share:.1f}%"></i><b>{digits(str(votes_of[name]))}</b>'
            drawn += f'<dd class="vote-bar vote-round-{number}">{bar}</dd>'
        right = " class=vote-right" if answer_of(place) is not None and name == ",".join(exercise.answer) else ""
        rows.append(f"<dt{right}>{escape(bin_title(place, exercise, name))}</dt>{drawn}")
    names = "".join(f"<span>{escape(plain(f'vote.round.{one}'))}</span>" for one in counts)
    size = f"vote-columns-{len(counts)}" + (" vote-sentences" if exercise.kind in (CHOICE, RANK) else "")
    return f'<p class="vote-rounds {size}"><span></span>{names}</p><dl class="vote-bars {size}">{"".join(rows)}</dl>'


def _shown_bins(exercise: Exercise, counts: dict[int, Counter[str]]) -> list[str]:
    """The bins of a question, or the most common orders."""
    every: Counter[str] = sum(counts.values(), Counter())
    return [*bins(exercise)] or [name for name, _ in every.most_common(LISTED)]


def bin_title(place: Place, exercise: Exercise, name: str) -> str:
    """The title of a bin; empty for the bin of all texts."""
    if exercise.kind == TEXT:
        return ""
    if exercise.kind == POINT:
        return unmarked(word(f"vote.place.{name}"))
    if exercise.kind == NUMBER:
        wide, first = (exercise.high - exercise.low) / len(bins(exercise)), exercise.low
        low, high = first + int(name) * wide, first + (int(name) + 1) * wide
        end = percent(high / 100, 0) if exercise.unit == "%" else f"{shortest(high)} {exercise.unit}".strip()
        return f"{shortest(low)} – {end}"
    options = words_of(place.lesson).options
    texts = [value_text(place.lesson, options[place.step.name, one].text) for one in _names(exercise, name)]
    return unmarked(" → ".join(texts))


def _names(exercise: Exercise, name: str) -> Iterator[str]:
    """The options in the name of a bin, without unknown ones, since the file may have been edited."""
    yield from (one for one in (name.split(",") if exercise.kind == RANK else [name]) if one in exercise.options)


def _key(place: Place) -> str:
    return f"{class_code()}/{place.key}"


def _question(place: Place) -> Question:
    return Question(class_code(), place.lesson.name, place.step.name)


def _toggle(place: Place) -> None:
    state.put(Key.SHOWN_VOTES, set(state.get(Key.SHOWN_VOTES) or ()) ^ {place.key})


def _second(question: Question) -> None:
    try:
        votes().begin_second(question)
    except InvalidInput as error:
        state.notice(say(error))


def _clear(place: Place, question: Question) -> None:
    state.put(Key.SHOWN_VOTES, set(state.get(Key.SHOWN_VOTES) or ()) - {place.key})
    try:
        votes().clear(question)
    except InvalidInput as error:
        state.notice(say(error))
