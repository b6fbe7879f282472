"""Terms about models: layers, attention mechanisms, and what they compute."""

TERMS = {
    "activation": (
        "Activation",
        "The numbers that a layer outputs for a picture; a large value means that the pattern it detects is present.",
    ),
    "activation-function": (
        "Activation function",
        "A simple function between layers, such as ReLU or sigmoid, without which a network could only compute weighted sums.",
    ),
    "architecture": ("Architecture", "The layers of a model and how they are connected, without the trained weights."),
    "attention": (
        "Attention",
        "A part of a model that gives each patch, position or channel a weight, so that some count more than others.",
    ),
    "attention-pooling": (
        "Attention pooling",
        "A weighted average of the features of all positions, with attention weights that sum to 1.",
    ),
    "backbone": (
        "Backbone",
        "The part of a network that turns the picture into features, shared by several models here.",
    ),
    "bias": ("Bias", "A learned number that is added to a weighted sum, whatever the input is."),
    "bottleneck": ("Bottleneck", "A narrow layer between two wider ones, which saves computation."),
    "channel": (
        "Channel",
        "One of the many feature maps that a layer computes, each of which responds to its own pattern.",
    ),
    "channel-attention": (
        "Channel attention",
        "Attention that weights channels instead of positions, so it shows which features count but not where they are.",
    ),
    "checkpoint": ("Checkpoint", "A file with the weights of a model."),
    "class-token": (
        "Class token",
        "An extra token of a transformer that collects information from all patches and from which the class is predicted.",
    ),
    "classifier-head": (
        "Classifier head",
        "The last layer of a model, which turns features into one score for each class.",
    ),
    "convolution": (
        "Convolution",
        "A layer that slides small patterns over its input and outputs how well they match.",
    ),
    "distillation-token": (
        "Distillation token",
        "An extra token that was trained to predict what another, larger model predicts.",
    ),
    "dot-product": (
        "Dot product",
        "The sum of the products of two lists of numbers; it is large if both point in the same direction.",
    ),
    "feature": (
        "Feature",
        "A number that describes part of a picture, such as how strongly an edge or an ear is present; models learn their features.",
    ),
    "feature-gate": ("Feature gate", "Attention with one weight for each channel at each position."),
    "feature-map": ("Feature map", "The values that one channel of a layer computes at each position of the picture."),
    "forward-pass": ("Forward pass", "One run of the model from a picture to its prediction."),
    "gate": ("Gate", "Weights between 0 and 1 that multiply channels or positions: 1 lets them pass, 0 blocks them."),
    "glimpse": (
        "Glimpse",
        "One of several steps in which a recurrent model attends to a region before it decides where to attend next.",
    ),
    "gradient": ("Gradient", "How strongly the score changes when a pixel changes a little."),
    "head": (
        "Head",
        "One of several attention computations that run in parallel in a layer, each with its own weights.",
    ),
    "hidden-unit": ("Hidden unit", "One number computed inside a layer, between its input and its output."),
    "kernel": ("Kernel", "The small block of weights that a convolution slides over its input."),
    "logit": (
        "Logit",
        "The score of a class before the softmax turns all scores into probabilities; it can be any number.",
    ),
    "lstm": (
        "LSTM",
        "A recurrent layer whose state is updated at every step and can keep information over many steps.",
    ),
    "mechanism": (
        "Attention mechanism",
        "The way in which a model computes and uses its attention weights, such as a channel gate or self-attention.",
    ),
    "model-card": ("Model card", "A file that describes a model: its training data, its classes and its accuracy."),
    "patch": ("Patch", "A small square of the picture, such as 16 × 16 pixels, that a model processes as one unit."),
    "position-encoding": (
        "Position encoding",
        "Numbers that give each patch its position in the picture, because self-attention itself ignores the order of patches.",
    ),
    "pre-activation": ("Pre-activation", "The value before a function such as sigmoid or ReLU is applied to it."),
    "query": (
        "Query, key and value",
        "The query of a patch is compared with the keys of all patches; the better they match, the more of that patch's value is added to the result.",
    ),
    "receptive-field": (
        "Receptive field",
        "The square of the picture that can change one cell of a feature map; pixels outside it have no effect on that cell.",
    ),
    "recurrent": (
        "Recurrent",
        "A recurrent layer or model works in steps and passes its state from each step to the next.",
    ),
    "register": (
        "Register",
        "An extra token without a position in the picture, in which a transformer stores information.",
    ),
    "relu": ("ReLU", "An activation function that sets negative values to zero and leaves positive values unchanged."),
    "residual": ("Residual connection", "A path that adds the input of a layer to its output unchanged."),
    "score": ("Score", "The number that the model outputs for a class, usually its logit; attributions explain it."),
    "self-attention": (
        "Self-attention",
        "Attention in which each patch gathers information from all other patches, weighted by how well they match.",
    ),
    "sigmoid": (
        "Sigmoid",
        "A function that turns one score into a value between 0 and 1, independent of the other scores.",
    ),
    "softmax": ("Softmax", "A function that turns scores into positive weights or probabilities that sum to 1."),
    "spatial-attention": ("Spatial attention", "Attention that gives each position in the picture one weight."),
    "stage": (
        "Stage",
        "A group of layers that work at the same resolution: early stages capture fine detail, late ones large shapes.",
    ),
    "token": ("Token", "A patch, or the class token, as the list of numbers that a transformer computes with."),
    "transformer": (
        "Transformer",
        "A model that cuts the picture into patches and processes them with many layers of self-attention.",
    ),
    "weights": ("Weights", "The numbers inside a model that are learned during training."),
    "window": ("Window", "A square group of neighboring patches; window attention works only inside it."),
}
