"""What a client asks of the graph, checked; refusals are worded as Kiali's."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

UNKNOWN = "unknown"
OPERATION = "request_operation"
"""Where Istio's classification of requests puts what it finds."""
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,127}")
_NAME = re.compile(r"[a-zA-Z0-9]([-a-zA-Z0-9._]{0,251}[a-zA-Z0-9])?")


class BadParameter(Exception):  # noqa: N818  it is what is wrong, not that something is
    """The request cannot be answered as it stands. `status` is HTTP's."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


class GraphType(StrEnum):
    APP = "app"
    SERVICE = "service"
    VERSIONED_APP = "versionedApp"
    WORKLOAD = "workload"

    @property
    def of_apps(self) -> bool:
        return self in (GraphType.APP, GraphType.VERSIONED_APP)


class Ambient(StrEnum):
    """Which of ambient's proxies count."""

    NONE = "none"
    TOTAL = "total"
    WAYPOINT = "waypoint"
    ZTUNNEL = "ztunnel"


class Rate(StrEnum):
    NONE = "none"
    RECEIVED = "received"
    REQUESTS = "requests"
    SENT = "sent"
    TOTAL = "total"


GRPC_RATES = tuple(Rate)
HTTP_RATES = (Rate.NONE, Rate.REQUESTS)
TCP_RATES = (Rate.NONE, Rate.RECEIVED, Rate.SENT, Rate.TOTAL)


class Box(StrEnum):
    APP = "app"
    CLUSTER = "cluster"
    NAMESPACE = "namespace"


APPENDERS = (
    "aggregateNode", "ambient", "deadNode", "health", "idleNode", "istio", "labeler", "meshCheck",
    "outsider", "responseTime", "securityPolicy", "serviceEntry", "sidecarsCheck", "throughput",
    "trafficGenerator", "workloadEntry",
)  # fmt: skip
"""Every name that Kiali knows. What has nothing to say of this mesh leaves the graph as it is."""

QUANTILES = {"avg": 0.0, "50": 0.5, "95": 0.95, "99": 0.99}
THROUGHPUTS = ("request", "response")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    ambient: Ambient = Ambient.TOTAL
    grpc: Rate = Rate.REQUESTS
    http: Rate = Rate.REQUESTS
    tcp: Rate = Rate.SENT


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedNode:
    """The one node whose neighbours are asked for; one of the names is set."""

    namespace: str
    workload: str = ""
    app: str = ""
    version: str = ""
    service: str = ""
    cluster: str = UNKNOWN
    aggregate_value: str = ""
    """Set, the node is the requests whose label (`Asked.aggregate`) has this value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A graph of `namespaces`, or of one node in the only one of them.

    `at` is Unix seconds. `appenders` is None for all of them. `response_time` is a quantile, 0 for
    the average. `aggregate` is the label by which requests are classified.
    """

    namespaces: tuple[str, ...]
    at: int
    node: AskedNode | None = None
    graph_type: GraphType = GraphType.WORKLOAD
    seconds: int = 600
    appenders: frozenset[str] | None = None
    boxes: frozenset[Box] = frozenset()
    idle_edges: bool = False
    service_nodes: bool = False
    rates: Rates = Rates()
    response_time: float = 0.95
    throughput: str = "response"
    aggregate: str = OPERATION

    def wants(self, *names: str) -> bool:
        return self.appenders is None or not self.appenders.isdisjoint(names)


PARAMETERS = frozenset({
    "aggregate", "ambientTraffic", "appenders", "boxBy", "clusterName", "configVendor", "duration",
    "graphType", "includeIdleEdges", "injectServiceNodes", "namespaces", "queryTime", "rateGrpc",
    "rateHttp", "rateTcp", "responseTime", "telemetryVendor", "throughputType",
})  # fmt: skip


def parse(params: Mapping[str, str], now: float, node: AskedNode | None = None) -> Asked:
    """The query parameters of a request; of one node where its path names one."""
    for name in sorted(set(params) - PARAMETERS):
        raise BadParameter(f"Unknown parameter [{name}]")
    for name, only in (("configVendor", "common"), ("telemetryVendor", "istio")):
        if params.get(name, "") not in ("", only):
            raise BadParameter(f"Invalid {name} [{params[name]}]")
    graph_type = _graph_type(params.get("graphType", ""), node)
    if node is not None:
        _check_names(node)
    return Asked(
        namespaces=(node.namespace,) if node else _namespaces(params.get("namespaces", "")),
        at=_query_time(params.get("queryTime", ""), now),
        node=node,
        graph_type=graph_type,
        seconds=_seconds(params.get("duration", "")),
        appenders=_appenders(params.get("appenders")),
        boxes=_boxes(params.get("boxBy", "")),
        idle_edges=_flag("includeIdleEdges", params),
        service_nodes=graph_type is GraphType.SERVICE or _flag("injectServiceNodes", params),
        rates=_rates(params),
        response_time=_response_time(params.get("responseTime", "")),
        throughput=_throughput(params.get("throughputType", "")),
        aggregate=_aggregate(params.get("aggregate", "")),
    )


