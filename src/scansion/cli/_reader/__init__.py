"""The full-screen reader of `scansion show`: a terminal, its keys, a line to type in, and what each key does."""
