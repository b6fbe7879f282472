"""The page Explore: the prediction, attention beside attribution, how far they agree, and tests of both."""

from app.state import Page
from app.views.explore.keys import ADDRESS, ExploreKey

PAGE = Page("explore", ExploreKey, ADDRESS)
