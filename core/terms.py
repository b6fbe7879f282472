"""The terms under which trained weights may be used, as a card states them."""

from __future__ import annotations

from core.messages import Message


def imagenet_terms(license: str, data: str = "ImageNet") -> Message:
    """The terms of weights under a ``license`` that were trained on ImageNet or a part of it."""
    return Message(
        "Weights: {license}. Trained on {data}, whose terms allow non-commercial research and education only.",
        license=license,
        data=data,
    )
