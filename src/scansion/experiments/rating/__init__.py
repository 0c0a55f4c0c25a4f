"""Votes to ratings."""
