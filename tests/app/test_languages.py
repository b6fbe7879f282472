"""Every language says everything, and says it itself, as it is written: nothing missing, extra, or left in English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from string import Formatter

import pytest

from app import words
from app.words import ENGLISH, LANGUAGES, NAMES, listed, percent, plain, recall, together, understood, use, word
from app.words.en import WORDS
from core import cards
from core.data.samples import PHOTOGRAPHS
from core.lessons import SHIPPED, Lesson, Words, read_lesson
from core.scenes import BACKGROUNDS
from core.tasks import TASKS
from core.types import FOVEA, SHORT_SIGHTED
from tests.source_files import agree
from tests.templates import fields, options, templates, untranslated

OURS = (FOVEA, SHORT_SIGHTED)
OTHERS = [code for code in LANGUAGES if code != ENGLISH]
SIGNS = {" ", ", ", "; ", ": ", " %", " ..."}
"""What stands between sentences, between the items of a list, in front of more, and before "%"."""
CHINESE = LANGUAGES["zh-CN"]
HAN = "\u3400-\u4dbf\u4e00-\u9fff"
WIDE = f"{HAN}，。：；？！、（）“”…"
CLAIM = re.compile(r"\{[a-z0-9-]+\}")
MARKUP = re.compile(r"<[^<>]*>|:material/\w+:|:[a-z]+\[|\{[^{}]*\}")

PROPER = set(
    """Fovea ImageNet Imagenette CBAM Transformer Grad-CAM SmoothGrad VarGrad GradientSHAP DeepLIFT LRP KernelSHAP
    LIME SE ReLU softmax sigmoid logit rollout k-means Viridis Inferno Cividis Adebayo Wilson Python PyTorch
    TensorFlow Lite TorchScript Keras ONNX GGUF NumPy PIL torchvision safetensors pickle JPEG PNG WebP CSV
    NPZ JSON HTML HDF5 RGB RAR UTF-8 zip Zip tar 7z gzip bzip2 xz Parquet Git LFS CLIP Hugging Face GB MB KB
    Apache-2.0 BSD-3-Clause Moodle GIFT NaN Enter Escape Markdown ViT-B-32 ViT-B-32/openai
    SHA-256 replay model q k""".split()
)
"""Names that Chinese leaves as they are."""
CODE = re.compile(r"[a-z]+(?:[_./\-][A-Za-z\d_./\-]*)+|[A-Z]+(?:[_/][A-Z]+)*|[A-Z][a-z]+[A-Z]\w*|\w+\.\w[\w.]*")
"""What is typed: files, options, variables and names in code."""
TYPED = set(
    """adopt auto bicubic bilinear bottom card center check checkpointing classes column csv dict download eval
    exported false fit git h head image imagenette/ intervene json label left lfs map mean measure meta
    module n numpy off output panel panels path pictures plain pull query resize right scenes scripted seed
    sha256 signed size spectral split state stage4 std tap tile top torch traced train training true tsv
    uint8 val a b w z Attribution Picture True BatchNorm of cat photo dog pip install auth login hf openai
    timm transformers float16 float32 clip imagenet open_clip model_type architecture file m python
    above against answer car claim final store format hide id option reveal say step core models name""".split()
)
"""What is typed and looks like a word."""
SAME = {
    "find.texts.hint",  # the classes that CLIP was trained on are English
    *(
        "app.name",
        "family.torchvision",
        "term.grad-cam",
        "term.imagenet",
        "term.imagenette",
        "term.relu",
        "term.sigmoid",
        "term.softmax",
        "term.transformer",
        "case.cam",
    ),
    *("overlay.viridis", "overlay.inferno", "overlay.cividis", "groups.k-means", "data.csv", "data.zip", "export.csv"),
    *("export.parquet", "benchmark.csv", "CBAM", "Transformer", "SmoothGrad", "Grad-CAM", "VarGrad", "GradientSHAP"),
    *("DeepLIFT", "LRP", "KernelSHAP", "LIME", "W", "R_i = Σ_j (x_i w_ij)⁺ / Σ_k (x_k w_kj)⁺ · R_j"),
}
"""Texts that are names, the same in every language."""


def shown(text: str) -> str:
    """A text without its markup and its fields."""
    return MARKUP.sub(" ", text)


def strangers(text: str) -> list[str]:
    """The Latin words of a Chinese text that are neither names nor typed; without code in backquotes."""
    if re.search(r"[∂ΣΠφ←]|F\(", text):  # a formula
        return []
    found = re.findall(r"[A-Za-z][A-Za-z\d_./\-]*", shown(re.sub(r"`[^`]*`", "", text)))
    return [one for one in found if one not in PROPER | TYPED and not CODE.fullmatch(one.rstrip("."))]


def slips(text: str) -> list[str]:
    """What is not written as Chinese is: punctuation of half width, a space that is missing or needless, lost bold."""
    bare = re.sub(r"<[^<>]*>|:material/\w+:", "", text)
    rules = {
        "half-width punctuation": rf"[{HAN}][,.:;?!(]|[,;?!)][{HAN}]",
        "no space beside Latin letters or digits": rf"[{HAN}][A-Za-z\d]|[A-Za-z\d%][{HAN}]",
        "a space in Chinese": rf"[{HAN}] [{HAN}]|[{WIDE}] [，。：；？！、）]",
    }
    return [name for name, rule in rules.items() if re.search(rule, bare)] + ["bold" for _ in lost_bold(bare)]


def lost_bold(text: str) -> Iterator[str]:
    """The asterisks that Markdown does not read as bold: next to punctuation inside and a letter outside.

    A field counts as punctuation, for its value may end in "%".
    """
    for number, found in enumerate(re.finditer(r"\*\*", text)):
        around = text[max(0, found.start() - 1) : found.start()], text[found.end() : found.end() + 1]
        outer, inner = around if number % 2 == 0 else around[::-1]
        if re.match(r"\w", outer) and not re.match(r"\w", inner):
            yield text[found.start() :]


@pytest.mark.parametrize("code", OTHERS)
def test_nothing_is_missing_or_extra(code: str) -> None:
    table = LANGUAGES[code]
    every = {key for key in WORDS if not (key.endswith(".one") and key.removesuffix(".one") in WORDS)}
    classes = {f"class.{name}" for name in shipped()} | {f"class.{name}" for name in ("sun", "moon")}
    photographs = (title for title, *_ in PHOTOGRAPHS.values())
    classes |= {f"shown.{name}" for name in (*BACKGROUNDS, *photographs)}
    agree([f"{code} lacks the label {key!r}" for key in sorted((every | classes | SIGNS | options()) - table.keys())])
    agree([f"{code} lacks a line, or its line has other fields: {one}" for one in untranslated(table)])
    assert not sorted(table.keys() - WORDS.keys() - classes - SIGNS - options() - templates().keys())


def shipped() -> set[str]:
    """The classes of the models that are shipped, and of the tasks."""
    found = {name for task in TASKS for name in task.classes}
    return found | {name for card in cards() if card.architecture in OURS for name in card.classes}


@pytest.mark.parametrize("code", OTHERS)
def test_each_label_has_the_fields_of_its_english(code: str) -> None:
    table = LANGUAGES[code]
    assert not [key for key, text in WORDS.items() if key in table and fields(text) != fields(table[key])]
    formats = {key: [spec for *_, spec, _ in Formatter().parse(table[key]) if spec] for key in table}
    known = templates().keys() & formats.keys()
    assert not [key for key in known if formats[key] != [one for *_, one, _ in Formatter().parse(key) if one]]


def test_chinese_is_chinese() -> None:
    wordless = [key for key, text in CHINESE.items() if re.search(r"[A-Za-z]", shown(WORDS.get(key, key)))]
    wordless = [key for key in wordless if not re.search(f"[{HAN}]", CHINESE[key])]
    assert set(wordless) == SAME
    english = {key: found for key, text in CHINESE.items() if (found := strangers(text))}
    assert not english


def test_chinese_is_written_as_chinese_is() -> None:
    assert not {key: found for key, text in CHINESE.items() if (found := slips(text))}


@pytest.mark.parametrize(
    "text", ["第1层", "第 1层", "图,片", "图(a)", "好 的", "“a” 。", "占**90%**的", "**两图一致。**三项", "看**“鱼”**"]
)
def test_slips_are_found(text: str) -> None:
    assert slips(text)


@pytest.mark.parametrize("text", ["模型 Models", "Explain class 类别", "the 图"])
def test_english_words_are_found(text: str) -> None:
    assert strangers(text)


def shipped_lessons() -> list[Lesson]:
    """The lessons that are shipped, read and checked."""
    return [read_lesson(toml.parent) for toml in sorted(SHIPPED.glob("*/lesson.toml"))]


def placeholders(words: Words) -> dict[tuple[str, ...], list[str]]:
    """The names of claims in each block and option, by step and name."""
    texts: dict[tuple[str, ...], str] = {**words.blocks}
    texts |= {(*key, "text"): one.text for key, one in words.options.items()}
    texts |= {(*key, "reason"): one.reason for key, one in words.options.items()}
    return {key: sorted(CLAIM.findall(text)) for key, text in texts.items()}


def test_every_lesson_speaks_every_language_in_the_same_structure() -> None:
    found = shipped_lessons()
    assert found
    for lesson in found:
        assert set(lesson.languages) == set(LANGUAGES), lesson.name
        english = placeholders(lesson.words[ENGLISH])
        for code in OTHERS:
            assert placeholders(lesson.words[code]) == english, f"{lesson.name}/{code}.md"


def test_the_chinese_of_every_lesson_is_as_it_is_written() -> None:
    texts = [(one.name, (one.folder / "zh-CN.md").read_text(encoding="utf-8")) for one in shipped_lessons()]
    lines = [(name, line.removeprefix("# ")) for name, text in texts for line in text.splitlines()]
    lines = [(name, line) for name, line in lines if line and not line.startswith("##")]
    assert not [one for one in lines if not re.search(f"[{HAN}]", one[1]) and one[1] not in SAME]
    assert not [one for one in lines if slips(re.sub(r" \| ", "|", one[1]))]


def test_values_get_the_spaces_of_chinese() -> None:
    try:
        use("zh-CN")
        assert plain("check.none.attribution", method="遮挡") == "尚未计算遮挡。"
        assert plain("check.none.attribution", method="Grad-CAM") == "尚未计算 Grad-CAM。"
        assert plain("rank.pictures", count=1) == "1 张图片", "no singular of English"
        assert word("runs.where", folder="/数据/a b") == "扫描结果保存在 /数据/a b。"
        assert (percent(0.918), listed(["甲", "乙"]), together("甲。", "", "乙。")) == ("91.8%", "甲、乙", "甲。乙。")
    finally:
        use(None)
    assert (percent(0.918), listed(["a", "b"]), together("A.", "", "B.")) == ("91.8\u00a0%", "a, b", "A. B.")


def test_the_terms_of_every_model_are_stated_in_the_language() -> None:
    told = {text for card in cards() for name in ("license", "measured") if (text := card.facts.get(name))}
    assert len(told) > 2
    try:
        use("zh-CN")
        assert not [text for text in told if not re.search(f"[{HAN}]", recall(text))]
    finally:
        use(None)


def test_a_browsers_language_is_understood() -> None:
    found = {one: understood(one) for one in ("zh-CN", "zh", "zh_cn", "zh-Hans-CN", "en-GB", "tlh-QO", "", None)}
    assert found == {
        **dict.fromkeys(("zh-CN", "zh", "zh_cn", "zh-Hans-CN"), "zh-CN"),
        **dict.fromkeys(("en-GB", "tlh-QO", "", None), "en"),
    }
    assert {code: understood(code) for code in NAMES} == {code: code for code in NAMES}
    assert next(iter(NAMES)) == ENGLISH and list(words.LANGUAGES) == list(NAMES)
