"""The tasks that the embedded model learns, one file each."""
