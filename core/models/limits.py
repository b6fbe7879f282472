"""Sentences of a classifier's ``limits``: what it cannot show, and how it is run."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from core.messages import Message

SINGLE = Message("The model accepts one picture at a time, so data sets take longer.")
BATCH = Message(
    "The model's predictions depend on the other pictures in a batch, so it is run on one picture at a time."
)
GRAPHLESS = Message("No gradient can be computed through the model.")
INPLACE = Message("Some layers of the model keep their in-place operations, because its predictions depend on them.")
RANDOM = Message(
    "The model's output for the same picture is different each time. Check whether it draws random numbers in eval "
    "mode, like F.dropout without training=self.training."
)
SEALED = Message(
    "The layers cannot be observed, because the model is scripted, traced or "
    "exported. There are no attention maps and no Grad-CAM; adopt the original "
    "module to see them."
)
RECOMPUTED = Message(
    "The model uses torch.utils.checkpoint, so no gradient can be computed through it. Adopt it without checkpointing "
    "to see its gradients."
)
RENORMALIZED = Message(
    "The model converts its input as torchvision does when it loads its own weights (transform_input=True). If it was "
    'trained without that, set "transform_input": false in its card.'
)

UNSURE = Message("it is not known which of its tokens are patches")
CHANNELS = Message("it compares channels with each other, not positions")
BRANCHES = Message("its softmax does not compare positions")
UNTRACED = Message("it is not known what its softmax compares")
GRIDS = Message("its queries and keys lie on different grids")
QUERIES = Message("it is not known to which patches its queries belong")
KEYS = Message("the keys and queries of its windows differ")
LONE = Message("each of its queries has only one key, so the weight is always one")
SEQUENCES = Message(
    "each of its keys is the mean of patches that follow each other in reading order, also across the ends of rows, so "
    "it has no place in the picture"
)
CAUSAL = Message("its attention is masked: not every token attends to every other one")
EXTRA = Message("its attention has keys that do not belong to a token")
BLENDED = Message("it adds other weights after its softmax, so the rows that it multiplies by do not sum to one")
TWICE = Message("it runs more than once in a forward pass")
SEVERAL = Message("its number of outputs differs from the number of pictures")
ELSEWHERE = Message("the positions of its output do not correspond to the picture")
UNREACHED = Message("after it, the model reads only its class token, so its patch tokens do not affect the prediction")

NAMED = 2
"""The most modules named in a sentence."""


def no_attention(names: Collection[str], why: str) -> Message:
    """Why some blocks of a model have no attention map."""
    if len(names) <= NAMED:
        return Message("No attention map of {blocks}: {why}.", blocks=[*names], why=why)
    return Message(
        "No attention map of {blocks} and {count} more: {why}.",
        blocks=[*names][:NAMED],
        count=len(names) - NAMED,
        why=why,
    )


def mixed_heads(names: Collection[str], both: bool) -> Message:
    """That some blocks of a model mix their heads after the softmax, with a map after the mixing (``both``) or not."""
    if both:
        return Message(
            "The model mixes the heads of {blocks} after the softmax, so the rows that it multiplies by do not sum to "
            "one. There is a map before the mixing and one after it.",
            blocks=[*names][:NAMED],
        )
    return Message(
        "The model mixes the heads of {blocks} after the softmax, so the rows that it multiplies by do not sum to one. "
        "The maps are those before it.",
        blocks=[*names][:NAMED],
    )


def blended(names: Collection[str]) -> Message:
    """That some blocks of a model add other weights to those of their queries and keys, as ConViT's do."""
    shown = [*names][:NAMED]
    if len(names) <= NAMED:
        return Message(
            "The model mixes the attention of {blocks} with weights by position. The maps are those after the mixing, "
            "which multiply the values.",
            blocks=shown,
        )
    return Message(
        "The model mixes the attention of {blocks} and {count} more with weights by position. The maps are those after "
        "the mixing, which multiply the values.",
        blocks=shown,
        count=len(names) - NAMED,
    )


def unmapped(notes: Iterable[str]) -> str:
    """The first attention layer over the picture that has no map, by the sentences about a model; "" if there is none.

    Not those that compare channels or branches, or that the output does not depend on.
    """
    reasons = (UNSURE, UNTRACED, GRIDS, KEYS, LONE, QUERIES, SEQUENCES, CAUSAL, EXTRA, BLENDED, TWICE)
    known = (note.values for note in notes if isinstance(note, Message))
    return next((str(one["blocks"][0]) for one in known if "blocks" in one and one.get("why") in reasons), "")


def no_grad_cam(names: Collection[str], why: str) -> Message:
    """Why some modules of a model are not stages."""
    if len(names) <= NAMED:
        return Message("No Grad-CAM of {modules}: {why}.", modules=[*names], why=why)
    return Message(
        "No Grad-CAM of {modules} and {count} more: {why}.",
        modules=[*names][:NAMED],
        count=len(names) - NAMED,
        why=why,
    )


def unreached(notes: Iterable[str]) -> str:
    """The sentence on blocks that are no stages because their patches are not read; "" if there are none."""
    return next((note for note in notes if isinstance(note, Message) and note.values.get("why") == UNREACHED), "")
