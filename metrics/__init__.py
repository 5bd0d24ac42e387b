"""Metrics: PromQL over stored series."""
