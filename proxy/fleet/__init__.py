"""Serving the fleet: what is planned for each proxy, what it has taken, what it refused."""
