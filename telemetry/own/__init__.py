"""Meshweb's own traces, metrics and logs: made here, sent to the same store as everybody's."""
