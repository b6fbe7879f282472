"""The strip of pictures, the ways to add one, and its crop."""

from __future__ import annotations

import math
from dataclasses import replace

import streamlit as st

from app import runtime, state
from app.components.gallery import gallery
from app.runtime import uploads
from app.state import Key
from app.titles import sample_title
from app.widgets import job
from app.widgets.upload import pick_files
from app.words import megabytes, percent_format, plain, say, word
from core import InvalidInput, ModelCard, Picture, open_image, reframe
from core.data import IMAGENETTE_BYTES, describe_sample, fetch_imagenette, list_samples, sample_truth, unswapped
from core.images import MAX_BYTES, frame
from core.tasks import find_task
from core.types import Progress

UPLOADS, LARGEST = 24, MAX_BYTES >> 20
"""The most uploaded pictures in the strip, and the most megabytes of one file."""
ELONGATED, DRAWN = 4, 2
"""Of a picture that is longer than so many times its other side, so many times that side round the square are drawn."""
CENTER, FIT, BOX = "center", "fit", "box"
MIDDLE, SMALLEST = (50, 50, 60), 10
"""The initial custom box, across, down and its side in percent; and the least side."""


def find_picture(slug: str) -> Picture:
    """The picture of a sample or an upload; InvalidInput where it is not here."""
    if state.is_upload(slug):
        own = state.uploads().get(slug)
        if own is None:
            raise InvalidInput(plain("picture.gone"))
        return own
    return runtime.sample_picture(slug)


def find_truth(slug: str) -> str | None:
    """The class that a sample or an upload shows, where that is known."""
    return state.truth_of_upload(slug) if state.is_upload(slug) else sample_truth(slug)


def title(slug: str) -> str:
    """The title of a sample or an upload: class and background of a scene, else its name."""
    own = state.uploads().get(slug)
    return own.name if own is not None else sample_title(describe_sample(slug))


def pick_picture(family: str, *, named: bool = True) -> tuple[str, Picture]:
    """The strip of samples and the user's own pictures, with the ways to add one; the chosen slug and picture.

    Samples that are not ``named`` have numbers, since their titles state the answers to questions about them.
    """
    offered = {one.slug: sample_title(one.title) for one in list_samples(family)}
    chosen = state.get(Key.SAMPLE)
    tile = unswapped(chosen or "")  # a picture whose cue was moved stands in the strip with its original cue
    if chosen and chosen not in offered:
        try:
            find_picture(chosen)
            if tile not in offered and not state.is_upload(chosen):
                offered = {tile: find_picture(tile).name} | offered
        except InvalidInput as error:
            state.notice(say(error))
            chosen = None
    if not chosen:
        task = find_task(family)
        chosen = tile = f"{family}/{task.first}" if task else next(iter(offered))
        state.put(Key.SAMPLE, chosen)
    if not named:
        offered = {slug: plain("picture.number", number=number) for number, slug in enumerate(offered, 1)}
    own = [gallery.Tile(slug, one.name, runtime.picture_thumbnail(one), True) for slug, one in state.uploads().items()]
    tiles = [
        gallery.Tile(slug, title, runtime.picture_thumbnail(find_picture(slug))) for slug, title in offered.items()
    ]

    def click() -> None:
        event = state.component(Key.GALLERY, "chosen")
        if not event:
            return
        if event["action"] == "remove":
            state.remove_upload(event["slug"])
            if state.get(Key.SAMPLE) == event["slug"]:
                state.reset(Key.SAMPLE, Key.TARGET)
        else:
            state.put(Key.SAMPLE, event["slug"])
            state.reset(Key.TARGET)

    gallery.show_gallery(
        [*own, *tiles],
        tile,
        key=Key.GALLERY,
        label=word("picture.strip"),
        remove=word("picture.remove"),
        on_chosen=click,
    )
    add_pictures()
    return chosen, find_picture(chosen)


def take_in(files: list) -> None:
    """Open the uploaded pictures and release the files; a message names each one that cannot be opened."""
    state.clear_notices()
    for file in files:
        try:
            if uploads.is_refused(file):
                raise InvalidInput(plain("upload.refused", name=file.name, files=uploads.FILES))
            if len(state.uploads()) >= UPLOADS:
                raise InvalidInput(plain("picture.full", count=UPLOADS))
            slug = state.add_upload(open_image(file.getvalue(), name=file.name))
            state.put(Key.SAMPLE, slug)
            state.reset(Key.TARGET)
        except InvalidInput as error:
            state.notice(say(error) if file.name in str(error) else f"{file.name}: {say(error)}")
        uploads.release(file)
    uploads.give_back()


def fetch_photographs() -> None:
    """A button that downloads Imagenette, if its folder is not on this machine."""

    def work(tick: Progress) -> None:
        state.reset(Key.RUNNING)  # whatever ends this run ends the work
        fetch_imagenette(progress=tick)

    try:
        job.job(
            "photographs",
            work,
            name="photographs",
            label=word("picture.fetch", size=megabytes(IMAGENETTE_BYTES, 0)),
            first=word("picture.fetching"),
            help=word("picture.fetch.help"),
            icon=":material/cloud_download:",
            type="secondary",
        )
    except InvalidInput as error:
        state.notice(say(error))  # in parallel with the page, which needs no photographs


