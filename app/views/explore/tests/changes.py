"""The choice of a change of attention."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import streamlit as st

import core
from app import attention_maps, runtime, state
from app.components.gallery import gallery
from app.state import Key, Subject
from app.titles import part_title, sample_title, tap_titles
from app.views.explore.keys import CHANGE, ExploreKey
from app.views.explore.tests import painting
from app.widgets import pictures
from app.words import known, means, together, word
from core import AttentionMap, Reading
from core.attention import Tap
from core.data import list_samples
from core.evaluation import Change

UNIFORM, OFF, SHUFFLED, OTHER, PAINTED = "uniform", "off", "shuffled", "other", "painted"
"""The ways that switch off a kind of part: a head, a channel, a glimpse."""
EVERY = ""
"""All of the attention, in place of one tap's name."""
OFF_MEANS = {None: "same", 0.0: "zero"}
"""What a tap's weight for "no attention" does: the same as uniform, or zero; any other lets everything pass."""
FEW = 16
"""Up to as many parts each have a button; more are found in a list."""


@dataclass(frozen=True)
class Plan:
    """A change of attention: the names of the ``taps``, the kind of change (``way``), and its settings."""

    taps: tuple[str, ...]
    way: str
    detail: Hashable
    changes: Mapping[str, Change]

    @property
    def names(self) -> tuple[Hashable, ...]:
        """What a cache may know it by."""
        return self.taps, self.way, self.detail


def part_of(one: AttentionMap) -> tuple[str, int]:
    """What a map is made of, and of how many; nothing where it is a whole."""
    part = one.kind.part
    count = one.weights.shape[one.kind.part_axis] if part else 1
    return (part, count) if count > 1 else ("", 1)


def ways(maps: Sequence[AttentionMap]) -> list[str]:
    """The ways in which that attention can be changed."""
    found = [UNIFORM, OFF, SHUFFLED, OTHER]
    if len(maps) == 1:
        found[3:3] = filter(None, [part_of(maps[0])[0]])
        found += [PAINTED] if maps[0].kind.on_picture and not maps[0].kind.signed else []
    return found


def initial_tap(reading: Reading) -> str:
    """The tap that a test begins with: the one on the left pane, or the last where none of them is.

    It follows the pane until the user, or an address, chooses another.
    """
    shown, taps = attention_maps.find_choice(reading, state.get(Key.MAP) or ""), [one.tap for one in reading.maps]
    first = shown.tap if shown is not None and shown.tap in taps else taps[-1]
    chosen, requested = state.get(ExploreKey.CHANGED), state.get(Key.REQUESTED, {})
    if chosen is None:
        state.put(ExploreKey.CHANGED, first)
    elif chosen == state.get(ExploreKey.INITIAL_TAP) != first and ExploreKey.CHANGED not in requested:
        state.put(ExploreKey.CHANGED, first)
        state.reset(ExploreKey.PARTS_OFF)
    state.put(ExploreKey.INITIAL_TAP, first)
    return first


def reset() -> None:
    """Restore the initial settings."""
    state.reset(*CHANGE, ExploreKey.DONOR, ExploreKey.PAINTED)


def choose_change(tap: str, way: str, numbers: Sequence[int] = ()) -> None:
    """Change one tap in that way; ``numbers`` are the parts that are off. For callbacks."""
    state.put(ExploreKey.CHANGED, tap)
    state.put(ExploreKey.WAY, way)
    state.put(ExploreKey.PARTS_OFF, list(numbers))


def pick_changes(subject: Subject, reading: Reading, busy: bool = False) -> Plan:
    """Draw the choices, and return the plan. A ``Plan`` without changes stands for a choice that is not made yet.

    While the page is ``busy`` the choices wait: a fragment is not drawn before the run that is under way has ended.

    Raises:
        InvalidInput: what was painted is no grid.
    """
    titles, maps = tap_titles(reading.maps), {one.tap: one for one in reading.maps}
    offered = [*maps, *([EVERY] if len(maps) > 1 else [])]
    first = initial_tap(reading)
    if state.get(ExploreKey.CHANGED) not in offered:
        state.put(ExploreKey.CHANGED, first)
    which, back = st.columns([3, 1], vertical_alignment="bottom")
    tap = which.selectbox(
        word("change.which"),
        offered,
        key=ExploreKey.CHANGED,
        format_func=lambda one: titles[one] if one else word("change.every"),
        on_change=lambda: state.reset(ExploreKey.PARTS_OFF),
        disabled=busy,
        persist_state="session",
    )
    back.button(
        word("change.reset"),
        key="reset-change",
        icon=":material/restart_alt:",
        help=word("change.reset.help"),
        on_click=reset,
        width="stretch",
        disabled=busy,
    )
    chosen = [maps[tap]] if tap else list(reading.maps)
    possible = ways(chosen)
    if state.get(ExploreKey.WAY) not in possible:
        state.put(ExploreKey.WAY, UNIFORM)
    way = st.pills(
        word("change.way"),
        possible,
        key=ExploreKey.WAY,
        format_func=lambda one: word(f"change.way.{one}", "change.way.part"),
        help=means("intervention"),
        required=True,
        disabled=busy,
        persist_state="session",
    )
    return plan_change(subject, chosen, way, busy)


