"""The collector process: OTLP in; edge counts to the broker, rows to the store."""
