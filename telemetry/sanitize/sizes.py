"""No span is large: counts and lengths are bounded."""

from itertools import islice

from telemetry.ingest.values import Attributes, Span, Types

MAX_ATTRIBUTES = 128
MAX_TYPES = 1024
"""Typed attributes of a span, its resource, scope, events and links together."""
MAX_KEY = 256
MAX_VALUE = 4096
MAX_NAME = 512
MAX_EVENTS = 128
MAX_LINKS = 128


def bounded_sizes(span: Span, _now_ns: int) -> Span:
    """Cut what is too long and drop what is too many."""
    attributes = bounded_attributes(span.attributes)
    resource_attributes = bounded_attributes(span.resource.attributes)
    scope = bounded_attributes(span.scope_attributes)
    fine = (
        attributes is span.attributes
        and resource_attributes is span.resource.attributes
        and len(span.name) <= MAX_NAME
        and len(span.message) <= MAX_VALUE
        and len(span.trace_state) <= MAX_VALUE
        and scope is span.scope_attributes
        and len(span.scope_name) <= MAX_NAME
        and len(span.scope_version) <= MAX_NAME
        and len(span.types) <= MAX_ATTRIBUTES
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
        scope_name=span.scope_name[:MAX_NAME],
        scope_version=span.scope_version[:MAX_NAME],
        scope_attributes=scope,
        types=_types_of(span.types),
        resource=resource,
        events=tuple(
            e._replace(name=e.name[:MAX_NAME], attributes=bounded_attributes(e.attributes))
            for e in span.events[:MAX_EVENTS]
        ),
        links=tuple(
            k._replace(
                attributes=bounded_attributes(k.attributes), trace_state=k.trace_state[:MAX_VALUE]
            )
            for k in span.links[:MAX_LINKS]
        ),
    )
    return span if bounded == span else bounded


def _types_of(types: Types) -> Types:
    """Of as many attributes as are kept at most; whatever has none is text."""
    if len(types) <= MAX_TYPES and all(len(key) <= MAX_KEY + 16 for key in types):
        return types
    return {key: kind for key, kind in islice(types.items(), MAX_TYPES) if len(key) <= MAX_KEY + 16}


def bounded_attributes(attributes: Attributes) -> Attributes:
    """The same object if it is fine."""
    if len(attributes) <= MAX_ATTRIBUTES and all(
        len(key) <= MAX_KEY and len(value) <= MAX_VALUE for key, value in attributes.items()
    ):
        return attributes
    kept = islice(attributes.items(), MAX_ATTRIBUTES)
    return {key[:MAX_KEY]: value[:MAX_VALUE] for key, value in kept}
