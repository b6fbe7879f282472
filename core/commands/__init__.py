"""The commands of the command line; ``core.__main__`` holds their options."""
