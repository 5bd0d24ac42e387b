"""How long each signal is kept."""

DAYS: dict[str, int] = {
    "otel_traces": 7,
    "trace_times": 7,
    "access_logs": 3,
    "samples": 15,
    "series": 16,  # longer than its samples
    "metric_metadata": 16,
    "exemplars": 7,  # as long as the traces they name
}
