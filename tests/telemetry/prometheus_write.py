"""Remote write requests, as Prometheus makes them."""

from collections.abc import Mapping, Sequence
from typing import Any

from telemetry.prompb import Label, WriteRequest, WriteRequest2
from telemetry.snappy import packed

HEADERS = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}
HEADERS_2 = {
    **HEADERS,
    "Content-Type": "application/x-protobuf;proto=io.prometheus.write.v2.Request",
    "X-Prometheus-Remote-Write-Version": "2.0.0",
}
Samples = Sequence[tuple[int, float]]


def label(name: str, value: str) -> Any:
    return Label(name=name.encode(), value=value.encode())


def request_of(series: Mapping[tuple[tuple[str, str], ...], Samples]) -> Any:
    request: Any = WriteRequest()
    for labels, samples in series.items():
        one = request.timeseries.add()
        one.labels.extend(label(*pair).SerializeToString() for pair in labels)
        for time, value in samples:
            one.samples.add(timestamp=time, value=value)
    return request


def second_request_of(series: Mapping[tuple[tuple[str, str], ...], Samples]) -> Any:
    request: Any = WriteRequest2(symbols=[b""])
    for labels, samples in series.items():
        one = request.timeseries.add()
        for pair in labels:
            for word in pair:
                one.labels_refs.append(len(request.symbols))
                request.symbols.append(word.encode())
        for time, value in samples:
            one.samples.add(timestamp=time, value=value)
    return request


def body_of(series: Mapping[tuple[tuple[str, str], ...], Samples]) -> bytes:
    return packed(request_of(series).SerializeToString())
