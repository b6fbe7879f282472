"""Terms about maps: attention maps, attribution methods, and their tests."""

TERMS = {
    "agreement": (
        "Agreement",
        "How similar the attention map and the attribution map of the same picture are, compared with maps of unrelated pictures.",
    ),
    "area-under-curve": ("Area under the curve", "A single number for a whole curve: its mean height."),
    "attention-map": (
        "Attention map",
        "The attention weights drawn over the picture: bright regions get more weight inside the model.",
    ),
    "attribution": (
        "Attribution",
        "A map that gives each region of the picture a value for how much it contributes to the score of a class.",
    ),
    "baseline": (
        "Baseline",
        "A reference picture without information, such as a gray one; attributions measure the change from it.",
    ),
    "blank": (
        "Blank map",
        "A map without positive evidence, or with the same value everywhere, so it marks no region.",
    ),
    "center-blob": (
        "Center blob",
        "A bright spot in the middle of the picture that does not depend on the picture or the model, used for comparison.",
    ),
    "completeness": (
        "Completeness",
        "A guarantee of some methods that the values of the map sum to the change of the score from the baseline.",
    ),
    "completeness-gap": (
        "Completeness gap",
        "How far the sum of a map is from the change of the score that it should explain; 0 % means that it adds up exactly.",
    ),
    "constant-map": ("Constant map", "A map with the same value everywhere, so it does not rank the regions."),
    "deletion": (
        "Deletion curve",
        "The probability of the class while the cells of the picture are removed, the highest values of the map first; a good map makes it fall early.",
    ),
    "edges": (
        "Edges",
        "The outlines in a picture, found without any model; they resemble many maps and are used for comparison.",
    ),
    "evidence": (
        "Positive and negative evidence",
        "Regions or features that raise (positive) or lower (negative) the score of a class.",
    ),
    "faithfulness": (
        "Faithfulness",
        "Whether a map marks what the model really uses, tested by removing or adding the marked regions.",
    ),
    "grad-cam": (
        "Grad-CAM",
        "An attribution method that weights the feature maps of a stage by their gradients; coarse, but easy to read.",
    ),
    "insertion": (
        "Insertion curve",
        "The probability of the class while cells are added to a blurred picture, the highest values of the map first; a good map makes it rise early.",
    ),
    "intervention": (
        "Intervention",
        "Changing a part of the model, such as its attention, to see whether the prediction changes.",
    ),
    "method-attention": (
        "Attention-based methods",
        "Attributions computed from the attention weights, alone or together with their gradients.",
    ),
    "method-gradients": (
        "Gradient-based methods",
        "Attributions computed from how the score reacts to small changes of the pixels or features.",
    ),
    "method-removal": (
        "Perturbation-based methods",
        "Attributions computed by hiding parts of the picture and measuring how far the score falls.",
    ),
    "off": (
        "Attention off",
        "The attention layer contributes nothing: gates let everything pass, self-attention outputs zero.",
    ),
    "overlap": ("Overlap", "The share that two maps have in common when each is scaled to a total of 100 %."),
    "overlap-top": (
        "Overlap of the top 20 %",
        "The share of the strongest fifth of the cells that two maps have in common.",
    ),
    "pointing-game": (
        "Pointing game",
        "A test of maps: how often the highest value of the map lies inside the correct region.",
    ),
    "randomization": (
        "Model randomization test",
        "A test that replaces all weights with random ones: a map that stays the same does not show what the model has learned.",
    ),
    "rank-correlation": (
        "Rank correlation",
        "A number from −1 to 1 for how similarly two maps order the regions: 1 is the same order, 0 no relation, −1 the reverse.",
    ),
    "raw-values": ("Raw values", "The values of a map as they were computed, before they are scaled for display."),
    "re-initialize": (
        "Re-initialize",
        "To replace trained weights by random ones, which removes what the model has learned.",
    ),
    "reference-map": (
        "Reference map",
        "A map that does not depend on the model, such as random values or edges; a useful map should do better.",
    ),
    "rollout": (
        "Attention rollout",
        "A map that multiplies the attention of all layers, to estimate how much of each patch reaches the output.",
    ),
    "saliency": ("Saliency", "The simplest attribution: the size of the gradient at each pixel."),
    "sanity-check": (
        "Sanity check",
        "A test that a useful map must pass, such as changing when the class or the weights change.",
    ),
    "share-inside": (
        "Share inside",
        "The share of a map's positive values that lies inside a region, such as the object of a scene.",
    ),
    "shuffled": (
        "Shuffled attention",
        "The same attention weights at random positions: if the prediction stays, the positions do not matter.",
    ),
    "superpixel": ("Superpixel", "A connected region of pixels with similar color."),
    "uniform": (
        "Uniform attention",
        "Attention with equal weights everywhere: if the prediction stays, the model does not need its attention.",
    ),
    "unrelated": (
        "Unrelated pictures",
        "Pairs of different pictures whose maps serve as a reference: two maps of the same picture should be more similar.",
    ),
}
