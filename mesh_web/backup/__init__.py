"""A whole Meshweb in one file, written while it runs, and read back into an empty home."""
