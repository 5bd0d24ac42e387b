"""Telemetry has no tables in the database; what it keeps is in the store (`store/migrations`)."""
