"""The pickers and panels that pages share; each draws itself and says what was chosen."""
