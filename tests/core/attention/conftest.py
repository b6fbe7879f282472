"""What the tests of attention share."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor


@pytest.fixture
def x() -> Tensor:
    """Three random pictures, (3, 3, 64, 64)."""
    return torch.randn((3, 3, 64, 64), generator=torch.Generator().manual_seed(4))
