"""The page Mistakes: data, scan, runs, the overview of a run, and its pictures."""

from app.state import Page
from app.views.mistakes import address, scanning
from app.views.mistakes.keys import ADDRESS, PASSING, MistakesKey

PAGE = Page("mistakes", MistakesKey, ADDRESS, PASSING, restore=address.restore, elsewhere=scanning.follow)
