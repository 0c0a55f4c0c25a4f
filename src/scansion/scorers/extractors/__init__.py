"""Extractors: each reads an answer out of a text, one file each, found by name."""
