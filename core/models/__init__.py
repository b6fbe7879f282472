"""The models: their architectures, their cards and the files of their weights."""
