"""Plans, runs, the lab, verdicts."""
