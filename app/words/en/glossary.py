"""The glossary: every technical term of the app in one sentence, for its tooltips and for the list in the side bar."""

TERMS = {
    "accuracy": ("Accuracy", "The share of pictures for which the predicted class is the true class."),
    "activation": (
        "Activation",
        "The numbers that a layer outputs for a picture; a large value means that the layer found its pattern there.",
    ),
    "agreement": (
        "Agreement",
        "How similar the attention map and the attribution map of the same picture are, compared with maps of unrelated pictures.",
    ),
    "architecture": (
        "Architecture",
        "The layers of a model and how they are connected, without the weights that training has set.",
    ),
    "attention": (
        "Attention",
        "A part of a model that gives each patch, position or channel a weight, so that some count more than others.",
    ),
    "attention-map": (
        "Attention map",
        "The attention weights drawn over the picture: bright regions get more weight inside the model.",
    ),
    "attribution": (
        "Attribution",
        "A map that gives each region of the picture a value for how much it contributes to the score of a class.",
    ),
    "attention-pooling": (
        "Attention pooling",
        "A weighted average of the features of all positions, with attention weights that sum to 1.",
    ),
    "background-shortcut": (
        "Background shortcut",
        "A shortcut in which the background reveals the class, so that the model does not have to look at the object.",
    ),
    "backbone": (
        "Backbone",
        "The part of a network that turns the picture into features, shared by several models here.",
    ),
    "baseline": (
        "Baseline",
        "A reference picture without information, such as a gray one; attributions measure the change from it.",
    ),
    "benchmark": ("Benchmark", "A table that compares all methods by the same measures, pictures and models."),
    "bias": ("Bias", "A learned number that is added to a weighted sum, whatever the input is."),
    "bin": ("Bin", "A range of values that are counted together, such as confidences from 80 to 90 %."),
    "blank": ("Blank map", "A map without positive evidence, or of one value everywhere, so it marks no region."),
    "bottleneck": ("Bottleneck", "A narrow layer between two wider ones, which saves computation."),
    "calibration": (
        "Calibration",
        "A model is calibrated if its confidence matches its accuracy: of predictions with 80 % confidence, 80 % are correct.",
    ),
    "calibration-error": (
        "Calibration error",
        "The average difference between confidence and accuracy; 0 means a perfectly calibrated model.",
    ),
    "center-blob": (
        "Center blob",
        "A bright spot in the middle of the picture that does not depend on the picture or the model, used for comparison.",
    ),
    "chance": ("Chance level", "The value that random guessing reaches; only results clearly above it are meaningful."),
    "channel": (
        "Channel",
        "One of the many feature maps that a layer computes, each of which responds to its own pattern.",
    ),
    "channel-attention": (
        "Channel attention",
        "Attention that weights channels instead of positions, so it shows which features count but not where they are.",
    ),
    "checkpoint": ("Checkpoint", "A file with the weights of a model."),
    "checksum": ("Checksum", "A short code computed from a file, which changes with any byte of it."),
    "class-token": (
        "Class token",
        "An extra token of a transformer that collects information from all patches and from which the class is predicted.",
    ),
    "clustering": ("Clustering", "Sorting maps into groups of similar ones without using any labels."),
    "completeness": (
        "Completeness",
        "A guarantee of some methods that the values of the map sum to the change of the score from the baseline.",
    ),
    "completeness-gap": (
        "Completeness gap",
        "How far the sum of a map is from the change of the score that it should explain; 0 % means that it adds up exactly.",
    ),
    "confidence": ("Confidence", "The probability that the model gives to its prediction."),
    "confusion-matrix": (
        "Confusion matrix",
        "A table of true against predicted classes; cells off the diagonal count the mistakes.",
    ),
    "convolution": (
        "Convolution",
        "A layer that slides small patterns over its input and outputs how well they match.",
    ),
    "corner-tag": (
        "Corner tag",
        "A colored mark in a corner of the picture that reveals the class in the training data of some models here.",
    ),
    "counterfactual": (
        "Counterfactual",
        "The same picture with one change, here a different cue: it shows whether the prediction depends on what was changed.",
    ),
    "cue": ("Cue", "The part of a task's picture that shows which object counts, such as a star, a frame, or the sun."),
    "deletion": (
        "Deletion curve",
        "The probability of the class while the cells of the picture are removed, the highest values of the map first; a good map makes it fall early.",
    ),
    "distillation-token": ("Distillation token", "An extra token that learned to predict what another model predicts."),
    "dot-product": (
        "Dot product",
        "The sum of the products of two lists of numbers, large if they point the same way.",
    ),
    "edges": (
        "Edges",
        "The outlines in a picture, found without any model; they resemble many maps and are used for comparison.",
    ),
    "epoch": ("Epoch", "One pass of the training over all training pictures."),
    "evidence": (
        "Positive and negative evidence",
        "Regions or features that raise (positive) or lower (negative) the score of a class.",
    ),
    "faithfulness": (
        "Faithfulness",
        "Whether a map marks what the model really uses, tested by removing or adding the marked regions.",
    ),
    "feature-map": ("Feature map", "The values that one channel of a layer computes at each position of the picture."),
    "feature-gate": ("Feature gate", "Attention with one weight for each channel at each position."),
    "forward-pass": ("Forward pass", "One run of the model from a picture to its prediction."),
    "gate": ("Gate", "Weights between 0 and 1 that multiply channels or positions: 1 lets them pass, 0 blocks them."),
    "glimpse": (
        "Glimpse",
        "One of several steps in which a recurrent model attends to a region before it decides where to attend next.",
    ),
    "grad-cam": (
        "Grad-CAM",
        "An attribution method that weights the feature maps of a stage by their gradients; coarse, but easy to read.",
    ),
    "gradient": ("Gradient", "How strongly the score changes when a pixel changes a little."),
    "ground-truth": (
        "Ground truth",
        "What is known to be correct: the true class, or the region that decides the class in a picture that Fovea has drawn.",
    ),
    "head": (
        "Head",
        "One of several attention computations that run in parallel in a layer, each with its own weights.",
    ),
    "hidden-unit": ("Hidden unit", "One number computed inside a layer, between its input and its output."),
    "insertion": (
        "Insertion curve",
        "The probability of the class while cells are added to a blurred picture, the highest values of the map first; a good map makes it rise early.",
    ),
    "interval": (
        "95 % interval",
        "The range that very likely contains the true value; the fewer pictures, the wider it is.",
    ),
    "intervention": (
        "Intervention",
        "Changing a part of the model, such as its attention, to see whether the prediction changes.",
    ),
    "kernel": ("Kernel", "The small block of weights that a convolution slides over its input."),
    "label": ("Label", "The class that a data set states for a picture."),
    "logit": (
        "Logit",
        "The score of a class before the softmax turns all scores into probabilities; it can be any number.",
    ),
    "loss": ("Loss", "The error that training reduces: large when the true class gets a low probability."),
    "lstm": ("LSTM", "A recurrent layer whose state is updated at every step and keeps information for long."),
    "mechanism": (
        "Attention mechanism",
        "The way in which a model computes and uses its attention weights, such as a channel gate or self-attention.",
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
    "model-card": ("Model card", "A file that states what a model was trained on, its classes and its accuracy."),
    "overconfident": ("Overconfident", "A model is overconfident if its confidence is higher than its accuracy."),
    "overlap": ("Overlap", "The share that two maps have in common when each is scaled to a total of 100 %."),
    "overlap-top": (
        "Overlap of the top 20 %",
        "The share of the strongest fifth of the cells that two maps have in common.",
    ),
    "patch": ("Patch", "A small square of the picture, such as 16 × 16 pixels, that a model processes as one unit."),
    "percentage-points": ("Percentage points", "A difference of percentages: 80 % is 5 percentage points above 75 %."),
    "percentile": ("Percentile", "The value below which that percentage of all values lies, such as 99 %."),
    "pointing-game": (
        "Pointing game",
        "A test of maps: how often the highest value of the map lies inside the correct region.",
    ),
    "position-encoding": (
        "Position encoding",
        "Numbers that give each patch its position in the picture, because self-attention itself ignores the order of patches.",
    ),
    "pre-activation": ("Pre-activation", "The value before a function such as sigmoid or ReLU is applied to it."),
    "precision": ("Precision", "Of all pictures predicted as a class, the share that really belongs to it."),
    "prediction": ("Prediction", "The class to which the model gives the highest probability."),
    "probability": ("Probability", "How likely the model considers a class, from 0 % to 100 %."),
    "query": (
        "Query, key and value",
        "Each patch sends a query that is compared with the keys of all patches; the better they match, the more of that patch's value it receives.",
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
    "recall": ("Recall", "Of all pictures of a class, the share that is predicted correctly."),
    "receptive-field": (
        "Receptive field",
        "The square of the picture that one cell of a feature map sees; what lies outside it cannot change that cell.",
    ),
    "register": ("Register", "An extra token without a position in the picture, which a transformer uses as memory."),
    "residual": ("Residual connection", "A path that adds the input of a layer to its output unchanged."),
    "rollout": (
        "Attention rollout",
        "A map that multiplies the attention of all layers, to estimate how much of each patch reaches the output.",
    ),
    "saliency": ("Saliency", "The simplest attribution: the size of the gradient at each pixel."),
    "sanity-check": (
        "Sanity check",
        "A test that a useful map must pass, such as changing when the class or the weights change.",
    ),
    "score": ("Score", "The number that the model outputs for a class, usually its logit; attributions explain it."),
    "seed": ("Seed", "The number that starts a random generator; the same seed gives the same random choices again."),
    "self-attention": (
        "Self-attention",
        "Attention in which each patch gathers information from all other patches, weighted by how well they match.",
    ),
    "share-inside": (
        "Share inside",
        "The share of a map's positive values that lies inside a region, such as the object of a scene.",
    ),
    "shortcut": (
        "Shortcut",
        "A feature that reveals the class in the training data but is not the object, so the model fails when it is missing.",
    ),
    "shuffled": (
        "Shuffled attention",
        "The same attention weights at random positions: if the prediction stays, the positions do not matter.",
    ),
    "sigmoid": (
        "Sigmoid",
        "A function that turns one score into a value between 0 and 1, independent of the other scores.",
    ),
    "softmax": ("Softmax", "A function that turns scores into positive weights or probabilities that sum to 1."),
    "spatial-attention": ("Spatial attention", "Attention that gives each position in the picture one weight."),
    "split": ("Split", "The part of a data set that is used for one purpose: training, validation or test."),
    "stage": (
        "Stage",
        "A group of layers that work at the same resolution: early stages see fine detail, late ones large shapes.",
    ),
    "standard-deviation": ("Standard deviation", "How far values typically lie from their mean."),
    "standard-error": ("Standard error", "How far a mean over some pictures typically lies from that over all."),
    "superpixel": ("Superpixel", "A connected region of pixels with similar color."),
    "token": ("Token", "A patch, or the class token, as the list of numbers that a transformer computes with."),
    "transformer": (
        "Transformer",
        "A model that cuts the picture into patches and processes them with many layers of self-attention.",
    ),
    "uniform": (
        "Uniform attention",
        "Attention with equal weights everywhere: if the prediction stays, the model does not need its attention.",
    ),
    "off": (
        "Attention off",
        "The attention layer contributes nothing: gates let everything pass, self-attention outputs zero.",
    ),
    "unrelated": (
        "Unrelated pictures",
        "Pairs of different pictures whose maps set a reference: two maps of one picture should be more similar than those.",
    ),
    "watermark": ("Watermark", "Text or a logo over a picture, which a model may use as a shortcut."),
    "weights": ("Weights", "The numbers inside a model that training has set."),
    "zero-shot": ("Zero-shot", "Classification by texts that describe the classes, without training on these classes."),
    "wilson-interval": ("Wilson interval", "A 95 % interval of a share, which stays between 0 and 100 %."),
    "window": ("Window", "A square group of neighboring patches; window attention works only inside it."),
}
"""Each term by its slug: what it is called, and what it means."""

WORDS = {
    "glossary.title": "Glossary",
    "glossary.search": "Search",
    "glossary.none": "No entry matches.",
    "glossary.entry": "**{term}**: {means}",
    **{f"term.{slug}": term for slug, (term, _) in TERMS.items()},
    **{f"term.{slug}.means": means for slug, (_, means) in TERMS.items()},
}
