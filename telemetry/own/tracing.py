"""The tracer of our own work. Where a process tells nothing of itself, it costs next to nothing."""

from opentelemetry import trace

from telemetry.own.context import context_of, link_to, trace_id_of, traceparent

__all__ = ["CHANGE", "context_of", "link_to", "trace_id_of", "traceparent", "tracer"]

CHANGE = "meshweb.change"
"""An attribute of spans that change the mesh: those are always kept."""

tracer = trace.get_tracer("meshweb")
