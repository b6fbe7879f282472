"""The catalog of attention: every mechanism, in the order in which pickers show them."""

from __future__ import annotations

from core.attention.attention_pooling import ATTENTION_POOLING
from core.attention.cbam import CBAM_GATE
from core.attention.feature_gate import FEATURE_GATE
from core.attention.mechanism import Mechanism
from core.attention.plain import PLAIN
from core.attention.recurrent import RECURRENT
from core.attention.self_attention import SELF_ATTENTION
from core.attention.spatial_gate import SPATIAL_GATE
from core.attention.squeeze_excitation import SQUEEZE_EXCITATION
from core.attention.transformer import TRANSFORMER
from core.types import InvalidInput

__all__ = ["MECHANISMS", "Mechanism", "mechanism"]

MECHANISMS: tuple[Mechanism, ...] = (
    PLAIN,
    SQUEEZE_EXCITATION,
    FEATURE_GATE,
    SPATIAL_GATE,
    CBAM_GATE,
    ATTENTION_POOLING,
    SELF_ATTENTION,
    RECURRENT,
    TRANSFORMER,
)


def mechanism(slug: str) -> Mechanism:
    """Return the mechanism with this slug; raise InvalidInput if there is none."""
    for one in MECHANISMS:
        if one.slug == slug:
            return one
    raise InvalidInput(
        "There is no mechanism '{slug}'. Choose one of: {mechanisms}.",
        slug=slug,
        mechanisms=[one.slug for one in MECHANISMS],
    )
