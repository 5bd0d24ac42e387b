"""Jaeger's Thrift form of spans to ours. Field numbers are those of Jaeger's `jaeger.thrift`.

The rules of the translation are OpenTelemetry's: https://opentelemetry.io/docs/specs/otel/trace/sdk_exporters/jaeger/
"""

from collections.abc import Iterable, Iterator
from typing import Any

from thrift.protocol.TBinaryProtocol import TBinaryProtocolAccelerated
from thrift.protocol.TCompactProtocol import TCompactProtocolAccelerated
from thrift.protocol.TProtocol import TProtocolBase
from thrift.Thrift import TException, TMessageType, TType
from thrift.transport.TTransport import TMemoryBuffer

from telemetry.ingest.attributes import named_resource
from telemetry.ingest.decode import Malformed
from telemetry.ingest.values import Event, Link, Resource, Span

MAX_TEXT = 1 << 20
MAX_ITEMS = 20_000
"""Of one list: a request cannot ask for more room than it has bytes for, by much."""

_REFERENCE = "opentracing.ref_type"
_FOLLOWS_FROM = 1
_KINDS = {"server", "client", "producer", "consumer", "internal"}
_STATUSES = {"OK": "Ok", "ERROR": "Error", "UNSET": "Unset"}
_US = 1000
_64_BITS = (1 << 64) - 1


class _Struct:
    """Whatever a Thrift struct holds; what was not sent is None.

    With slots, for one of a single byte would otherwise take half a kilobyte here.
    """

    __slots__ = ()
    thrift_spec: tuple[Any, ...] = ()

    def __init__(self) -> None:
        for field in self.thrift_spec:
            if field is not None:
                setattr(self, field[2], None)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


def _field(number: int, kind: int, name: str, of: Any = None) -> tuple[Any, ...]:
    if kind == TType.STRING:
        of = "BINARY"  # decoded here: what is no UTF-8 must not fail the batch
    return (number, kind, name, of, None)


def _list_of(kind: type[_Struct]) -> tuple[Any, ...]:
    return (TType.STRUCT, [kind, kind.thrift_spec], False)


class _Tag(_Struct):
    __slots__ = ("blob", "double", "key", "kind", "text", "truth", "whole")
    thrift_spec = (
        None,
        _field(1, TType.STRING, "key"),
        _field(2, TType.I32, "kind"),
        _field(3, TType.STRING, "text"),
        _field(4, TType.DOUBLE, "double"),
        _field(5, TType.BOOL, "truth"),
        _field(6, TType.I64, "whole"),
        _field(7, TType.STRING, "blob"),
    )


class _Log(_Struct):
    __slots__ = ("fields", "timestamp")
    thrift_spec = (
        None,
        _field(1, TType.I64, "timestamp"),
        _field(2, TType.LIST, "fields", _list_of(_Tag)),
    )


class _Reference(_Struct):
    __slots__ = ("kind", "span_id", "trace_high", "trace_low")
    thrift_spec = (
        None,
        _field(1, TType.I32, "kind"),
        _field(2, TType.I64, "trace_low"),
        _field(3, TType.I64, "trace_high"),
        _field(4, TType.I64, "span_id"),
    )


class _Span(_Struct):
    __slots__ = (
        "duration",
        "flags",
        "logs",
        "operation",
        "parent_id",
        "references",
        "span_id",
        "start",
        "tags",
        "trace_high",
        "trace_low",
    )
    thrift_spec = (
        None,
        _field(1, TType.I64, "trace_low"),
        _field(2, TType.I64, "trace_high"),
        _field(3, TType.I64, "span_id"),
        _field(4, TType.I64, "parent_id"),
        _field(5, TType.STRING, "operation"),
        _field(6, TType.LIST, "references", _list_of(_Reference)),
        _field(7, TType.I32, "flags"),
        _field(8, TType.I64, "start"),
        _field(9, TType.I64, "duration"),
        _field(10, TType.LIST, "tags", _list_of(_Tag)),
        _field(11, TType.LIST, "logs", _list_of(_Log)),
    )


class _Process(_Struct):
    __slots__ = ("service", "tags")
    thrift_spec = (
        None,
        _field(1, TType.STRING, "service"),
        _field(2, TType.LIST, "tags", _list_of(_Tag)),
    )


class _Batch(_Struct):
    __slots__ = ("process", "spans")
    thrift_spec = (
        None,
        _field(1, TType.STRUCT, "process", [_Process, _Process.thrift_spec]),
        _field(2, TType.LIST, "spans", _list_of(_Span)),
    )


class _EmitBatch(_Struct):
    __slots__ = ("batch",)
    thrift_spec = (None, _field(1, TType.STRUCT, "batch", [_Batch, _Batch.thrift_spec]))


def spans_of_batch(body: bytes) -> Iterator[Span] | Malformed:
    """A `Batch` in the binary protocol, as it is posted over HTTP."""
    protocol = TBinaryProtocolAccelerated(
        TMemoryBuffer(body),
        string_length_limit=MAX_TEXT,
        container_length_limit=MAX_ITEMS,
        fallback=True,
    )
    batch = _read(protocol, _Batch())
    return batch if isinstance(batch, Malformed) else _spans(batch)


