"""The page Mistakes: the data, the scan, the runs, what a run found, and its pictures."""
