"""Trace search and analysis."""
