"""The sections of Trust: what the benchmark says of a model, and for each measure one case to look at."""

from app.state import Page
from app.views.trust.keys import ADDRESS, TrustKey

PAGE = Page("trust", TrustKey, ADDRESS)
