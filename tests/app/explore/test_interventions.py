"""Interventions on Explore: what is shown is what the core says when it is asked directly, for every kind of model."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import core
from app.attention_maps import find_choice
from app.runtime.explore import interventions
from app.state import Key, Subject
from app.titles import tap_titles
from app.views.explore.keys import ExploreKey
from app.views.explore.tests import changes
from app.views.explore.tests.changes import EVERY, OFF, OTHER, PAINTED, SHUFFLED, UNIFORM
from app.words import word
from core import AttentionMap, Classifier, Kind, Picture, Stopped
from core.data.samples import list_samples, open_sample
from tests.app.explore.intervention_page import SAMPLE, agrees, choose, open_intervention
from tests.app.pages import shown_text, well
from tests.conftest import build_tiny
from tests.core.attentive_models import ATTENTIVE, adopted, same

# --- what is shown is what the core says


@pytest.mark.parametrize("slug", ATTENTIVE)
def test_at_first_the_attention_on_the_left_pane_is_uniform(slug: str) -> None:
    model, shown = build_tiny(slug), open_intervention(slug)
    reading = core.read(model, open_sample(SAMPLE))
    choice = find_choice(reading, "")
    first = choice.tap if choice else reading.maps[-1].tap  # a channel gate is on no pane
    assert shown.selectbox(key=ExploreKey.CHANGED).value == first
    assert shown.button_group(key=ExploreKey.WAY).value == UNIFORM
    agrees(shown, model, {first: core.UNIFORM})


def test_it_follows_the_pane_until_another_is_chosen() -> None:
    first, second = (f"stage4.block1.{one}" for one in ("first", "second"))

    def on_pane(shown: AppTest, slug: str) -> str:
        shown.session_state[Key.MAP] = slug
        return well(shown.run()).selectbox(key=ExploreKey.CHANGED).value

    shown = open_intervention("self-attention")
    assert shown.selectbox(key=ExploreKey.CHANGED).value == first
    assert on_pane(shown, f"{second}.head2") == second and on_pane(shown, first) == first
    choose(shown, second, "head")
    assert on_pane(shown, f"{first}.head1") == second
    shown = well(shown.button(key="reset-change").click().run())
    assert shown.selectbox(key=ExploreKey.CHANGED).value == first
    rolled = open_intervention("transformer")
    assert on_pane(rolled, "rollout") == core.read(build_tiny("transformer"), open_sample(SAMPLE)).maps[-1].tap


@pytest.mark.parametrize("slug", ATTENTIVE)
def test_each_way_says_what_the_core_says(slug: str) -> None:
    model, shown, picture = build_tiny(slug), open_intervention(slug), open_sample(SAMPLE)
    other = next(one.slug for one in list_samples(model.card.family) if one.slug != SAMPLE)
    theirs = {one.tap: one for one in core.read(model, open_sample(other)).maps}
    maps = {one.tap: one for one in core.read(model, picture).maps}
    given = {OFF: lambda _: core.OFF, SHUFFLED: lambda _: core.SHUFFLED(0), OTHER: theirs.get}
    for tap, way in product([next(iter(maps)), *([EVERY] if len(maps) > 1 else [])], given):
        shown = choose(shown, tap, way)
        agrees(shown, model, {one: given[way](one) for one in ([tap] if tap else maps)})
    assert shown.session_state[ExploreKey.DONOR] == other


@pytest.mark.parametrize(("family", "kind"), [("vit", Kind.PAIRWISE), ("swin", Kind.WINDOWED), ("resnet", None)])
def test_models_of_others_can_be_changed_too(family: str, kind: Kind | None) -> None:
    model, shown = adopted(family), open_intervention(family, family=True)
    if kind is None:
        assert shown_text(shown) == word("change.none") and not shown.button and not shown.selectbox
        return
    one = core.read(model, open_sample(SAMPLE)).maps[0]
    assert one.kind == kind
    shown = choose(shown, one.tap, "head")
    agrees(shown, model, {one.tap: core.off(head=0)})
    shown = well(shown.button_group(key=ExploreKey.PARTS_OFF).set_value([0, 1]).run())
    agrees(shown, model, {one.tap: core.off(head=(0, 1))})


def test_a_model_without_attention_says_so_in_a_sentence() -> None:
    shown = open_intervention("plain")
    assert [one.value for one in shown.markdown] == [word("change.none")]
    assert not shown.button and not shown.selectbox and not shown.get("plotly_chart")


def test_a_shuffle_goes_by_its_seed() -> None:
    model, shown = build_tiny("attention-pooling"), open_intervention("attention-pooling")
    shown = choose(shown, "pool", SHUFFLED)
    shown = well(shown.number_input(key=ExploreKey.SHUFFLE).set_value(7).run())
    agrees(shown, model, {"pool": core.SHUFFLED(7)})


def test_several_parts_can_be_off_and_none() -> None:
    model, shown = build_tiny("squeeze-excitation"), open_intervention("squeeze-excitation")
    tap = shown.selectbox(key=ExploreKey.CHANGED).value
    shown = choose(shown, tap, "channel")
    shown = well(shown.button_group(key=ExploreKey.PARTS_OFF).set_value([3, 1, 12]).run())
    agrees(shown, model, {tap: core.off(channel=(1, 3, 12))})
    shown = well(shown.button_group(key=ExploreKey.PARTS_OFF).set_value([]).run())
    assert word("change.nothing") in shown_text(shown) and "this attention." not in shown_text(shown)
    glimpses = choose(open_intervention("recurrent"), "pool", "glimpse")
    agrees(glimpses, build_tiny("recurrent"), {"pool": core.off(glimpse=0)})


def test_only_what_a_kind_has_is_offered() -> None:
    maps = {slug: core.read(build_tiny(slug), open_sample(SAMPLE)).maps for slug in ("cbam", "self-attention")}
    channels, places = maps["cbam"][:2]
    assert (channels.kind, places.kind) == (Kind.CHANNEL, Kind.SPATIAL)
    assert changes.ways([channels]) == [UNIFORM, OFF, SHUFFLED, "channel", OTHER]
    assert changes.ways([places]) == [UNIFORM, OFF, SHUFFLED, OTHER, PAINTED]
    assert changes.ways(maps["self-attention"][:1]) == [UNIFORM, OFF, SHUFFLED, "head", OTHER, PAINTED]
    assert changes.ways(maps["cbam"]) == [UNIFORM, OFF, SHUFFLED, OTHER]
    single = AttentionMap("one", Kind.PAIRWISE, np.ones((1, 4, 4), np.float32), (2, 2))
    assert "head" not in changes.ways([single]), "one head is the whole"


def test_what_does_not_match_another_attention_is_reset() -> None:
    shown = choose(open_intervention("cbam"), "stage4.attention.spatial", PAINTED)
    shown = well(shown.selectbox(key=ExploreKey.CHANGED).set_value("stage4.attention.channel").run())
    assert shown.button_group(key=ExploreKey.WAY).value == UNIFORM


GATED, ALIKE, PLAIN = "the average of the gate", "attends to all patches equally", "average pooling"
"""What uniform comes to, by the kind of attention."""


@pytest.mark.parametrize("slug", ATTENTIVE)
def test_the_texts_are_those_of_the_attention_that_is_chosen(slug: str) -> None:
    model = build_tiny(slug)
    maps = core.read(model, open_sample(SAMPLE)).maps
    subject = Subject(model, open_sample(SAMPLE), SAMPLE, "center")
    for one in maps:
        said = {way: changes.about(subject, [one], way) for way in changes.ways([one])}
        assert all(said.values())
        gate = not model.taps[one.tap].softmax
        kinds = {GATED: gate, ALIKE: one.kind == Kind.PAIRWISE, PLAIN: slug == "attention-pooling",
                 "glimpse": one.kind == Kind.SEQUENCE}  # fmt: skip
        assert {text: text in said[UNIFORM] for text in kinds} == kinds
        assert ("unchanged" in said[OFF]) == gate == ("pass" in said.get(PAINTED, "pass" if gate else ""))
        assert ("random channels" in said[SHUFFLED]) == (one.kind == Kind.CHANNEL)
    whole = changes.about(subject, maps, OFF)
    assert all(changes.about(subject, [one], OFF) in whole for one in maps)
    assert whole.count(".") == len({changes.about(subject, [one], OFF) for one in maps})


# --- every part's effect


def scanned(slug: str) -> AppTest:
    shown = open_intervention(slug)
    start = [one for one in shown.button if one.key == "start-ablations"]
    return well(start[0].click().run()) if start else shown


@pytest.mark.parametrize("slug", ["cbam", "self-attention", "recurrent", "feature-gate"])
def test_the_table_is_what_ablate_finds(slug: str) -> None:
    model, picture = build_tiny(slug), open_sample(SAMPLE)
    found, names = core.ablate(model, picture), model.card.classes
    assert interventions.ablation_seconds(model, core.read(model, picture)) == pytest.approx(
        len(found) * interventions.pace(model).seconds
    )
    shown = scanned(slug)
    table = shown.dataframe[0].value
    titles = tap_titles(core.read(model, picture).maps)
    assert list(table["attention"]) == [titles[one.tap] for one in found]
    np.testing.assert_allclose(table["loss"], [one.loss for one in found], atol=1e-5)
    np.testing.assert_allclose(table["left"], [100 * one.probability for one in found], atol=1e-3)
    assert (np.diff(table["loss"]) <= 0).all()
    for part, answer, one in zip(table["part"], table["answer"], found, strict=True):
        assert part == (f"{one.part.capitalize()} {one.numbers[0] + 1}" if one.numbers else word("ablate.whole"))
        assert answer == f"{'changes to' if one.changed else 'stays'} {names[one.predicted]}"
    count = sum(one.changed for one in found)
    key = {"count": len(found)} | ({"changed": count} if count else {})
    assert word("ablate.some" if count else "ablate.none", **key) in shown_text(shown)
    assert not [one for one in shown.button if one.key == "start-ablations"]


@pytest.mark.parametrize(("slug", "line"), [("self-attention", 0), ("self-attention", 5), ("cbam", 7)])
def test_a_click_on_a_line_switches_that_part_off(slug: str, line: int) -> None:
    model, one = build_tiny(slug), core.ablate(build_tiny(slug), open_sample(SAMPLE))[line]
    scanned(slug)
    shown = open_intervention(slug, clicked=line)
    assert shown.selectbox(key=ExploreKey.CHANGED).value == one.tap
    assert shown.button_group(key=ExploreKey.WAY).value == (one.part if one.numbers else OFF)
    agrees(shown, model, {one.tap: core.off(**{one.part: one.numbers}) if one.numbers else core.OFF})
    assert shown.session_state[ExploreKey.ABLATIONS]["selection"]["rows"] == [line]
    shown = well(shown.button_group(key=ExploreKey.WAY).set_value(UNIFORM).run())
    assert shown.session_state[ExploreKey.ABLATIONS]["selection"]["rows"] == []


def test_a_long_try_says_its_time_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interventions, "find_ablations", lambda *_: None)
    monkeypatch.setattr(interventions, "ablation_seconds", lambda *_: 42.0)
    assert word("compute.about", duration=word("duration.seconds", count=42)) in shown_text(open_intervention("cbam"))
    monkeypatch.setattr(interventions, "ablation_seconds", lambda *_: 1.5)
    assert "takes about" not in shown_text(open_intervention("cbam"))


def test_stop_ends_it_and_nothing_is_kept(tiny: Callable[[str], Classifier], picture: Picture) -> None:
    def tick(done: int, total: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        interventions.ablations(tiny("cbam"), picture, 3, tick=tick)
    assert interventions.find_ablations(tiny("cbam"), picture, 3) is None


# --- back again


def test_reset_puts_everything_back_and_no_trace_is_left() -> None:
    model, picture = build_tiny("self-attention"), open_sample(SAMPLE)
    first, shown = core.read(model, picture), open_intervention("self-attention")
    begun = shown_text(shown)
    for way in (OFF, SHUFFLED, "head", OTHER, PAINTED):
        shown = choose(shown, "stage4.block1.first", way)
        assert same(core.read(model, picture), first)
    assert shown_text(shown) != begun
    shown = well(shown.button(key="reset-change").click().run())
    assert shown_text(shown) == begun and shown.button_group(key=ExploreKey.WAY).value == UNIFORM
    assert same(core.read(model, picture), first)
