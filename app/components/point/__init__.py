"""A picture on which one point is marked."""
