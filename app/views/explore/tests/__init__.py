"""Tests: does the prediction depend on what a model attends to?"""
