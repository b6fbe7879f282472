"""Numbers for people: significant digits, sign, and unit."""

from __future__ import annotations

import math
import re

from app.words.languages import mark
from core import numbers
from core.numbers import UNKNOWN, decimal

MEGABYTE = 1_000_000
UNIT = re.compile(r"(?<=\d) (?=%)|(?<=<) (?=\d)")
"""The spaces of "50 %" and "< 1"."""


def keep_units(text: str) -> str:
    """The text with no-break spaces within numbers such as "50 %" and "< 1 %"."""
    return UNIT.sub("\u00a0", text)


def percent(value: float, digits: int = 1) -> str:
    """A fraction in percent: 0.918 -> "91.8 %", in Chinese "91.8%"; a dash for one that is not known."""
    return keep_units(numbers.percent(value, digits, mark(" %")))


def percent_format(digits: int = 0) -> str:
    """The format of such a number, given in percent, for a slider or a column: "%.1f %%", in Chinese "%.1f%%"."""
    return f"%.{digits}f{mark(' %').replace('%', '%%')}"


def chance(probability: float) -> str:
    """A probability in whole percent, never 0 %: 0.914 -> "91 %", 0.004 -> "< 1 %"."""
    shown = percent(probability, 0)
    return keep_units(f"< 1{mark(' %')}") if shown == percent(0, 0) else shown


def significant(value: float, digits: int = 3) -> str:
    """A number by its leading digits: 0.012345 -> "0.0123"."""
    return f"{value:.{digits}g}".replace("-", "−")


def power(value: float, digits: int = 1) -> str:
    """A number by its leading digits and a power of ten: -0.0000032 -> "−3.2 × 10⁻⁶"; 1 to 10 before the power."""
    leading, _, exponent = f"{value:.{digits}e}".partition("e")  # rounded first: 9.99e-7 is 1.0 × 10⁻⁶
    raised = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{leading.replace('-', '−')} × 10{raised}"


def shortest(value: float, digits: int = 6) -> str:
    """A number without the zeros at its end: 5.0 -> "5", 0.9999990 -> "0.999999"."""
    return decimal(value, digits).rstrip("0").rstrip(".") if math.isfinite(value) else UNKNOWN


def decimal_format(digits: int) -> str:
    """The format of a decimal number for a slider or a column: "%.2f"."""
    return f"%.{digits}f"


def decimal_field(name: str, digits: int) -> str:
    """A field of a chart's tooltip as a decimal number: "%{y:.2f}"."""
    return f"%{{{name}:.{digits}f}}"


def significant_field(name: str, digits: int = 3) -> str:
    """A field of a chart's tooltip by its leading digits: "%{z:.3g}"."""
    return f"%{{{name}:.{digits}g}}"


def whole(value: float) -> str:
    """A whole number in groups of three digits: 12345 -> "12,345"."""
    return f"{value:,.0f}"


def short(count: int) -> str:
    """A count in four characters at most: 954, 9.3k, 31k."""
    if count < 1000:
        return str(count)
    return f"{count / 1000:.1f}k" if count < 9950 else f"{count / 1000:.0f}k"


def apart(low: float, high: float) -> tuple[str, str]:
    """Two numbers with as many digits as distinguish them, at least three: 0.99952, 1 -> "0.9995", "1"."""
    pairs = [(f"{low:.{digits}g}", f"{high:.{digits}g}") for digits in range(3, 10)]
    return next((pair for pair in pairs if pair[0] != pair[1]), pairs[0])


def span(low: float, high: float, digits: int = 0) -> str:
    """A range of two fractions in percent: 0.12, 0.4 -> "12 – 40"."""
    return f"{100 * low:.{digits}f} – {100 * high:.{digits}f}"


def megabytes(size: float, digits: int = 1) -> str:
    """A number of bytes in megabytes, without the unit: 1234567 -> "1.2"."""
    return f"{size / MEGABYTE:.{digits}f}"
