"""Envoy: xDS, ADS, identities, agents, the fleet."""
