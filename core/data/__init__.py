"""Pictures to look at: scenes that Fovea draws itself, and folders of photographs."""
