"""Who changed what, kept in one append-only table."""