def about(subject: Subject, chosen: Sequence[AttentionMap], way: str) -> str:
    """What a way does, in a sentence for each kind of attention that is chosen."""
    taps = subject.classifier.taps
    return together(*dict.fromkeys(about_tap(taps[one.tap], way) for one in chosen))


def about_tap(tap: Tap, way: str) -> str:
    """What a way does to a tap: in words for its kind, else for the shape of its kind, else in general."""
    kind, shape, off = tap.kind, attention_shape(tap), OFF_MEANS.get(tap.off, "open")
    if tap.remixed and way in (OFF, kind.part):
        return word("change.about.off.remixed" if way == OFF else "change.about.part.remixed")
    if way == kind.part:
        return word(f"change.about.part.{off}.{way}", f"change.about.part.{off}")
    if way == OFF:
        general = known(f"change.about.off.{off}.{shape}", word(f"change.about.off.{off}"))
        return known(f"change.about.off.{off}.{kind}", general)
    general = known(f"change.about.{way}.{shape}", known(f"change.about.{way}", ""))
    return known(f"change.about.{way}.{kind}", general)


def attention_shape(tap: Tap) -> str:
    """The shape of a tap's kind; "pooling" or "poolings" for maps over the picture that a softmax makes."""
    if tap.softmax and not tap.kind.compares and tap.kind.on_picture:
        return "poolings" if tap.kind.stacked else "pooling"
    return tap.kind.shape


def plan_change(subject: Subject, chosen: Sequence[AttentionMap], way: str, busy: bool) -> Plan:
    """Draw the description and the settings of a way, and return its plan."""
    st.caption(about(subject, chosen, way))
    taps = tuple(one.tap for one in chosen)
    if way in (UNIFORM, OFF):
        return Plan(taps, way, None, dict.fromkeys(taps, core.UNIFORM if way == UNIFORM else core.OFF))
    if way == SHUFFLED:
        seed = pick_seed(busy)
        return Plan(taps, way, seed, dict.fromkeys(taps, core.SHUFFLED(seed)))
    if way == OTHER:
        donor = pick_donor(subject)
        theirs = {one.tap: one for one in runtime.reading(subject.classifier, donor).maps}
        return Plan(taps, way, donor.key, {tap: theirs[tap] for tap in taps})
    if way == PAINTED:
        painted = painting.paint_weights(subject, chosen[0])
        if painted is None:
            return Plan(taps, way, None, {})
        return Plan(taps, way, sha256(painted.tobytes()).hexdigest(), {taps[0]: painted})
    numbers = pick_parts(chosen[0], busy)
    return Plan(taps, way, numbers, {taps[0]: core.off(**{way: numbers})} if numbers else {})


def pick_seed(busy: bool) -> int:
    """The seed of a shuffle."""
    state.put(ExploreKey.SHUFFLE, state.get(ExploreKey.SHUFFLE, 0))
    return st.number_input(
        word("change.seed"),
        0,
        9999,
        key=ExploreKey.SHUFFLE,
        help=means("seed"),
        width=160,
        disabled=busy,
        persist_state="session",
    )


def pick_parts(one: AttentionMap, busy: bool) -> tuple[int, ...]:
    """The heads, channels or glimpses that are off, counted from 0; the first one to begin with."""
    part, count = part_of(one)
    wanted = [number for number in state.get(ExploreKey.PARTS_OFF, [0]) if number < count]
    state.put(ExploreKey.PARTS_OFF, wanted)

    def title(number: int) -> str:
        return part_title(part, number)

    label = word(f"change.way.{part}", "change.way.part")
    shown = {"key": ExploreKey.PARTS_OFF, "format_func": title, "label_visibility": "collapsed"}
    shown |= {"disabled": busy, "persist_state": "session"}
    if count <= FEW:
        found = st.pills(label, range(count), selection_mode="multi", **shown)
    else:
        found = st.multiselect(label, range(count), **shown)
    if not found:
        st.caption(word("change.nothing"))
    return tuple(sorted(found))


def pick_donor(subject: Subject) -> core.Picture:
    """The picture whose attention is taken: another sample, or an uploaded picture."""
    own = {slug: one.name for slug, one in state.uploads().items()}
    offered = own | {one.slug: sample_title(one.title) for one in list_samples(subject.classifier.card.family)}
    offered.pop(subject.sample, None)
    if state.get(ExploreKey.DONOR) not in offered:
        state.put(ExploreKey.DONOR, next(iter(offered)))

    def click() -> None:
        event = state.component(ExploreKey.DONORS, "chosen")
        if event:
            state.put(ExploreKey.DONOR, event["slug"])

    tiles = [
        gallery.Tile(slug, title, runtime.picture_thumbnail(pictures.find_picture(slug)))
        for slug, title in offered.items()
    ]
    gallery.show_gallery(
        tiles,
        state.get(ExploreKey.DONOR),
        key=ExploreKey.DONORS,
        label=word("change.donors"),
        remove=word("picture.remove"),
        on_chosen=click,
    )
    return pictures.framed(subject.classifier.card, pictures.find_picture(state.get(ExploreKey.DONOR)), subject.framing)
