"""What a user exports: lines of Python that give the page's own numbers, and the raw maps in a file."""

from __future__ import annotations

import ast
import dataclasses
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app import attention_maps, runtime
from app.state import Subject, View
from app.views.explore.agreement import measure_agreement
from app.views.explore.analysis import Analysis
from app.views.explore.panes import Shown
from app.views.explore.share import code, maps_file, settings
from app.widgets.pictures import framed
from core import Agreement, Attribution, Classifier, Picture, Reading, agreement, attribute, load, read, reframe
from core.attention import MECHANISMS
from core.attribution import batches, method
from core.data.samples import open_sample
from core.models import zoo

pytestmark = pytest.mark.usefixtures("small_catalog")


@pytest.fixture(scope="module")
def folder(tiny: Callable[[str], Classifier], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog with a tiny model of each mechanism, weights and cards in their files."""
    path = tmp_path_factory.mktemp("catalog")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FOVEA_PRETRAINED", str(path))
        for one in MECHANISMS:
            zoo.store(tiny(one.slug).module, tiny(one.slug).card)
            zoo.store_card(tiny(one.slug).card)
    return path


@pytest.fixture(autouse=True)
def fixed_batch_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use batches of 4 pictures: each loaded model measures its own size, and another size rounds differently."""
    monkeypatch.setattr(batches, "probe", lambda classifier, gradient: batches.Pace(4, 1e-3))


def on_the_page(view: View) -> tuple[Picture, Reading, Attribution, Agreement | None]:
    """What the page shows for a view: its square, its reading, its attribution, and how far the two agree."""
    classifier = load(view.model)
    picture = framed(classifier.card, open_sample(view.sample), view.framing)
    reading, chosen, parameters = runtime.reading(classifier, picture), method(view.method), dict(view.parameters)
    target = classifier.target(view.target, reading.probabilities)
    found = runtime.attribution(classifier, picture, chosen, target, parameters)
    shown = Shown(attention_maps.find_choice(reading, view.map), None, "")
    subject = Subject(classifier, picture, view.sample, view.framing)
    analysis = Analysis(subject, reading, target, shown, chosen, parameters, found)
    return picture, reading, found, measure_agreement(analysis) if shown.choice else None


def executed(text: str) -> tuple[dict[str, Any], list[Any]]:
    """The names that lines of Python leave, and what they print."""
    printed: list[Any] = []
    names: dict[str, Any] = {"print": printed.append}
    exec(compile(text, "the code for this view", "exec"), names)
    return names, printed


def flat(found: Agreement) -> list[float]:
    return [number for one in list(dataclasses.astuple(found))[:3] for number in one]


def agrees(view: View) -> None:
    """The lines of a view give what its page shows."""
    picture, reading, found, measured = on_the_page(view)
    names, printed = executed(code(view, view.target, picture.box))
    assert np.array_equal(names["reading"].logits, reading.logits)
    assert (names["found"].method, names["found"].target) == (found.method, found.target)
    np.testing.assert_allclose(names["found"].values, found.values, rtol=1e-3, atol=1e-5 * np.abs(found.values).max())
    if measured is None:
        assert not printed
    else:
        (told,) = printed
        assert told.grid == measured.grid and flat(told) == pytest.approx(flat(measured), abs=2e-3)


VIEWS = [
    View("tiny/plain", "scenes/42", "grad-cam", target="birch"),
    View("tiny/spatial-gate", "scenes/42", "saliency", "stage4.attention", "elm", "fit"),
    View("tiny/cbam", "photo/hopper", "input-x-gradient", "stage3.attention.spatial", "oak", "box:50,50,60"),
    View("tiny/self-attention", "scenes/7", "grad-cam", "stage4.block1.first", "fir", "center", (("stage", "stage3"),)),
    View("tiny/self-attention", "photo/hopper", "saliency", "stage4.block1.second.head2", "pine", "fit"),
    View(
        "tiny/cbam",
        "scenes/7",
        "integrated-gradients",
        "stage4.attention.spatial",
        "ash",
        parameters=(("baseline", "black"), ("steps", 20)),
    ),
    View("tiny/plain", "scenes/7", "smoothgrad", target="larch", parameters=(("noise", 0.3), ("samples", 5))),
]


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: f"{view.model}-{view.method}-{view.framing}")
def test_the_code_gives_what_the_page_shows(view: View) -> None:
    agrees(view)


@pytest.mark.parametrize("box", ["box:37,61,33", "box:13,77,41"])
def test_the_code_of_a_custom_box_sees_the_same_square(box: str) -> None:
    agrees(View("tiny/cbam", "photo/hopper", "grad-cam", "stage4.attention.spatial", "oak", box))


def test_the_code_follows_each_choice() -> None:
    """The comparison above can fail: each line that a choice changes changes a number."""
    view = VIEWS[4]
    picture, _reading, found, measured = on_the_page(view)
    for change in ({"framing": "center"}, {"map": "stage4.block1.second.head3"}, {"method": "grad-cam"}):
        other = dataclasses.replace(view, **change)
        names, (told,) = executed(code(other, view.target, picture.box))
        assert flat(told) != pytest.approx(flat(measured), abs=2e-3)
    names, _ = executed(code(view, "ash", picture.box))
    assert not np.allclose(names["found"].values, found.values)


