"""The page Mistakes: the data, the scan, the runs, what a run found, and its pictures."""

from app.state import Page
from app.views.mistakes import address, scanning
from app.views.mistakes.keys import ADDRESS, PASSING, MistakesKey

PAGE = Page("mistakes", MistakesKey, ADDRESS, PASSING, restore=address.restore, elsewhere=scanning.follow)
