"""Trials: is what a model attends to the reason for its answer?"""
