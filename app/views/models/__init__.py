"""The page Models: every model in one table, the card of the chosen one, and the models that a user adds."""
