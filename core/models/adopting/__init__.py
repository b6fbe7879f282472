"""Take in a module that others made: it is tested once, and its outputs stay its own."""
