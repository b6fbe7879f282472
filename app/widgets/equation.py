"""A mechanism's equation, converted from plain text to LaTeX."""

from __future__ import annotations

import re

SIGNS = {"σ": r"\sigma ", "Σ": r"\sum\nolimits", "·": r"\cdot ", "×": r"\times ", "−": "-", "⊙": r"\odot "}
LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉ᵢⱼₖₜₙₓ₊₋", (*"0123456789ijktn", r"\times ", "+", "-"), strict=True))
RAISED = {"ᵀ": r"\top", "²": "2", "³": "3"}


def _lowered(match: re.Match[str]) -> str:
    return "_{" + "".join(LOWERED[sign] for sign in match[0]) + "}"


def latex(equation: str) -> str:
    """One line for each part of ``equation`` (parts end with a comma or semicolon and two spaces), as LaTeX.

    >>> latex("y = x · σ(W₂ relu(W₁ x))")
    'y = x \\cdot \\sigma (W_{2} \\operatorname{relu}(W_{1} x))'
    """
    lines = []
    for part in re.split(r"[,;]  +", equation):
        part = re.sub(r"[A-Za-z]{2,}", lambda name: rf"\operatorname{{{name[0]}}}", part)
        part = re.sub(r"√(\w)", r"\\sqrt{\1}", part)
        part = re.sub(f"[{''.join(LOWERED)}]+", _lowered, part)
        part = re.sub(f"[{''.join(RAISED)}]", lambda sign: f"^{{{RAISED[sign[0]]}}}", part)
        lines.append(re.sub(f"([{''.join(SIGNS)}]) ?", lambda sign: SIGNS[sign[1]], part))
    return lines[0] if len(lines) == 1 else r"\begin{gathered}" + r" \\ ".join(lines) + r"\end{gathered}"
