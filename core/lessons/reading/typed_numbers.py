"""Find numbers in a lesson's text that look like results: a claim must measure them, or the lesson must list them.

    percentages     95 %, 95 percent, ninety per cent, 百分之九十, 九成
    fractions       0.199, 1/65, two thirds, a fifth of the pictures, 五分之一
    counts          199 of 1,000, 4 out of 5, one in five, 1000 张里有 199 张

Whole numbers that are not part of a count, such as sizes and years, are not results. Other numbers that are not
results, such as a weight that a question assumes, are listed in ``given`` of the lesson, exactly as they are written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

SMALL = "one|two|three|four|five|six|seven|eight|nine|ten"
TENS = "ten|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred"
PARTS = "half|halves|thirds?|quarters?|fourths?|fifths?|sixths?|sevenths?|eighths?|ninths?|tenths?|hundredths?"
COUNTED = "predictions|pictures|photographs|photos|images|scenes|answers|cases|mistakes|models|classes|students|time"
HAN = "〇零一二两三四五六七八九十百千万"
NUMBER = r"\d[\d,]*"
PLACEHOLDER = re.compile(r"\{[^{}]*\}")
TARGET = re.compile(r"\]\([^)]*\)")
TYPED = re.compile(
    r"\d[\d.,]*\s?[%\N{FULLWIDTH PERCENT SIGN}]"
    r"|\d[\d.,]*[\s-]*per\s?cent"
    rf"|\b(?:{TENS})(?:[\s-](?:{SMALL}))?[\s-]+per\s?cent"
    rf"|百分之\s*[\d{HAN}]+"
    rf"|(?<![{HAN}\d])[\d{HAN}]+\s?成(?![为功立员果像绩本熟就不形])"
    r"|(?<![\d.,])\d*\.\d+"
    r"|(?<![\d/])\d+/\d+(?![\d/])"
    rf"|\b(?:{SMALL})[\s-](?:{PARTS})\b"
    rf"|\ba\s(?:{PARTS})\sof\s(?:the\s|all\s|these\s)*(?:{COUNTED})\b"
    rf"|[\d{HAN}]+\s?分之\s?[\d{HAN}]+"
    rf"|\b{NUMBER}\s(?:out\s)?of\s(?:the\s)?{NUMBER}"
    rf"|\b(?:{SMALL})\sout\sof\s(?:the\s)?(?:{SMALL}|{TENS}|{NUMBER})\b"
    rf"|\b(?:{NUMBER}|{SMALL})\sin\s(?:{NUMBER}|{SMALL}|{TENS})\b"
    rf"|{NUMBER}\s?[张个幅次][^，。；,.;\d]{{0,8}}[中里对]有?\s?{NUMBER}",
    re.IGNORECASE,
)


def typed_results(line: str) -> Iterator[str]:
    """The parts of a line that look like results; placeholders and the targets of links are left out."""
    for found in TYPED.finditer(TARGET.sub("] ", PLACEHOLDER.sub(" ", line))):
        yield found[0].strip()


def stray_brace(line: str) -> bool:
    """Whether a line has a brace outside of a placeholder, or a placeholder in double braces."""
    return bool(re.search(r"\{\{|\}\}", line) or re.search(r"[{}]", PLACEHOLDER.sub("", line)))
