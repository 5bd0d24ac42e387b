"""A snapshot as one static bootstrap, for `envoy --mode validate`: the binary's own judgement."""

from collections.abc import Iterable, Mapping
from typing import Any

from google.protobuf.message import Message

from proxy.xds import messages
from proxy.xds.messages import as_dict, message
from proxy.xds.runtime import LAYERS
from proxy.xds.snapshot import ProxySnapshot, Resource

_HCM = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
_ROUTER = "envoy.extensions.filters.http.router.v3.Router"
_OWN_CLUSTERS = ("xds", "agent", "otel")
"""The clusters of every real bootstrap that resources may refer to."""


def bootstrap(snapshots: Iterable[ProxySnapshot]) -> dict[str, Any]:
    """One bootstrap with everything of many proxies; what they share is in it once.

    Routes are put inside their listeners and endpoints inside their clusters, so that Envoy
    checks them too; what depends on a secret still waits for it.
    """
    clusters: dict[str, dict[str, Any]] = {}
    listeners: dict[str, dict[str, Any]] = {}
    for snapshot in snapshots:
        prefix = f"{len(listeners)}~"
        for made in _clusters(snapshot):
            known = clusters.setdefault(made["name"], made)
            if known != made:
                other = f"{len(clusters)}~{made['name']}"
                clusters[other] = {**made, "name": other}
        for made in _listeners(snapshot):
            listeners.setdefault(prefix + made["name"], {**made, "name": prefix + made["name"]})
    return whole(clusters.values(), listeners.values())


def whole(
    clusters: Iterable[dict[str, Any]], listeners: Iterable[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "node": {"id": "validate", "cluster": "validate"},
        "layered_runtime": LAYERS,
        "dynamic_resources": {
            "ads_config": {
                "api_type": "DELTA_GRPC",
                "transport_api_version": "V3",
                "grpc_services": [{"envoy_grpc": {"cluster_name": "xds"}}],
            }
        },
        "static_resources": {
            "clusters": [*_own_clusters(), *clusters],
            "listeners": list(listeners),
        },
    }


TRIABLE = frozenset({messages.CLUSTER, messages.ENDPOINTS, messages.LISTENER, messages.ROUTES})
"""What can be tried by itself; a secret cannot, for its key would stand in a file."""


def trial(type_url: str, contents: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """One bootstrap with some resources of one type (as dicts), and nothing they refer to."""
    match type_url:
        case messages.CLUSTER:
            return whole([static_cluster(one, None) for one in contents], ())
        case messages.ENDPOINTS:
            return whole([_behind(one) for one in contents], ())
        case messages.LISTENER:
            return whole((), contents)
        case _:
            return whole((), [around(one, index) for index, one in enumerate(contents)])


def _behind(assignment: dict[str, Any]) -> dict[str, Any]:
    name = assignment["cluster_name"]
    return {"name": name, "type": "STATIC", "load_assignment": assignment}


def around(table: dict[str, Any], index: int) -> dict[str, Any]:
    """A listener for nothing but a route configuration, whose clusters need not be known."""
    manager = {
        "@type": f"{messages.TYPE_URL}{_HCM}",
        "stat_prefix": "trial",
        "route_config": {**table, "validate_clusters": False},
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{messages.TYPE_URL}{_ROUTER}"},
            }
        ],
    }
    return {
        "name": f"trial-{index}",
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": 1 + index}},
        "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
    }


def content(resource: Resource) -> Message:
    """The Envoy message inside a resource."""
    response = message("envoy.service.discovery.v3.DeltaDiscoveryResponse")
    carried = response.FromString(resource.wire).resources[0].resource
    name = carried.type_url.removeprefix(messages.TYPE_URL)
    made: Message = message(name).FromString(carried.value)
    return made


def _clusters(snapshot: ProxySnapshot) -> Iterable[dict[str, Any]]:
    assignments = snapshot.of(messages.ENDPOINTS)
    for resource in snapshot.of(messages.CLUSTER).values():
        found = assignments.get(resource.name)
        endpoints = as_dict(content(found)) if found is not None else None
        yield static_cluster(as_dict(content(resource)), endpoints)


def static_cluster(made: dict[str, Any], endpoints: dict[str, Any] | None) -> dict[str, Any]:
    made = _secrets_from_agent(made)
    if "eds_cluster_config" not in made:
        return made
    given = {key: value for key, value in made.items() if key != "eds_cluster_config"}
    given["type"] = "STATIC"
    return given if endpoints is None else {**given, "load_assignment": endpoints}


_AGENT = {
    "resource_api_version": "V3",
    "initial_fetch_timeout": "0s",
    "api_config_source": {
        "api_type": "DELTA_GRPC",
        "transport_api_version": "V3",
        "grpc_services": [{"envoy_grpc": {"cluster_name": "agent"}}],
    },
}


def _secrets_from_agent(made: Any) -> Any:
    """A cluster whose secrets come over ADS: a static one that waits for ADS, which starts after it,
    ends Envoy (1.40) with a segmentation fault."""
    if isinstance(made, list):
        return [_secrets_from_agent(one) for one in made]
    if not isinstance(made, dict):
        return made
    return {
        key: _AGENT if key == "sds_config" and "ads" in value else _secrets_from_agent(value)
        for key, value in made.items()
    }


def _listeners(snapshot: ProxySnapshot) -> Iterable[dict[str, Any]]:
    tables = {
        name: as_dict(content(resource)) for name, resource in snapshot.of(messages.ROUTES).items()
    }
    for resource in snapshot.of(messages.LISTENER).values():
        made = as_dict(content(resource))
        for chain in made.get("filter_chains", ()):
            for filter_ in chain.get("filters", ()):
                _put_routes(filter_["typed_config"], tables)
        yield made


def _put_routes(config: dict[str, Any], tables: Mapping[str, dict[str, Any]]) -> None:
    named = config.get("rds", {}).get("route_config_name")
    if named in tables:
        del config["rds"]
        config["route_config"] = tables[named]


def _own_clusters() -> list[dict[str, Any]]:
    http2 = {
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": f"{messages.TYPE_URL}envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
            "explicit_http_config": {"http2_protocol_options": {}},
        }
    }
    return [
        {"name": name, "type": "STATIC", "typed_extension_protocol_options": http2}
        for name in _OWN_CLUSTERS
    ]
