"""Stop when decided: the order of the looks, the live run, the decision, its figures."""
