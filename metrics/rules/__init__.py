"""Recording and alerting rules in Prometheus's YAML."""
