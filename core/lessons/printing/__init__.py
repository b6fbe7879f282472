"""Lessons on paper and for Moodle: worksheets, keys and questions in GIFT."""
