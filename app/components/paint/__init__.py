"""A canvas for painting weights over the model's square of a picture."""
