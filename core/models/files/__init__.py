"""Weights: downloaded, checked, read from any format, and put into a module."""
