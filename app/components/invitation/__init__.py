"""An invitation that the browser remembers to have been dismissed."""
