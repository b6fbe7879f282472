"""An invitation that can be dismissed permanently."""
