"""Caches of the page Mistakes: runs and their pictures, scans, exports, tags."""
