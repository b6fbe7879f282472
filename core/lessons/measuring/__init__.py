"""The measures that claims of lessons may name."""
