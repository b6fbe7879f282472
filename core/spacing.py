"""Values in sentences, with the spaces of the language.

Chinese is written without spaces, but with one between Chinese and Latin letters or digits. Whether a value needs it is
known only when the value is: "尚未计算 Grad-CAM。" but "尚未计算遮挡。". Values themselves are never changed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Formatter
from typing import Any

HAN = r"\u3400-\u4dbf\u4e00-\u9fff"
WIDE = HAN + r"\u3000-\u303f\uff00-\uffef“”‘’…"
"""Han characters, and the punctuation that goes with them."""
_NEEDLESS = re.compile(f"[{WIDE}] [{WIDE}]")
_MISSING = re.compile(rf"[{HAN}][A-Za-z0-9]|[A-Za-z0-9%][{HAN}]")
_HAN = re.compile(f"[{HAN}]")
_FORMATTER = Formatter()


def fill(template: str, values: Mapping[str, Any]) -> str:
    """The template with its values, as ``str.format`` does; in Chinese, with spaces where they are due."""
    if not _HAN.search(template):
        return template.format(**values)
    text = ""
    for before, name, spec, conversion in _FORMATTER.parse(template):
        text = _joined(text, before)
        if name is not None:
            field = f"{{{name}{'!' + conversion if conversion else ''}{':' + spec if spec else ''}}}"
            text = _joined(text, field.format(**values))
    return text


def _joined(left: str, right: str) -> str:
    """Two parts of a sentence, with a space between them or without."""
    if not left or not right:
        return left + right
    if left[-1] == " " and _NEEDLESS.fullmatch(left[-2:] + right[0]):
        return left[:-1] + right
    if right[0] == " " and _NEEDLESS.fullmatch(left[-1] + right[:2]):
        return left + right[1:]
    return f"{left} {right}" if _MISSING.fullmatch(left[-1] + right[0]) else left + right
