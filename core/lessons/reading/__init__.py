"""Read a lesson's folder: its structure, its texts, and every error in them."""
