"""Hostile cards, weights, runs and lessons: JSON and TOML with values of wrong types and sizes."""

from __future__ import annotations

import json
import random
import shutil
import struct
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import core
from core.lessons import SHIPPED
from core.scanning import RUN_FILE
from tests.benchmarks.hostile_pictures import Make, written

CARD = {
    "architecture": "fovea/cbam", "classes": ["a", "b"], "size": 64, "mean": [0.5, 0.5, 0.5], "std": [0.2, 0.2, 0.2],
    "widths": [8, 8, 16, 16], "resize": 70, "interpolation": "bilinear", "weights": "w.safetensors", "output": "logits",
    "title": "x", "mechanism": "cbam", "accuracy": 0.5, "pictures": 9, "ablation": {"uniform": 0.1},
    "facts": {"data": "x"}, "transform_input": False, "slug": "own/x",
}  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 10**30, 1e308, float("nan"), float("inf"), "", "x" * 100_000, "\ud800", "\u202ea\n", [], [[]],
    {}, {"a": {"\ud800": 1}}, [None], ["\ud800", "b"], ["a"] * 30_000, [1, 2, 3],
)  # fmt: skip
"""What each entry of a card and of a run is replaced by."""
SCALES = [
    "[" * 100_000,
    '{"a":' * 50_000,
    "1" * 10_000,
    "null",
    "true",
    '"x"',
    "[]",
    "{}",
    "",
    "\0",
    "{",
    "NaN",
    "\ud800",
]
"""Whole files of JSON."""
LESSON = "attention-that-is-needed"
DAMAGES = 48


def text_of(value: Any) -> bytes:
    """JSON, with lone surrogates and NaN as they are read again."""
    return json.dumps(value).encode()


def cards() -> Iterator[tuple[str, Make]]:
    """Cards with one wrong value, and files that are no cards."""
    named = partial(written, name="card.json")
    for key in CARD:
        for number, value in enumerate(VALUES):
            data = text_of({**CARD, key: value})
            yield f"card with value {number} as its {key}", lambda folder, data=data: named(data, folder)
    for number, text in enumerate(SCALES):
        data = text.encode(errors="surrogatepass")
        yield f"card of JSON {number}", lambda folder, data=data: named(data, folder)
    yield "card larger than 1 MB", lambda folder: named(b" " * (2 << 20), folder)


def safetensors(head: bytes, body: bytes = b"", size: int | None = None) -> bytes:
    """A safetensors file with that JSON as its head, which may state another size."""
    return struct.pack("<Q", len(head) if size is None else size) + head + body


