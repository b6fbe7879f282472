"""The page Models: every model in one table, the card of the chosen one, and the models that a user adds."""

from app.state import Page
from app.views.models.keys import ADDRESS, PASSING, ModelsKey

PAGE = Page("models", ModelsKey, ADDRESS, PASSING)
