"""The worth of each technique on the embedded model: `python -m bench.techniques`."""
