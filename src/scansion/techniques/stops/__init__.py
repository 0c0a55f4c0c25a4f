"""Rules that say when a vote has asked enough, one file each, found by name."""
