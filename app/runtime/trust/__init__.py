"""The caches of Trust: the benchmark, its pictures, and the truth about attention."""