def weights() -> Iterator[tuple[str, Make]]:
    """Files of weights with huge heads, false sizes, and pickles that would run code."""
    named = partial(written, name="w.safetensors")
    names = {f"layer.{i}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for i in range(300_000)}
    tensor = {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}
    heads = {
        "300,000 names": lambda: safetensors(json.dumps(names).encode()),
        "50 MB of metadata": lambda: safetensors(json.dumps({"__metadata__": {"a": "x" * (50 << 20)}}).encode()),
        "a false size of its head": lambda: safetensors(b"{}", size=2**63),
        "99 MB of head that are not there": lambda: safetensors(b"{}", size=99 << 20),
        "nested brackets": lambda: safetensors(b'{"a":' * 100_000),
        "no JSON": lambda: safetensors(b"{hello"),
        "no tensors": lambda: safetensors(b"{}"),
        "a name that is no text": lambda: safetensors(b'{"\\ud800":' + json.dumps(tensor).encode() + b"}", bytes(16)),
        "a pickle that runs code": lambda: b"cos\nsystem\n(S'true'\ntR.",
        "a pickle of 100,000 lists": lambda: b"\x80\x02" + b"]" * 100_000 + b".",
        "a pickle of many bytes": lambda: b"\x80\x04\x8e" + struct.pack("<Q", 1 << 60) + b".",
        "nothing": lambda: b"",
        "zeros": lambda: bytes(1 << 20),
    }
    wrong = [{"shape": [2**40]}, {"shape": [-1]}, {"shape": [0.5]}, {"shape": "x"}, {"dtype": "X"}, {"dtype": None},
             {"data_offsets": [16, 0]}, {"data_offsets": [0, 2**60]}, {"data_offsets": []},
             {"shape": [1] * 5000}]  # fmt: skip
    for kind, make in heads.items():
        yield f"weights with {kind}", lambda folder, make=make: named(make, folder)
    for number, one in enumerate(wrong):
        data = safetensors(json.dumps({"fc.weight": tensor | one}).encode(), bytes(16))
        yield f"weights with a wrong tensor {number}", lambda folder, data=data: named(data, folder)


@cache
def sound_run() -> dict[str, bytes]:
    """The files of a small run."""
    with TemporaryDirectory() as folder:
        core.scan(core.load("scenes/cbam", "cpu"), "scenes", folder, pictures=4)
        return {one.name: one.read_bytes() for one in Path(folder).iterdir() if one.is_file()}


def run_with(name: str, data: bytes, folder: Path) -> Path:
    """A run in which one file is replaced."""
    root = folder / "run"
    root.mkdir()
    for one, own in sound_run().items():
        written(own, root, one)
    written(data, root, name)
    return root


def runs() -> Iterator[tuple[str, Make]]:
    """Runs with one wrong fact, damaged parts, and wrong tags."""
    facts = json.loads(sound_run()[RUN_FILE])
    for key in facts:
        for number, value in enumerate(VALUES):
            data = text_of({**facts, key: value})
            yield f"run with value {number} as its {key}", partial(run_with, RUN_FILE, data)
    for number, text in enumerate(SCALES):
        data = text.encode(errors="surrogatepass")
        yield f"run of JSON {number}", partial(run_with, RUN_FILE, data)
        yield f"tags of JSON {number}", partial(run_with, "tags.json", data)
    part = next(name for name in sound_run() if name.endswith(".parquet"))
    draw = random.Random(5)
    for number in range(DAMAGES):
        data = bytearray(sound_run()[part])
        for _ in range(1 + number):
            data[draw.randrange(len(data))] = draw.randrange(256)
        yield f"run with a damaged part {number}", partial(run_with, part, bytes(data))
    yield "run with a part of too many pictures", partial(run_with, f"part-{0:09}-{10**17}.parquet", sound_run()[part])


def lesson_with(lines: list[str], file: str, folder: Path) -> Path:
    """A lesson in which one file has these lines."""
    root = folder / LESSON
    shutil.copytree(SHIPPED / LESSON, root)
    (root / file).write_bytes("\n".join(lines).encode(errors="surrogatepass"))
    return root


def lessons() -> Iterator[tuple[str, Make]]:
    """Lessons with wrong lines in their structure and in their words."""
    draw = random.Random(6)
    values = ["[]", "{}", "-1", "1e999", "nan", '"\\u202e"', '"' + "x" * 20_000 + '"', "[[[]]]", "2026-01-01", "true"]
    for file in ("lesson.toml", "en.md"):
        lines = (SHIPPED / LESSON / file).read_text(encoding="utf-8").splitlines()
        for number in range(DAMAGES):
            changed, at = list(lines), draw.randrange(len(lines))
            key, found, _ = changed[at].partition(" = ")
            changed[at] = (
                f"{key} = {draw.choice(values)}" if found else draw.choice(["", "[[", "#" * 999, "\x00", "{x}"])
            )
            if number % 3 == 0:
                del changed[draw.randrange(len(changed)) :]
            if number % 5 == 0:
                changed *= 40
            yield f"lesson, wrong lines {number} in {file}", partial(lesson_with, changed, file)
        for number, text in enumerate(("\ud800", "\0", "x" * 300_000, "a = [" * 5000, "a." * 20_000 + " = 1")):
            yield f"lesson of text {number} as its {file}", partial(lesson_with, [text], file)
