"""The page Learn: the lessons, which are played on the other pages."""

from app.state import Page
from app.views.learn.keys import ADDRESS, LearnKey

PAGE = Page("learn", LearnKey, ADDRESS, lesson_panel=False, covered=False)
