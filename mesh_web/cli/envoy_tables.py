"""What an Envoy is configured with, as tables like those of istioctl."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mesh_web.cli.output import moment

Json = Mapping[str, Any]
Row = tuple[object, ...]
Table = tuple[tuple[str, ...], list[Row]]


def clusters(dump: Json) -> Table:
    head = ("SERVICE FQDN", "PORT", "SUBSET", "DIRECTION", "TYPE", "MADE FROM")
    return head, [_cluster(one) for one in dump["clusters"]]


def _cluster(one: Json) -> Row:
    kind = _at(one["config"], "type") or _at(one["config"], "cluster_type", "name") or "STATIC"
    direction, port, subset, host = (
        one["name"].split("|") if one["name"].count("|") == 3 else ("", "", "", one["name"])
    )
    return host, port, subset, direction, kind, _makers(one)


def listeners(dump: Json) -> Table:
    head = ("ADDRESS", "PORT", "MATCH", "DESTINATION", "MADE FROM")
    return head, [row for one in dump["listeners"] for row in _listener(one)]


def _listener(one: Json) -> Iterator[Row]:
    address = _at(one["config"], "address", "socket_address") or {}
    for chain in one["config"].get("filter_chains", ()):
        match = _at(chain, "filter_chain_match") or {}
        asked = [*match.get("server_names", ()), match.get("transport_protocol", "")]
        yield (
            address.get("address"),
            address.get("port_value"),
            " ".join(word for word in asked if word) or "ALL",
            _destination(chain),
            _makers(one),
        )


def _destination(chain: Json) -> str:
    for one in chain.get("filters", ()):
        config = one.get("typed_config", {})
        route = _at(config, "rds", "route_config_name")
        if route:
            return f"Route: {route}"
        shares = _at(config, "weighted_clusters", "clusters")
        if shares:
            return ", ".join(f"Cluster: {share['name']} {share['weight']}" for share in shares)
        if config.get("cluster"):
            return f"Cluster: {config['cluster']}"
    return ""


def routes(dump: Json) -> Table:
    head = ("NAME", "VHOST", "DOMAINS", "MATCH", "TO", "VIRTUAL SERVICE")
    rows: list[Row] = [
        (table["name"], host["name"], _domains(host), match_of(rule), _target(rule), _origin(rule))
        for table in dump["routes"]
        for host in table["config"].get("virtual_hosts", ())
        for rule in host.get("routes", ())
    ]
    return head, rows


def _domains(host: Json) -> str:
    domains = host.get("domains", ())
    more = f" + {len(domains) - 1} more" if len(domains) > 1 else ""
    return f"{domains[0]}{more}" if domains else ""


def match_of(rule: Json) -> str:
    """/cart (a path), /cart* (a prefix), ~regex; then the headers and parameters asked for."""
    match = rule.get("match", {})
    if "path" in match:
        path = match["path"]
    elif "safe_regex" in match:
        path = f"~{match['safe_regex'].get('regex', '')}"
    elif "connect_matcher" in match:
        path = "CONNECT"
    else:
        path = f"{match.get('path_separated_prefix') or match.get('prefix', '/')}*"
    asked = [
        one.get("name", "")
        for one in (*match.get("headers", ()), *match.get("query_parameters", ()))
    ]
    return f"{path} with {', '.join(asked)}" if asked else str(path)


def _target(rule: Json) -> str:
    shares = _at(rule, "route", "weighted_clusters", "clusters")
    if shares:
        return ", ".join(f"{share['name']} {share.get('weight', 0)}" for share in shares)
    if _at(rule, "route", "cluster"):
        return str(rule["route"]["cluster"])
    if "redirect" in rule:
        return "redirect"
    status = _at(rule, "direct_response", "status")
    return f"answer {status}" if status else ""


def endpoints(dump: Json) -> Table:
    head = ("ENDPOINT", "WEIGHT", "WORKLOAD", "CLUSTER")
    return head, [row for one in dump["endpoints"] for row in _endpoints(one)]


def _endpoints(one: Json) -> Iterator[Row]:
    for group in one["config"].get("endpoints", ()):
        for each in group.get("lb_endpoints", ()):
            address = _at(each, "endpoint", "address", "socket_address") or {}
            ours = _at(each, "metadata", "filter_metadata", "meshweb") or {}
            yield (
                f"{address.get('address')}:{address.get('port_value')}",
                each.get("load_balancing_weight", 1),
                ours.get("workload"),
                one["name"],
            )


def secrets(dump: Json) -> Table:
    head = ("NAME", "FROM", "TYPE", "NAMES", "ISSUER", "SERIAL", "NOT BEFORE", "NOT AFTER")
    return head, [row for one in dump["secrets"] for row in _secret(one)]


def _secret(one: Json) -> Iterator[Row]:
    if not one["certificates"]:
        yield one["name"], one["source"], None, None, None, None, None, None
    for certificate in one["certificates"]:
        yield (
            one["name"],
            one["source"],
            "CA" if certificate["authority"] else "Cert Chain",
            ", ".join(certificate["sans"]) or certificate["subject"],
            certificate["issuer"],
            certificate["serial"],
            moment(certificate["not_before"]),
            moment(certificate["not_after"]),
        )


def differences(dump: Json) -> Iterator[str]:
    """Lines about what the Envoy has not as control serves it."""
    envoy = dump["envoy"]
    if not envoy["answered"]:
        yield f"Its Envoy was not heard: {envoy['error']}."
    for one in envoy["differences"]:
        yield f"{one['type']} {one['name']}: {one['problem']}"


TABLES = {
    "clusters": clusters,
    "listeners": listeners,
    "routes": routes,
    "endpoints": endpoints,
    "secrets": secrets,
}


def _makers(one: Json) -> str:
    return ", ".join(dict.fromkeys(origin["resource"] for origin in one["origins"]))


def _origin(rule: Json) -> str:
    return str(_at(rule, "metadata", "filter_metadata", "meshweb", "origin") or "")


def _at(value: Any, *path: str) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def named(rows: Iterable[Row], word: str) -> list[Row]:
    """The rows that have a word in one of their cells; all without one."""
    return [row for row in rows if not word or any(word in str(cell) for cell in row)]
