"""``EQUIVALENTS`` lists which of our classes replaces which of torchvision's; only this table imports them."""

from __future__ import annotations

from torch import nn
from torchvision.models.maxvit import PartitionAttentionLayer
from torchvision.models.swin_transformer import ShiftedWindowAttention, ShiftedWindowAttentionV2
from torchvision.models.vision_transformer import EncoderBlock
from torchvision.ops.misc import SqueezeExcitation

from core.models.torchvision_taps.equivalent import Equivalent
from core.models.torchvision_taps.maxvit import PartitionAttention
from core.models.torchvision_taps.squeeze_excitation import ChannelGate
from core.models.torchvision_taps.swin import CosineWindowAttention, WindowAttention
from core.models.torchvision_taps.vision_transformer import TokenBlock

EQUIVALENTS: dict[type[nn.Module], type[Equivalent]] = {
    SqueezeExcitation: ChannelGate,
    EncoderBlock: TokenBlock,
    ShiftedWindowAttention: WindowAttention,
    ShiftedWindowAttentionV2: CosineWindowAttention,
    PartitionAttentionLayer: PartitionAttention,
}
