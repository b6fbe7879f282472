"""The caches of Explore: interventions, other orders of blocks, and the faithfulness of a map."""
