"""What running Envoys say of themselves, by way of their agents, and what they are told."""
