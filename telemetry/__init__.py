"""Ingest, sanitising and storage of traces, metrics and logs."""
