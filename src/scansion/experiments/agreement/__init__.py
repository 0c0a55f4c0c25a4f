"""How far raters agree, and correcting a judge by people."""
