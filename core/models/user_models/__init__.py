"""Users' models: files and folders with a card, or without one, where it comes from the files or from the user."""
