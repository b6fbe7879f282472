"""The networks of the shipped models: a backbone for all mechanisms, one that sees little, and a transformer."""
