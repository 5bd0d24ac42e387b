"""Jaeger's HTTP APIs, so that whatever speaks to Jaeger speaks to Meshweb."""
