"""The commands of the shell, a file for each kind of work; ``core.__main__`` knows their options."""
