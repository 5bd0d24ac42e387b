"""Prometheus's messages of remote write and remote read, declared here field by field.

`RawSeries` reads a series' labels as the bytes they came in: equal bytes are an equal series, and
most series are known already.
"""

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import Message

_Field = descriptor_pb2.FieldDescriptorProto
_ONE, _MANY = _Field.LABEL_OPTIONAL, _Field.LABEL_REPEATED
_TEXT, _BYTES, _DOUBLE = _Field.TYPE_STRING, _Field.TYPE_BYTES, _Field.TYPE_DOUBLE
_INT64, _UINT32, _INT32 = _Field.TYPE_INT64, _Field.TYPE_UINT32, _Field.TYPE_INT32
_Fields = tuple[tuple[str, int, int, "int | str"], ...]

_MESSAGES: dict[str, _Fields] = {
    "Label": (("name", 1, _ONE, _BYTES), ("value", 2, _ONE, _BYTES)),
    "Sample": (("value", 1, _ONE, _DOUBLE), ("timestamp", 2, _ONE, _INT64)),
    "Exemplar": (("labels", 1, _MANY, "Label"), ("value", 2, _ONE, _DOUBLE), ("timestamp", 3, _ONE, _INT64)),
    "RawSeries": (("labels", 1, _MANY, _BYTES), ("samples", 2, _MANY, "Sample"), ("exemplars", 3, _MANY, "Exemplar"), ("histograms", 4, _MANY, _BYTES)),
    "Metadata": (("type", 1, _ONE, _INT32), ("name", 2, _ONE, _TEXT), ("help", 4, _ONE, _TEXT), ("unit", 5, _ONE, _TEXT)),
    "WriteRequest": (("timeseries", 1, _MANY, "RawSeries"), ("metadata", 3, _MANY, "Metadata")),
    "Exemplar2": (("labels_refs", 1, _MANY, _UINT32), ("value", 2, _ONE, _DOUBLE), ("timestamp", 3, _ONE, _INT64)),
    "Metadata2": (("type", 1, _ONE, _INT32), ("help_ref", 3, _ONE, _UINT32), ("unit_ref", 4, _ONE, _UINT32)),
    "Series2": (("labels_refs", 1, _MANY, _UINT32), ("samples", 2, _MANY, "Sample"), ("histograms", 3, _MANY, _BYTES), ("exemplars", 4, _MANY, "Exemplar2"), ("metadata", 5, _ONE, "Metadata2")),
    "WriteRequest2": (("symbols", 4, _MANY, _BYTES), ("timeseries", 5, _MANY, "Series2")),
    "Matcher": (("type", 1, _ONE, _INT32), ("name", 2, _ONE, _TEXT), ("value", 3, _ONE, _TEXT)),
    "Query": (("start_timestamp_ms", 1, _ONE, _INT64), ("end_timestamp_ms", 2, _ONE, _INT64), ("matchers", 3, _MANY, "Matcher")),
    "ReadRequest": (("queries", 1, _MANY, "Query"),),
    "Series": (("labels", 1, _MANY, "Label"), ("samples", 2, _MANY, "Sample")),
    "QueryResult": (("timeseries", 1, _MANY, "Series"),),
    "ReadResponse": (("results", 1, _MANY, "QueryResult"),),
}  # fmt: skip
_PACKAGE = "meshweb.prompb"


def _declared() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(
        name="meshweb/prompb.proto", package=_PACKAGE, syntax="proto3"
    )
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, number, label, kind in fields:
            made = message.field.add(name=field, number=number)
            made.label = label  # type: ignore[assignment]
            if isinstance(kind, str):
                made.type, made.type_name = _Field.TYPE_MESSAGE, f".{_PACKAGE}.{kind}"
            else:
                made.type = kind  # type: ignore[assignment]
    return file


_pool = descriptor_pool.DescriptorPool()
_pool.Add(_declared())


def _class(name: str) -> type[Message]:
    return message_factory.GetMessageClass(_pool.FindMessageTypeByName(f"{_PACKAGE}.{name}"))


Label = _class("Label")
WriteRequest = _class("WriteRequest")
WriteRequest2 = _class("WriteRequest2")
ReadRequest = _class("ReadRequest")
ReadResponse = _class("ReadResponse")
METRIC_TYPES = (
    "unknown", "counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset",
)  # fmt: skip
"""By their number, of remote write 1 and 2 alike."""
