"""Samples and series out of ClickHouse, embedded or a cluster."""
