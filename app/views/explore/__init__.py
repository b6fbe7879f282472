"""The page Explore: the prediction, attention next to attribution, their agreement, and tests."""

from app.state import Page
from app.views.explore.keys import ADDRESS, ExploreKey

PAGE = Page("explore", ExploreKey, ADDRESS, covered=False)
