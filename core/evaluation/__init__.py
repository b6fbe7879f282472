"""What can be measured about a model and its maps: how often it is right, how alike two maps are."""
