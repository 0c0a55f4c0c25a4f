"""The lab's database: calls, outcomes, scores, runs, and who is at work on them."""