def spans_of_packet(body: bytes) -> Iterator[Span] | Malformed:
    """A call of `Agent.emitBatch` in the compact protocol, as agents get it over UDP."""
    protocol = TCompactProtocolAccelerated(
        TMemoryBuffer(body),
        string_length_limit=MAX_TEXT,
        container_length_limit=MAX_ITEMS,
        fallback=True,
    )
    try:
        name, kind, _ = protocol.readMessageBegin()
    except (TException, EOFError, ValueError, TypeError, IndexError) as error:
        return Malformed(f"no Thrift message: {error}")
    if name != "emitBatch" or kind not in (TMessageType.ONEWAY, TMessageType.CALL):
        return Malformed(f"no emitBatch, but {name[:40]!r}")
    call = _read(protocol, _EmitBatch())
    if isinstance(call, Malformed):
        return call
    return _spans(call.batch) if call.batch is not None else iter(())


def _read(protocol: TProtocolBase, into: _Struct) -> Any:
    spec = into.thrift_spec
    try:
        if getattr(protocol, "_fast_decode", None) is not None:
            protocol._fast_decode(into, protocol, [type(into), spec])
        else:
            protocol.readStruct(into, spec)
    except (TException, EOFError, ValueError, TypeError, IndexError, OverflowError) as error:
        return Malformed(f"no Thrift struct: {str(error)[:200]}")
    return into


def _spans(batch: Any) -> Iterator[Span]:
    resource = _resource(batch.process)
    for span in batch.spans or ():
        yield _span(span, resource)


def _resource(process: Any) -> Resource:
    types: dict[str, str] = {}
    attributes = {}
    if process is not None:
        if process.service:
            attributes["service.name"] = _text(process.service)
        attributes |= _attributes(process.tags, "resource.", types)
    return named_resource(attributes, types)


def _span(span: Any, resource: Resource) -> Span:
    types = dict(resource.types)
    tags = _attributes(span.tags, "span.", types)
    kind = tags.get("span.kind", "")
    status = _status(tags)
    scope, version = (_taken(tags, f"otel.scope.{w}", f"otel.library.{w}") for w in _SCOPE)
    trace_id = _trace_id(span)
    parent, links = _relations(span, trace_id)
    start = (span.start or 0) * _US
    if kind in _KINDS:
        del tags["span.kind"]
    return Span(
        start_ns=start,
        end_ns=start + (span.duration or 0) * _US,
        trace_id=trace_id,
        span_id=_hex(span.span_id),
        parent_id=parent,
        trace_state=tags.pop("w3c.tracestate", ""),
        name=_text(span.operation),
        kind=kind.capitalize() if kind in _KINDS else "Unspecified",
        resource=resource,
        scope_name=scope,
        scope_version=version,
        attributes=tags,
        status=status,
        message=tags.pop("otel.status_description", ""),
        events=tuple(_event(i, log, types) for i, log in enumerate(span.logs or ())),
        links=links,
        types=types,
        flags=(span.flags or 0) & 0xFF,
    )


_SCOPE = ("name", "version")


def _taken(tags: dict[str, str], *names: str) -> str:
    return next((tags.pop(name) for name in names if name in tags), "")


def _status(tags: dict[str, str]) -> str:
    """`otel.status_code` says it; else whether there is an `error` tag that is true."""
    said = _STATUSES.get(tags.get("otel.status_code", ""))
    failed = tags.get("error", "") == "true"
    if said is not None:
        del tags["otel.status_code"]
    if said == "Error" or (said is None and failed):
        if failed:
            del tags["error"]
        return "Error"
    return said or "Unset"


def _relations(span: Any, trace_id: str) -> tuple[str, tuple[Link, ...]]:
    """The parent, and links to all others. Without a parent of its own, the first it is child of."""
    parent = _hex(span.parent_id) if span.parent_id else ""
    links = []
    for reference in span.references or ():
        other, span_id = _trace_id(reference), _hex(reference.span_id)
        follows = reference.kind == _FOLLOWS_FROM
        if other == trace_id and not follows and parent in ("", span_id):
            parent = span_id
            continue
        links.append(Link(other, span_id, {_REFERENCE: "follows_from" if follows else "child_of"}))
    return parent, tuple(links)


def _event(index: int, log: Any, types: dict[str, str]) -> Event:
    fields = _attributes(log.fields, f"event{index}.", types)
    return Event((log.timestamp or 0) * _US, _taken(fields, "event", "message"), fields)


def _attributes(tags: Iterable[Any] | None, place: str, types: dict[str, str]) -> dict[str, str]:
    found = {}
    for tag in tags or ():
        key = _text(tag.key)
        kind, text = _value(tag)
        if kind:
            types[place + key] = kind
        found[key] = text
    return found


def _value(tag: Any) -> tuple[str, str]:
    """What it was ("" for text), and its text. The kinds are Jaeger's `TagType`."""
    match tag.kind:
        case 1:
            return "double", repr(tag.double or 0.0)
        case 2:
            return "bool", "true" if tag.truth else "false"
        case 3:
            return "int", str(tag.whole or 0)
        case 4:
            return "bytes", (tag.blob or b"").hex()
        case _:
            return "", _text(tag.text)


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else (value or "")


def _trace_id(span: Any) -> str:
    return f"{(span.trace_high or 0) & _64_BITS:016x}{(span.trace_low or 0) & _64_BITS:016x}"


def _hex(number: int | None) -> str:
    return f"{(number or 0) & _64_BITS:016x}"
