"""Terms about data, training, predictions and statistics."""

TERMS = {
    "accuracy": ("Accuracy", "The share of pictures for which the predicted class is the true class."),
    "background-shortcut": (
        "Background shortcut",
        "A shortcut in which the background reveals the class, so that the model does not have to look at the object.",
    ),
    "benchmark": ("Benchmark", "A table that compares all methods by the same measures, pictures and models."),
    "bin": ("Bin", "A range of values that are counted together, such as confidences from 80 to 90 %."),
    "calibration": (
        "Calibration",
        "A model is calibrated if its confidence matches its accuracy: of predictions with 80 % confidence, 80 % are correct.",
    ),
    "calibration-error": (
        "Calibration error",
        "The average difference between confidence and accuracy; 0 means a perfectly calibrated model.",
    ),
    "chance": ("Chance level", "The value that random guessing reaches; only results clearly above it are meaningful."),
    "checksum": ("Checksum", "A short code computed from a file, which changes with any byte of it."),
    "clustering": ("Clustering", "Sorting maps into groups of similar ones without using any labels."),
    "confidence": ("Confidence", "The probability that the model assigns to its prediction."),
    "confusion-matrix": (
        "Confusion matrix",
        "A table of true against predicted classes; cells off the diagonal count the mistakes.",
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
    "epoch": ("Epoch", "One pass of the training over all training pictures."),
    "finite-output": (
        "Finite output",
        "An output that is an ordinary number; overflow or damaged weights can give infinity or “not a number” (NaN) instead, and then there is no prediction.",
    ),
    "ground-truth": (
        "Ground truth",
        "What is known to be correct: the true class, or the region that decides the class in a picture that Fovea has drawn.",
    ),
    "imagenet": (
        "ImageNet",
        "A data set of 1.3 million photographs in 1,000 classes, on which most public image classifiers were trained.",
    ),
    "imagenette": ("Imagenette", "A part of ImageNet with ten classes that are easy to distinguish."),
    "interval": (
        "95 % interval",
        "The range that very likely contains the true value; the fewer pictures, the wider it is.",
    ),
    "k-means": (
        "K-means",
        "A clustering method that assigns each map to the nearest of k averages and updates the averages until nothing changes.",
    ),
    "label": ("Label", "The class that a data set assigns to a picture."),
    "loss": ("Loss", "The error that training reduces: large when the true class gets a low probability."),
    "overconfident": ("Overconfident", "A model is overconfident if its confidence is higher than its accuracy."),
    "percentage-points": ("Percentage points", "A difference of percentages: 80 % is 5 percentage points above 75 %."),
    "percentile": (
        "Percentile",
        "A limit below which a given percentage of all values lies: 99 % of them are below the 99th percentile.",
    ),
    "precision": ("Precision", "Of all pictures predicted as a class, the share that really belongs to it."),
    "prediction": ("Prediction", "The class to which the model assigns the highest probability."),
    "probability": ("Probability", "How likely a class is according to the model, from 0 % to 100 %."),
    "recall": ("Recall", "Of all pictures of a class, the share that is predicted correctly."),
    "seed": ("Seed", "The number that starts a random generator; the same seed gives the same random choices again."),
    "shortcut": (
        "Shortcut",
        "A feature that reveals the class in the training data but is not the object, so the model fails when it is missing.",
    ),
    "spectral": (
        "Spectral clustering",
        "A clustering method that connects each map to its most similar ones and cuts the result into groups.",
    ),
    "split": ("Split", "The part of a data set that is used for one purpose: training, validation or test."),
    "standard-deviation": ("Standard deviation", "How far values typically lie from their mean."),
    "standard-error": (
        "Standard error",
        "How far the mean over some pictures typically lies from the mean over all pictures.",
    ),
    "watermark": ("Watermark", "Text or a logo over a picture, which a model may use as a shortcut."),
    "wilson-interval": ("Wilson interval", "A 95 % interval of a share, which stays between 0 and 100 %."),
    "zero-shot": ("Zero-shot", "Classification by texts that describe the classes, without training on these classes."),
}
