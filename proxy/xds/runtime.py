"""The runtime values that every Envoy starts with: those of the fleet, and those that are asked."""

RUNTIME = {
    # as Istio has it: without it Envoy refuses expressions that Istio's proxies take
    "re2.max_program_size.error_level": 32768,
    # spans leave within half a second, so that a page view's trace is whole soon after it
    "tracing.opentelemetry.flush_interval_ms": 500,
}
LAYERS = {"layers": [{"name": "static", "static_layer": RUNTIME}]}
