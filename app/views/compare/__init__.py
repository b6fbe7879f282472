"""The page Compare: one picture through several models, one model on several pictures, and pinned analyses."""

from app.state import Page
from app.views.compare import address
from app.views.compare.keys import ADDRESS, CompareKey

PAGE = Page("compare", CompareKey, ADDRESS, restore=address.restore)
