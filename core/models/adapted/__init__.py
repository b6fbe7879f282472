"""torchvision's models at the seam: their attention replaced by equivalents of ours, with a tap and the same logits.

``EQUIVALENTS`` is the table of contents: what stands in the place of which module. An equivalent carries the same
parameters under the same names, so that torchvision's weights load.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn
from torchvision.models import SwinTransformer, VisionTransformer
from torchvision.models.maxvit import PartitionAttentionLayer
from torchvision.models.swin_transformer import ShiftedWindowAttention, ShiftedWindowAttentionV2
from torchvision.models.vision_transformer import EncoderBlock
from torchvision.ops.misc import SqueezeExcitation

from core.models.adapted import swin, vision_transformer
from core.models.adapted.equivalent import Equivalent
from core.models.adapted.maxvit import PartitionAttention
from core.models.adapted.squeeze_excitation import ChannelGate
from core.models.adapted.swin import CosineWindowAttention, WindowAttention
from core.models.adapted.vision_transformer import TokenBlock
from core.models.backbone import Backbone
from core.models.stages import Stage, watch
from core.models.transformer import Transformer

EQUIVALENTS: dict[type[nn.Module], type[Equivalent]] = {
    SqueezeExcitation: ChannelGate,
    EncoderBlock: TokenBlock,
    ShiftedWindowAttention: WindowAttention,
    ShiftedWindowAttentionV2: CosineWindowAttention,
    PartitionAttentionLayer: PartitionAttention,
}

STAGES: dict[type[nn.Module], Callable[[nn.Module], dict[str, Stage]]] = {
    Backbone: Backbone.stages,
    Transformer: Transformer.stages,
    VisionTransformer: vision_transformer.stages,
    SwinTransformer: swin.stages,
}
"""Where the features of a model lie that says so itself, or that gives out no grid (b, c, h, w)."""


def adapt(module: nn.Module) -> nn.Module:
    """Bring a model to the seam, in place: its attention gets taps, and nothing works in place any more.

    Modules that overwrite their input (``nn.ReLU(inplace=True)``) would change what others recorded before them.
    """
    for parent in list(module.modules()):
        if getattr(parent, "inplace", False):
            parent.inplace = False
        for name, child in list(parent.named_children()):
            if type(child) in EQUIVALENTS:
                setattr(parent, name, EQUIVALENTS[type(child)](child))
    return module


def find_stages(module: nn.Module, x: Tensor) -> dict[str, Stage]:
    """Where a model's features lie on the picture, by name, first to last; ``x`` is any picture that it takes.

    A model that neither is in the table nor holds one that is, is run once and watched.
    """
    for name, child in module.named_modules():
        for kind, stages in STAGES.items():
            if isinstance(child, kind):
                return {f"{name}.{stage}".lstrip("."): place for stage, place in stages(child).items()}
    return watch(module, x)
