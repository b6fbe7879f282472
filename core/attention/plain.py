"""No attention: the control for comparison with every mechanism.

    y = x

The identity replaces the mechanism. LeCun et al., "Gradient-based learning applied to document
recognition", Proc. IEEE 1998: convolution, pooling, fully connected.
"""

from __future__ import annotations

from core.attention.mechanism import Mechanism

PLAIN = Mechanism(
    slug="plain",
    title="Plain",
    summary="no attention, for comparison",
    equation="y = x",
    paper="LeCun et al., Gradient-based learning applied to document recognition, Proc. IEEE 1998",
)
