"""A strip of thumbnails to choose a picture from."""