def add_pictures() -> None:
    """Drag, browse or paste pictures, or take one with the camera."""

    def uploaded() -> None:
        take_in(state.get(state.fresh_key(Key.UPLOADER), []))
        state.renew(Key.UPLOADER)  # an empty uploader: the pictures are in the strip now

    def photographed() -> None:
        shot = state.get(Key.CAMERA)
        if shot is not None:
            take_in([shot])

    pick_files(
        word("picture.add"),
        ("jpg", "jpeg", "png", "webp"),
        LARGEST,
        state.fresh_key(Key.UPLOADER),
        uploaded,
        accept_multiple_files=True,
        label_visibility="collapsed",
    )
    st.caption(word("picture.private", limit=LARGEST))
    if not runtime.has_photographs():
        fetch_photographs()
    if st.toggle(word("picture.camera"), key=Key.CAMERA_ON):
        st.camera_input(word("picture.camera"), key=Key.CAMERA, on_change=photographed, label_visibility="collapsed")


def pick_framing(card: ModelCard, picture: Picture) -> tuple[str, Picture]:
    """The picker of the crop: its name for the address, and the picture with that box."""
    requested = state.get(Key.FRAMING) or CENTER
    own = requested.startswith(f"{BOX}:")
    framing = box_name(*numbers(requested)) if own else requested if requested == FIT else CENTER
    if framing != requested:
        state.notice(word("framing.unknown", framing=requested))
    state.put(Key.FRAMING, framing)
    state.put(Key.FRAMING_KIND, BOX if own else framing)

    def change() -> None:
        kind = state.get(Key.FRAMING_KIND) or CENTER
        state.put(Key.FRAMING, box_name(*MIDDLE) if kind == BOX else kind)

    st.segmented_control(
        word("framing.label"),
        [CENTER, FIT, BOX],
        key=Key.FRAMING_KIND,
        format_func=lambda kind: word(f"framing.{kind}"),
        on_change=change,
        required=True,
        width="stretch",
    )
    if own:
        pick_box(*numbers(framing))
    if framing == CENTER and card.resize:
        st.caption(word("framing.measured", resize=card.resize, size=card.size))
    for note in picture.notes:
        st.caption(note)
    return framing, framed(card, picture, framing)


def pick_box(*present: int) -> None:
    """Three sliders: how far across and down the box lies, and its side, in percent."""
    names = ("across", "down", "side")

    def change() -> None:
        state.put(Key.FRAMING, box_name(*(state.parameter(Key.FRAMING, name, 0) for name in names)))

    for name, value, low in zip(names, present, (0, 0, SMALLEST), strict=True):
        key = state.parameter_key(Key.FRAMING, name)
        state.set_parameter(key, value)
        st.slider(word(f"framing.{name}"), low, 100, format=percent_format(), key=key, on_change=change)


def box_name(across: int, down: int, side: int) -> str:
    """The name of a custom box in the address."""
    return f"{BOX}:{across},{down},{side}"


def numbers(framing: str) -> tuple[int, int, int]:
    """The position across and down of a custom box, and its side, in percent, from its name in the address."""
    try:
        across, down, side = (min(100, max(0, int(part))) for part in framing.partition(":")[2].split(","))
    except ValueError:
        return MIDDLE
    return across, down, max(SMALLEST, side)


def framed(card: ModelCard, picture: Picture, framing: str) -> Picture:
    """The picture with the model's square at ``center``, ``fit`` or ``box:across,down,side``."""
    if not framing.startswith(BOX):
        return frame(reframe(picture, FIT if framing == FIT else CENTER), card.size, card.resize)
    across, down, share = numbers(framing)
    height, width = picture.pixels.shape[:2]
    side = max(8, round(min(height, width) * share / 100))
    left, top = round((width - side) * across / 100), round((height - side) * down / 100)
    return reframe(picture, (left, top, left + side, top + side))


def drawn(picture: Picture) -> Picture:
    """What is drawn of a picture: all of it; of one that is very long or very high, what lies round the model's square.

    The square lies on the same pixels in both.
    """
    (height, width), (left, top, right, bottom) = picture.pixels.shape[:2], picture.box
    wide, high = max(width, right) - min(0, left), max(height, bottom) - min(0, top)
    short = min(wide, high)
    if max(wide, high) <= ELONGATED * short:
        return picture
    x = _window((left + right) / 2, math.floor(DRAWN * short), width) if wide > high else (0, width)
    y = _window((top + bottom) / 2, math.floor(DRAWN * short), height) if high > wide else (0, height)
    return replace(
        picture,
        pixels=picture.pixels[slice(*y), slice(*x)],
        box=(left - x[0], top - y[0], right - x[0], bottom - y[0]),
        sha256=f"{picture.sha256}/{x[0]},{y[0]}",
    )


def _window(center: float, length: int, whole: int) -> tuple[int, int]:
    """So many pixels of a whole, about a center as far as there are any."""
    start = min(max(round(center - length / 2), 0), max(whole - length, 0))
    return start, min(start + length, whole)