def test_the_code_of_an_own_picture_opens_a_file() -> None:
    text = code(View("tiny/plain", "upload/0123456789ab", "saliency"), "elm", (0, 0, 64, 64))
    assert "upload" not in text and "open_sample" not in text
    assert [line for line in text.splitlines() if line.startswith('picture = core.open_image("photo.jpg")')]
    compile(text, "the code for this view", "exec")


def test_the_code_of_an_own_model_opens_its_card() -> None:
    view = View("own/0123456789ab", "scenes-tag/24/rocket", "saliency")
    text = code(view, "elm", (0, 0, 64, 64), card='my "cats".json')
    assert "own/" not in text and 'open_sample("scenes-tag/24/rocket")' in text
    (line,) = [line for line in text.splitlines() if "core.load" in line]
    (slug,) = [node.value for node in ast.walk(ast.parse(line)) if isinstance(node, ast.Constant)]
    assert slug == 'file:my "cats".json'


@pytest.mark.parametrize("slug", [one.slug for one in MECHANISMS])
def test_the_file_holds_every_array_bit_for_bit(slug: str, tiny: Callable[[str], Classifier], picture: Picture) -> None:
    reading = read(tiny(slug), picture)
    found = attribute(tiny(slug), picture, "input-x-gradient", 1)
    expected = {one.tap: one.weights for one in reading.maps}
    expected |= {"probabilities": reading.probabilities, "energy": reading.energy, "attribution": found.values}
    said, names = {"classes", "settings"}, tiny(slug).card.classes
    with np.load(io.BytesIO(maps_file(reading, found, names, {})), allow_pickle=False) as file:
        assert set(file.files) == set(expected) | said
        assert tuple(file["classes"].tolist()) == names and len(file["probabilities"]) == len(names)
        for name, array in expected.items():
            assert file[name].dtype == array.dtype == np.float32 and file[name].shape == array.shape
            assert file[name].tobytes() == array.tobytes()
    with np.load(io.BytesIO(maps_file(reading, None, names, {}))) as file:
        assert set(file.files) == (set(expected) | said) - {"attribution"}


def test_maps_from_the_file_agree_as_on_the_page() -> None:
    view = VIEWS[2]
    _, reading, found, measured = on_the_page(view)
    with np.load(io.BytesIO(maps_file(reading, found, load(view.model).card.classes, {}))) as file:
        again = agreement(file[view.map], file["attribution"])  # arrays know no other pictures, so they have no range
    for one, other in zip(again.measures, measured.measures, strict=True):
        assert (one.value, one.blob) == (other.value, other.blob) and one.high is None


@pytest.mark.parametrize("view", [VIEWS[0], VIEWS[2], VIEWS[5]], ids=lambda view: view.method)
def test_the_settings_in_the_file_make_its_maps_again(view: View) -> None:
    """From the file alone, as somebody who has nothing else would do it."""
    picture, reading, found, _ = on_the_page(view)
    classifier = load(view.model)
    made = settings(classifier, picture, view, view.target, found)
    with np.load(io.BytesIO(maps_file(reading, found, classifier.card.classes, made)), allow_pickle=False) as file:
        told, values, probabilities = json.loads(str(file["settings"])), file["attribution"], file["probabilities"]
        classes = file["classes"].tolist()
    again = load(told["model"])
    assert told["checksum"] == again.card.facts.get("checksum") and told["picture"]["name"] == view.sample
    card, ready = again.card, told["preprocessing"]
    assert (ready["size"], tuple(ready["mean"]), tuple(ready["std"])) == (card.size, card.mean, card.std)
    square = reframe(open_sample(told["picture"]["sample"]), tuple(told["picture"]["box"]))
    assert square.sha256 == told["picture"]["sha256"]
    twin = attribute(again, square, told["method"], told["target"], contrast=told["contrast"], **told["parameters"])
    np.testing.assert_allclose(values, twin.values, rtol=1e-3, atol=1e-5 * np.abs(values).max())
    assert read(again, square).probabilities == pytest.approx(probabilities, abs=1e-5)
    assert classes[found.target] == told["target"]


def test_the_settings_name_the_class_that_another_is_compared_with() -> None:
    classifier, picture = load("tiny/cbam"), open_sample("scenes/7")
    view = View("tiny/cbam", "scenes/7", "input-x-gradient", contrast="elm")
    found = attribute(classifier, picture, view.method, "oak", contrast="elm")
    told = settings(classifier, picture, view, "oak", found)
    assert (told["target"], told["contrast"]) == ("oak", "elm") and json.dumps(told)
    assert settings(classifier, picture, view, "oak", None)["contrast"] is None


def test_the_settings_name_the_very_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FOVEA_PRETRAINED")
    view = View("scenes/cbam", "scenes/7", "saliency")
    told = settings(load(view.model), open_sample(view.sample), view, "fish", None)
    assert told["checksum"] == zoo.checksum(zoo.zoo_folder() / "scenes" / "cbam.safetensors")
