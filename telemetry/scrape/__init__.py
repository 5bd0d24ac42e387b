"""Scraping: targets -> fetch -> parse -> samples -> store. Prometheus's configuration is its language."""
