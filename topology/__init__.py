"""Registry, platform, traffic graph and health."""
