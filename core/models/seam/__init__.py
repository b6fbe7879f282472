"""Taps in any model: found once by a dry run, they cost nothing until someone listens or steers.

``discovery`` finds each softmax over keys that a model multiplies values by, and ``layouts`` to which cells of the
picture its queries and keys belong, by what ``traces`` follow through the model. ``forwards`` lets the weights pass
through a tap, and ``gates`` does the same for known modules that multiply their input by weights.
"""
