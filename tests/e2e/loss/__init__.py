"""The zero-loss test's own small mesh, its traffic, and what is done to it."""
