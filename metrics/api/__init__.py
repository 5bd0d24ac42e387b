"""Prometheus's HTTP API, as Prometheus 3 answers it."""
