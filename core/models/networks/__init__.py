"""The networks of the shipped models: a backbone for all mechanisms, one with a small receptive field, a transformer."""
