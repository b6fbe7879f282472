"""The page Explore: the prediction, attention beside attribution, how far they agree, and tests of both."""
