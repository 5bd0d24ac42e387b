"""Where a cluster's requests may go."""

from google.protobuf.message import Message

from proxy.xds.fields import METADATA, Fields, address, metadata, number
from proxy.xds.messages import message
from routing.ir import ClusterEndpoints, Endpoint

MTLS_KEY = "mtls"


_NO_SPILLING = 100_000
"""Percent: one healthy endpoint of a thousand counts for all of them.

With Envoy's own 140 the next priority gets a share as soon as two in seven endpoints are away.
"""


def load_assignment(given: ClusterEndpoints) -> Message:
    made: Message = message("envoy.config.endpoint.v3.ClusterLoadAssignment")(
        **assignment_fields(given.cluster, given.endpoints, to_the_last=given.to_the_last)
    )
    return made


def assignment_fields(
    cluster: str, endpoints: tuple[Endpoint, ...], *, to_the_last: bool
) -> Fields:
    if not endpoints:
        return {"cluster_name": cluster}
    groups: dict[tuple[int, str, int], list[Fields]] = {}
    for one in endpoints:
        key = (one.priority, one.locality, one.locality_weight)
        groups.setdefault(key, []).append(_endpoint(one))
    policy = {"overprovisioning_factor": number(_NO_SPILLING)}
    return {
        "cluster_name": cluster,
        "endpoints": [_group(*key, groups[key]) for key in sorted(groups)],
        **({"policy": policy} if to_the_last else {}),
    }


def _group(priority: int, locality: str, weight: int, members: list[Fields]) -> Fields:
    made: Fields = {"lb_endpoints": members}
    if priority:
        made["priority"] = priority
    if locality:
        names = ("region", "zone", "sub_zone")
        parts = zip(names, locality.split("/"), strict=False)
        made["locality"] = {name: part for name, part in parts if part}
    if weight:
        made["load_balancing_weight"] = number(weight)
    return made


def _endpoint(endpoint: Endpoint) -> Fields:
    facts = {
        "namespace": endpoint.namespace,
        "workload": endpoint.workload,
        "app": endpoint.app,
        "version": endpoint.version,
    }
    transport = {MTLS_KEY: "true"} if endpoint.mtls else {}
    return {
        "endpoint": {"address": address(endpoint.address, endpoint.port)},
        "load_balancing_weight": number(max(1, endpoint.weight)),
        "metadata": metadata(
            **{METADATA: facts},
            **({"envoy.transport_socket_match": transport} if transport else {}),
        ),
    }
