"""What a person reads of a run: the terminal table, the live line, HTML, Markdown, JUnit and plain text.

No figure is computed here: every number comes from `experiments.results`, this room only words and lays it out.
"""
