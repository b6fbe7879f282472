"""Find the rectifiers of a model, and test whether hooks on its ReLU modules reach all of them.

Hooks reach a ReLU that is a module, but not one that is written in another way: as a function, torch.maximum,
torch.where, a product with a mask, or a clamp. Therefore, the steps of a graph that are no rectifiers are listed, and
any other step may be one. Three listed steps are examined more closely: a product with a constant that differs between
pictures (z · (z > 0)), a product of two functions of one input (z · σ(z)), and the maximum over a stack (the larger of
z and 0).
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.autograd.graph import Node

from core.attribution.gradient import leaf
from core.attribution.memoize import memoize
from core.classifier import Classifier
from core.models.adopting.guard import pictures

RELU = "Relu"
STRAIGHT = frozenset(
    "AccumulateGrad Convolution MkldnnConvolution CudnnConvolution Addmm Addmv Addbmm Baddbmm Mm Mv Bmm Dot Linear "
    "MkldnnLinear Add Sub Rsub Neg Sum Mean Cumsum AvgPool1D AvgPool2D AvgPool3D AdaptiveAvgPool2D "
    "AdaptiveAvgPool3D MkldnnAdaptiveAvgPool2D View UnsafeView AsStrided Reshape ReshapeAlias Alias Permute "
    "Transpose T Unsqueeze Squeeze Expand Repeat RepeatInterleave Select Slice Index IndexSelect Gather Split "
    "SplitWithSizes UnsafeSplit Unbind Chunk Unfold Im2Col Col2Im Cat Stack Clone ToCopy Roll Flip Flatten "
    "Unflatten PixelShuffle PixelUnshuffle ConstantPadNd ReflectionPad2D ReplicationPad2D UpsampleNearest2D "
    "UpsampleBilinear2D NativeDropout".split()
)
"""Linear steps, by autograd's names."""
POOLS = frozenset("MaxPool1DWithIndices MaxPool2DWithIndices MaxPool3DWithIndices AdaptiveMaxPool2D".split())
LARGEST = frozenset("Amax Max".split())
GATES = frozenset("Sigmoid Tanh Softmax SafeSoftmax ScaledDotProductFlashAttentionForCpu ThnnFusedLstmCell Glu".split())
"""Steps that compute weights and are no rectifiers."""
NORMS = frozenset(
    "NativeBatchNorm CudnnBatchNorm MiopenBatchNorm NativeLayerNorm NativeGroupNorm Var Std VarMean "
    "LinalgVectorNorm Norm Sqrt Rsqrt Reciprocal Pow".split()
)
TIMES = frozenset("Mul Div".split())
KNOWN = STRAIGHT | POOLS | LARGEST | GATES | NORMS | TIMES | {RELU}
CURVES = frozenset("Sigmoid Tanh Add Sub Rsub Neg Mul Div Pow Sqrt Rsqrt Reciprocal".split())
"""Elementwise steps."""


def kind(node: Node) -> str:
    """Return the name of an autograd step without its suffix: Add for AddBackward0."""
    return node.name().rsplit("::", 1)[-1].rstrip("0123456789").removesuffix("Backward")


def steps(y: Tensor) -> list[Node]:
    """Return every step with which a tensor was computed, in an order that depends only on the graph."""
    waiting, seen = [y.grad_fn], dict[Node, None]()
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen[node] = None
            waiting += [before for before, _ in node.next_functions]
    return list(seen)


def fixed(node: Node) -> Tensor | None:
    """Return the factor of a product, or the divisor of a quotient, that has no graph."""
    if len(node.next_functions) < 2:
        return None
    (first, _), (second, _) = node.next_functions[:2]
    name = "_saved_other" if second is None else "_saved_self" if first is None else ""
    found = getattr(node, name, None) if name else None
    return found if isinstance(found, Tensor) else None


def sources(node: Node | None, place: int) -> set[tuple[Node | None, int]]:
    """Return the tensors of which a tensor is an elementwise function: itself, its input, and so on."""
    waiting, found = [(node, place)], set[tuple[Node | None, int]]()
    while waiting:
        one = waiting.pop()
        if one[0] is not None and one not in found:
            found.add(one)
            if kind(one[0]) in CURVES:
                waiting += one[0].next_functions
    return found


def bends(node: Node) -> bool:
    """Return whether a product is an activation function such as z · σ(z): both factors are functions of one input."""
    if kind(node) not in TIMES or len(node.next_functions) < 2:
        return False
    first, second = node.next_functions[:2]
    return first != second and bool(sources(*first) & sources(*second))


def stacked(node: Node) -> bool:
    """Return whether the maximum is taken over tensors that were stacked directly before."""
    before = [one for one, _ in node.next_functions if one is not None]
    return kind(node) in LARGEST and any(kind(one) in ("Stack", "Cat") for one in before)


def run(classifier: Classifier, x: Tensor) -> tuple[list[Node], set[Node]]:
    """Return the steps of one pass, and those that are outputs of ReLU modules."""
    outputs: list[Tensor] = []
    modules = [module for module in classifier.module.modules() if isinstance(module, nn.ReLU)]
    handles = [module.register_forward_hook(lambda _, __, y: outputs.append(y)) for module in modules]
    try:
        with torch.enable_grad():
            found = steps(classifier.scores(leaf(x)))
    finally:
        for handle in handles:
            handle.remove()
    return found, {one.grad_fn for one in outputs if one.grad_fn is not None}


@memoize
def only_relu(classifier: Classifier) -> bool:
    """Return whether all rectifiers of a model are ReLU modules."""
    try:
        (graph, reached), (other, _) = (run(classifier, one) for one in probes(classifier))
    except RuntimeError:  # no graph can be built
        return False
    names = [kind(node) for node in graph]
    if names != [kind(node) for node in other] or RELU not in names or not KNOWN.issuperset(names):
        return False
    if any(bends(node) or stacked(node) or (kind(node) == RELU and node not in reached) for node in graph):
        return False
    factors = ((fixed(a), fixed(b)) for a, b in zip(graph, other, strict=True) if kind(a) in TIMES)
    return all(a is None or b is None or torch.equal(a, b) for a, b in factors)


def probes(classifier: Classifier) -> Iterator[Tensor]:
    """Yield two different prepared pictures, one at a time."""
    weight = next(classifier.module.parameters(), torch.empty(0))
    yield from pictures(classifier.card, classifier.device).to(weight.dtype).split(1)
