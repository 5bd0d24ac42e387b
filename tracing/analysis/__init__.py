"""What can be said of a trace by looking at its spans. Pure."""
