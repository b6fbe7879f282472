"""The sections of Trust: what the league says of a model, and for each measure one case to look at."""
