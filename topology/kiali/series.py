"""What one series of an answer says: who called whom, and how it went. Repairs known faults."""

import re
from dataclasses import dataclass, replace

from topology.kiali.asked import UNKNOWN, Rate, Rates
from topology.kiali.nodes import Place, told
from topology.kiali.protocols import GRPC, HTTP, TCP, Traffic, failed_over_http
from topology.kiali.query import GRPC_RECEIVED, GRPC_SENT, TCP_RECEIVED, TCP_SENT, Labels

_NEEDED = (
    "source_workload_namespace", "source_workload", "source_canonical_service",
    "source_canonical_revision", "destination_service_namespace", "destination_service",
    "destination_service_name", "destination_workload_namespace", "destination_workload",
    "destination_canonical_service", "destination_canonical_revision",
)  # fmt: skip
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+(:\d+)?")
_PROTOCOLS = {GRPC_SENT: GRPC, GRPC_RECEIVED: GRPC, TCP_SENT: TCP, TCP_RECEIVED: TCP}
EGRESS, SYSTEM = "istio-egressgateway", "istio-system"
EGRESS_HOST = f"{EGRESS}.{SYSTEM}.svc.cluster.local"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """`ztunnel`: an ambient node's proxy tells it."""

    source: Place
    target: Place
    traffic: Traffic
    ztunnel: bool = False


def read(metric: str, labels: Labels, value: float, rates: Rates) -> Told | None:
    """None for what lacks labels, is known to be wrong, or was not asked for."""
    if any(name not in labels for name in _NEEDED):
        return None
    source, target = _source(labels), _target(labels)
    if source is None or target is None:
        return None
    traffic = _traffic(metric, labels, value, rates)
    if traffic is None:
        return None
    ztunnel = traffic.protocol == TCP and labels.get("app") == "ztunnel"
    return Told(source=source, target=target, traffic=traffic, ztunnel=ztunnel)


def _source(labels: Labels) -> Place | None:
    """A namespace without anybody in it, or in no cluster, is a fault of telemetry."""
    cluster = labels.get("source_cluster", UNKNOWN)
    namespace = labels["source_workload_namespace"]
    workload, app = labels["source_workload"], labels["source_canonical_service"]
    if told(namespace):
        nobody = not told(workload) and not told(app)
        lost = "source_cluster" in labels and not told(cluster)
        if nobody or lost:
            return None
    revision = labels["source_canonical_revision"]
    return Place(cluster, namespace, "", namespace, workload, app, revision)


def _target(labels: Labels) -> Place | None:
    host, name = labels["destination_service"], labels["destination_service_name"]
    source_cluster = labels.get("source_cluster", UNKNOWN)
    if host == name == EGRESS_HOST:  # told by host alone
        return Place(source_cluster, SYSTEM, EGRESS, SYSTEM, EGRESS, EGRESS, "latest")
    place = Place(
        labels.get("destination_cluster", UNKNOWN),
        labels["destination_service_namespace"],
        name,
        labels["destination_workload_namespace"],
        labels["destination_workload"],
        labels["destination_canonical_service"],
        labels["destination_canonical_revision"],
    )
    if not told(place.cluster) and told(source_cluster) and told(place.service_namespace):
        place = place._replace(cluster=source_cluster)
    return None if _wrong(place, host, labels) else place


def _wrong(place: Place, host: str, labels: Labels) -> bool:
    """A pod's own address as a service is what its coming and going leaves behind."""
    passing = not told(place.workload) and host == place.service
    lost = "destination_cluster" in labels and not told(place.cluster)
    return (passing and _ADDRESS.fullmatch(host) is not None) or (
        lost and told(place.service_namespace)
    )


def _traffic(metric: str, labels: Labels, value: float, rates: Rates) -> Traffic | None:
    protocol = _PROTOCOLS.get(metric, "")
    host = labels["destination_service"]
    if protocol == GRPC:
        return Traffic(protocol=GRPC, value=value, host=host)
    flags = labels.get("response_flags")
    if flags is None:
        return None
    common = Traffic(protocol=TCP, value=value, flags=flags, host=host)
    return common if protocol == TCP else _request(common, labels, rates)


def _request(common: Traffic, labels: Labels, rates: Rates) -> Traffic | None:
    protocol, code = labels.get("request_protocol"), labels.get("response_code")
    if protocol is None or code is None:
        return None
    if protocol == GRPC and rates.grpc is not Rate.REQUESTS:
        return None
    if protocol == HTTP and rates.http is not Rate.REQUESTS:
        return None
    return replace(common, protocol=protocol, code=_code(protocol, code, labels))


def _code(protocol: str, code: str, labels: Labels) -> str:
    """HTTP's; of gRPC its own where the call got as far. "-" where nothing came back."""
    if code == "0":
        return "-"
    if protocol == GRPC and not failed_over_http(code):
        return labels.get("grpc_response_status", code)
    return code
