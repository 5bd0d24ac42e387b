"""The language in which spans are searched for."""
