"""How many examples: from guesses, or from a run."""
