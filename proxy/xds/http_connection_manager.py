"""HTTP on a connection: the order of filters, what is trusted, what is told.

Filters run in the order of `_filters`: the caller is read before anything can answer, our own
name is written last before the router sends the request on.
"""

from dataclasses import dataclass

from google.protobuf.message import Message

from proxy.xds import authorization, telemetry
from proxy.xds.backstop import backstop_filter
from proxy.xds.cors import cors_filter
from proxy.xds.dynamic import dynamic_filter
from proxy.xds.fault import fault_filter
from proxy.xds.fields import METADATA, Fields
from proxy.xds.jwt import jwt_filters
from proxy.xds.messages import duration, extension, typed
from proxy.xds.options import Options
from proxy.xds.route import SOURCE_HEADER
from proxy.xds.telemetry import SOURCE_PARTS, Side
from proxy.xds.telling import filtered
from routing.ir import JwtProvider, Proxy

_HCM = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
_FILTER = "envoy.extensions.filters.http."
_REQUEST_ID = "envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig"
_WORD = r"[^/]*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """What kind of HTTP connection this is.

    `edge`: its clients are strangers. `names_itself`: what goes out says who sent it.
    `mtls`: the client proved its identity.
    """

    side: Side
    route_config: str
    edge: bool = False
    inbound: bool = False
    mtls: bool = False
    proxying: bool = False
    jwt: tuple[JwtProvider, ...] = ()


def http_connection_manager(connection: Connection, proxy: Proxy, options: Options) -> Fields:
    """The network filter that ends a filter chain for HTTP."""
    return {
        "name": "envoy.filters.network.http_connection_manager",
        "typed_config": _manager(connection, proxy, options),
    }


def _manager(connection: Connection, proxy: Proxy, options: Options) -> Message:
    return typed(
        _HCM,
        stat_prefix=connection.route_config,
        rds={
            "route_config_name": connection.route_config,
            # a listener must not open before its routes are there
            "config_source": {"resource_api_version": "V3", "initial_fetch_timeout": {}, "ads": {}},
        },
        http_filters=_filters(connection, proxy),
        access_log=filtered(telemetry.http_loggers(connection.side, proxy, options), options),
        upgrade_configs=_upgrades(connection),
        generate_request_id={"value": True},
        server_header_transformation="PASS_THROUGH",
        normalize_path={"value": True},
        merge_slashes=True,
        strip_trailing_host_dot=True,
        stream_idle_timeout=duration(0),
        **_trust(connection),
        **_tracing(connection, proxy, options),
    )


def _tracing(connection: Connection, proxy: Proxy, options: Options) -> Fields:
    chosen = options.tracing.by_request_id
    by_request: Fields = {}
    if chosen is not None:
        config = typed(_REQUEST_ID, use_request_id_for_trace_sampling={"value": chosen})
        by_request = {"request_id_extension": {"typed_config": config}}
    if not options.tracing.spans:
        return by_request
    return {"tracing": telemetry.tracing(proxy, options, edge=connection.edge), **by_request}


def _filters(connection: Connection, proxy: Proxy) -> list[Fields]:
    caller = [_read_caller()] if connection.inbound and connection.mtls else []
    # rules may ask for claims of tokens
    guard = [*jwt_filters(connection.jwt), *authorization.http_filters()]
    if connection.inbound:
        return [*caller, *guard, _router()]
    if connection.proxying:
        guard = []
    # a preflight carries no token; it is answered before anything goes wrong on purpose
    last = [dynamic_filter(), _router()] if connection.proxying else [_router()]
    last = [backstop_filter(), *last]
    return [cors_filter(), *guard, fault_filter(), _write_caller(proxy), *last]


def _upgrades(connection: Connection) -> list[Fields]:
    kinds = ["websocket", "CONNECT"] if connection.proxying else ["websocket"]
    return [{"upgrade_type": kind} for kind in kinds]


def _trust(connection: Connection) -> Fields:
    """Strangers' x-envoy-* and x-forwarded-* headers are replaced; inside they are kept."""
    if connection.edge:
        return {
            "use_remote_address": {"value": True},
            "xff_num_trusted_hops": 0,
            # on loopback every client would pass for an internal one
            "internal_address_config": {
                "cidr_ranges": [{"address_prefix": "255.255.255.255", "prefix_len": {"value": 32}}]
            },
            "forward_client_cert_details": "SANITIZE_SET",
            "set_current_client_cert_details": {"uri": True, "dns": True},
            "common_http_protocol_options": {
                "headers_with_underscores_action": "REJECT_REQUEST",
                "idle_timeout": duration(300_000),
            },
            "request_headers_timeout": duration(10_000),
            "path_with_escaped_slashes_action": "KEEP_UNCHANGED",
        }
    made: Fields = {
        "use_remote_address": {"value": False},
        "skip_xff_append": not connection.inbound,
    }
    if connection.inbound and connection.mtls:
        made["forward_client_cert_details"] = "SANITIZE_SET"
        made["set_current_client_cert_details"] = {"uri": True}
    else:
        made["forward_client_cert_details"] = "SANITIZE"
    return made


def _read_caller() -> Fields:
    return extension(
        "envoy.filters.http.header_to_metadata",
        f"{_FILTER}header_to_metadata.v3.Config",
        request_rules=[_caller_rule(index, part) for index, part in enumerate(SOURCE_PARTS)],
    )


def _caller_rule(index: int, part: str) -> Fields:
    words = [_WORD] * len(SOURCE_PARTS)
    words[index] = f"({_WORD})"
    return {
        "header": SOURCE_HEADER,
        "on_header_present": {
            "metadata_namespace": METADATA,
            "key": part,
            "type": "STRING",
            "regex_value_rewrite": {
                "pattern": {"regex": f"^{'/'.join(words)}$"},
                "substitution": r"\1",
            },
        },
    }


def _write_caller(proxy: Proxy) -> Fields:
    header = {
        "header": {"key": SOURCE_HEADER, "value": telemetry.source_value(proxy)},
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
    }
    return extension(
        "envoy.filters.http.header_mutation",
        f"{_FILTER}header_mutation.v3.HeaderMutation",
        mutations={"request_mutations": [{"append": header}]},
    )


def _router() -> Fields:
    return extension("envoy.filters.http.router", f"{_FILTER}router.v3.Router")
