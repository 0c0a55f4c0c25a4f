"""The versions of a prompt and what the lab knows of them."""
