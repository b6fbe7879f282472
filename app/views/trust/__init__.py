"""The page Trust: the benchmark of a model, with one example for each measure."""

from app.state import Page
from app.views.trust.keys import ADDRESS, TrustKey

PAGE = Page("trust", TrustKey, ADDRESS)
