"""No span is large: counts and lengths are bounded."""

from itertools import islice

from telemetry.ingest.values import Attributes, Span

MAX_ATTRIBUTES = 128
MAX_KEY = 256
MAX_VALUE = 4096
MAX_NAME = 512
MAX_EVENTS = 128
MAX_LINKS = 128


def bounded_sizes(span: Span, _now_ns: int) -> Span:
    """Cut what is too long and drop what is too many."""
    attributes = bounded_attributes(span.attributes)
    resource_attributes = bounded_attributes(span.resource.attributes)
    fine = (
        attributes is span.attributes
        and resource_attributes is span.resource.attributes
        and len(span.name) <= MAX_NAME
        and len(span.message) <= MAX_VALUE
        and len(span.trace_state) <= MAX_VALUE
        and not span.events
        and not span.links
    )
    if fine:
        return span
    resource = span.resource._replace(
        service=span.resource.service[:MAX_KEY],
        namespace=span.resource.namespace[:MAX_KEY],
        workload=span.resource.workload[:MAX_KEY],
        attributes=resource_attributes,
    )
    bounded = span._replace(
        name=span.name[:MAX_NAME],
        message=span.message[:MAX_VALUE],
        trace_state=span.trace_state[:MAX_VALUE],
        attributes=attributes,
        resource=resource,
        events=tuple(
            e._replace(name=e.name[:MAX_NAME], attributes=bounded_attributes(e.attributes))
            for e in span.events[:MAX_EVENTS]
        ),
        links=tuple(
            k._replace(attributes=bounded_attributes(k.attributes)) for k in span.links[:MAX_LINKS]
        ),
    )
    return span if bounded == span else bounded


def bounded_attributes(attributes: Attributes) -> Attributes:
    """The same object if it is fine."""
    if len(attributes) <= MAX_ATTRIBUTES and all(
        len(key) <= MAX_KEY and len(value) <= MAX_VALUE for key, value in attributes.items()
    ):
        return attributes
    kept = islice(attributes.items(), MAX_ATTRIBUTES)
    return {key[:MAX_KEY]: value[:MAX_VALUE] for key, value in kept}
