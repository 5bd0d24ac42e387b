"""Log records, put right like spans."""

from telemetry.ingest.values import LogRecord
from telemetry.sanitize.sizes import MAX_VALUE, bounded_attributes
from telemetry.sanitize.times import plausible

MARK = "meshweb.sanitized"
MAX_BODY = 16_384


def sanitize_log(record: LogRecord, now_ns: int) -> LogRecord:
    """Bound its sizes and its time; ids that are none are forgotten."""
    mended = record
    if not plausible(record.time_ns, now_ns):
        mended = mended._replace(time_ns=now_ns)
    if len(record.trace_id) not in (0, 32) or len(record.span_id) not in (0, 16):
        mended = mended._replace(trace_id="", span_id="")
    attributes = bounded_attributes(record.attributes)
    resource = bounded_attributes(record.resource.attributes)
    if attributes is not record.attributes or resource is not record.resource.attributes:
        mended = mended._replace(
            attributes=attributes, resource=record.resource._replace(attributes=resource)
        )
    if len(record.body) > MAX_BODY or len(record.severity) > MAX_VALUE:
        mended = mended._replace(body=record.body[:MAX_BODY], severity=record.severity[:MAX_VALUE])
    if mended is record:
        return record
    return mended._replace(attributes={**mended.attributes, MARK: "true"})
