"""Share and export a view: pinning, its link, its maps as a file, and its Python code."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from app import state
from app.state import View
from app.views.explore import link as copying
from app.views.explore import pinned, report
from app.views.explore.analysis import Analysis
from app.words import word
from core import Attribution, Classifier, Picture, Reading
from core.attention import ROLLOUT
from core.attribution import method
from core.files import to_json
from core.types import Box


def code(view: View, target: str, box: Box, query: int | None = None, card: str = "") -> str:
    """Python code that computes the same maps and numbers.

    ``query`` is the pinned patch; ``card`` the file that an uploaded model's card came in.
    """
    kind, _, _rest = view.sample.partition("/")
    if kind == "upload":
        opened = 'core.open_image("photo.jpg")  # ' + word("code.yours")
    else:
        opened = f"open_sample({quoted(view.sample)})"
    lines = ["import core"]
    if kind != "upload":
        lines.append("from core.data import open_sample")
    slug, yours = (f"file:{card}", f"  # {word('code.card')}") if card else (view.model, "")
    lines += [f"classifier = core.load({quoted(slug)}){yours}", f"picture = {opened}"]
    if view.framing != "center":
        how = '"fit"' if view.framing == "fit" else tuple(round(edge) for edge in box)
        lines.append(f"picture = core.reframe(picture, {how})")
    extra = f", contrast={quoted(view.contrast)}" if view.contrast else ""
    extra += "".join(f", {name}={value!r}" for name, value in view.parameters)
    lines += [
        "reading = core.read(classifier, picture)",
        f'found = core.attribute(classifier, picture, "{view.method}", target={quoted(target)}{extra})',
    ]
    if view.map:
        tap, _, head = view.map.partition(".head")
        which = f'next(one for one in reading.maps if one.tap == "{tap}")'
        which = "core.rollout_map(reading.maps)" if tap == ROLLOUT else which
        requested = ([f"head={int(head) - 1}"] if head else []) + ([f"query={query}"] if query is not None else [])
        chosen = f"core.to_grid({', '.join([which, *requested])})" if requested else which
        lines.append(f"print(core.agreement({chosen}, found))")
    return "\n".join(lines)


def quoted(text: str) -> str:
    """A text as Python and JSON write it, whatever it holds."""
    return json.dumps(text, ensure_ascii=False)


def settings(classifier: Classifier, picture: Picture, view: View, target: str, found: Attribution | None) -> dict:
    """The settings of a view's maps: everything that is needed to compute them again."""
    card, chosen = classifier.card, method(view.method)
    return {
        "model": card.slug,
        "title": card.title,
        "checksum": card.facts.get("checksum"),
        "picture": {"name": picture.name, "sample": view.sample, "sha256": picture.sha256, "box": list(picture.box)},
        "preprocessing": {"size": card.size, "mean": list(card.mean), "std": list(card.std), "framing": view.framing},
        "map": view.map,
        "method": chosen.slug,
        "parameters": chosen.settle(classifier, dict(view.parameters)),
        "target": target,
        "contrast": None if found is None or found.contrast is None else card.classes[found.contrast],
        "gap": None if found is None else found.gap,
    }


def maps_file(
    reading: Reading, found: Attribution | None, classes: Sequence[str], settings: Mapping[str, Any]
) -> bytes:
    """The raw maps as NPZ: each tap's weights and the attribution, and what they are of.

    ``probabilities`` (k,) are those of the ``classes`` (k,), texts; ``settings`` is one text of JSON.
    """
    arrays = {one.tap: one.weights for one in reading.maps}
    arrays |= {"probabilities": reading.probabilities, "energy": reading.energy, "classes": np.array(classes)}
    arrays["settings"] = np.array(to_json(settings))
    if found is not None:
        arrays["attribution"] = found.values
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def link(view: View, own: bool) -> None:
    """Draw the button that copies the link, or the reason why there is no link."""
    if view.travels and not own:
        copying.show_link()
        return
    with st.popover(word("share.copy"), icon=":material/link_off:"):
        st.markdown(word("share.own") if own else word("share.upload"))


def show_share(view: View, analysis: Analysis, target: str) -> None:
    """Draw the row of buttons; ``target`` is the name of the class that is explained."""
    subject, reading, found = analysis.subject, analysis.reading, analysis.found
    classifier, picture = subject.classifier, subject.picture
    made = settings(classifier, picture, view, target, found)
    own = state.own_models().get(view.model)
    card = own.card.facts["uploaded"] if own is not None else ""
    written = code(view, target, picture.box, analysis.shown.query, card)
    with st.container(horizontal=True, gap="small"):
        pinned.show_pins(view)
        link(view, own is not None)
        report.show_report(analysis, view, written)
        st.download_button(
            word("share.maps"),
            state.deferred(lambda: maps_file(reading, found, classifier.card.classes, made)),
            file_name=f"{view.model.replace('/', '-')}-{view.sample.replace('/', '-')}.npz",
            mime="application/octet-stream",
            icon=":material/download:",
            help=word("share.maps.help"),
        )
        with st.popover(word("code.title"), icon=":material/code:"):
            st.caption(word("code.help"))
            st.code(written, language="python")
