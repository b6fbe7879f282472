"""A canvas to paint a map of weights on, over the square of a picture that a model sees."""
