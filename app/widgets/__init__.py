"""The pickers and panels that pages share; each draws itself and returns what was chosen."""