def _graph_type(text: str, node: AskedNode | None) -> GraphType:
    try:
        graph_type = GraphType(text or "workload")
    except ValueError:
        raise BadParameter(f"Invalid graphType [{text}]") from None
    if node is not None and node.app and not graph_type.of_apps:
        raise BadParameter(
            f"Invalid graphType [{graph_type}]. This node detail graph supports only graphType"
            " app or versionedApp."
        )
    return graph_type


def _namespaces(text: str) -> tuple[str, ...]:
    if not text:
        raise BadParameter(
            "At least one namespace must be specified via the namespaces query parameter."
        )
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    for name in names:
        if not _NAME.fullmatch(name):
            raise BadParameter(f"Requested namespace [{name}] is not accessible.", 403)
    return names


def _check_names(node: AskedNode) -> None:
    for name in (node.namespace, node.workload, node.app, node.version, node.service):
        if name and not _NAME.fullmatch(name):
            raise BadParameter(f"Invalid name [{name}]")
    if len(node.aggregate_value) > _LONGEST_VALUE:
        raise BadParameter(f"A value of an aggregate has at most {_LONGEST_VALUE} characters.")


_LONGEST_VALUE = 1024
_MOST_SECONDS = 366 * 86_400
_LAST_MOMENT = 253_402_300_799
"""The end of the year 9999."""


def _query_time(text: str, now: float) -> int:
    if not text:
        return int(now)
    if not re.fullmatch(r"[0-9]{1,12}", text) or int(text) > _LAST_MOMENT:
        raise BadParameter(f"Invalid queryTime [{text}]")
    return int(text)


_UNITS = {"y": 365 * 86_400, "w": 7 * 86_400, "d": 86_400, "h": 3600, "m": 60, "s": 1, "ms": 0.001}
_DURATION = re.compile("".join(rf"(?:([0-9]{{1,12}}){unit})?" for unit in _UNITS))


def _seconds(text: str) -> int:
    """Prometheus's durations: `90s`, `1h30m`."""
    if not text:
        return 600
    found = _DURATION.fullmatch(text)
    parts = found.groups() if found else ()
    seconds = sum(int(part or 0) * size for part, size in zip(parts, _UNITS.values(), strict=False))
    if not 1 <= seconds <= _MOST_SECONDS:
        raise BadParameter(f"Invalid duration [{text}]")
    return int(seconds)


def _appenders(text: str | None) -> frozenset[str] | None:
    if text is None:
        return None
    names = frozenset(name.strip() for name in text.split(",")) - {""}
    for name in sorted(names.difference(APPENDERS)):
        raise BadParameter(f"Invalid appender [{name}]")
    return names


def _aggregate(text: str) -> str:
    if text and not _LABEL.fullmatch(text):
        raise BadParameter(f"Invalid aggregate [{text}]")
    return text or OPERATION


def _boxes(text: str) -> frozenset[Box]:
    try:
        return frozenset(Box(name.strip()) for name in text.split(",")) if text else frozenset()
    except ValueError:
        raise BadParameter(f"Invalid boxBy [{text}]") from None


_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"", "0", "f", "F", "FALSE", "false", "False"})


def _flag(name: str, params: Mapping[str, str]) -> bool:
    text = params.get(name, "")
    if text not in _TRUE | _FALSE:
        raise BadParameter(f"Invalid {name} [{text}]")
    return text in _TRUE


def _rates(params: Mapping[str, str]) -> Rates:
    ambient = params.get("ambientTraffic", "") or "total"
    if ambient not in tuple(Ambient):
        raise BadParameter(f"Invalid Ambient Traffic [{ambient}]")
    return Rates(
        ambient=Ambient(ambient),
        grpc=_rate("gRPC", params.get("rateGrpc", ""), GRPC_RATES, Rate.REQUESTS),
        http=_rate("HTTP", params.get("rateHttp", ""), HTTP_RATES, Rate.REQUESTS),
        tcp=_rate("TCP", params.get("rateTcp", ""), TCP_RATES, Rate.SENT),
    )


def _rate(protocol: str, text: str, known: tuple[Rate, ...], usual: Rate) -> Rate:
    if not text:
        return usual
    if text not in known:
        raise BadParameter(f"Invalid {protocol} Rate [{text}]")
    return Rate(text)


def _response_time(text: str) -> float:
    try:
        return QUANTILES[text or "95"]
    except KeyError:
        raise BadParameter(
            f"Invalid responseTime, must be one of: avg | 50 | 95 | 99: [{text}]"
        ) from None


def _throughput(text: str) -> str:
    if text and text not in THROUGHPUTS:
        raise BadParameter(
            f"Invalid throughputType, expecting one of (request, response). [{text}]"
        )
    return text or "response"
