"""What all listeners share."""

from typing import Any

from google.protobuf.message import Message

from proxy.xds.fields import METADATA, Fields, address, metadata, told
from proxy.xds.messages import extension, message
from routing.ir import Origin


def listener(
    *,
    host: str,
    port: int,
    chains: list[Fields],
    inspect_tls: bool = False,
    direction: str = "UNSPECIFIED",
    shared: bool = False,
    origin: Origin | None = None,
) -> Message:
    """A listener is named by its address, so that it is the same one through every change.

    `shared`: another Envoy of this host may hold the same address, as the old pod of a rolling
    update does. Otherwise a second one is refused, for it could only be a mistake.
    """
    fields: dict[str, Any] = {
        "name": name(host, port),
        "address": address(host, port),
        "filter_chains": chains,
        "traffic_direction": direction,
        "enable_reuse_port": {"value": shared},
    }
    if origin is not None:
        fields["metadata"] = metadata(**{METADATA: {"origin": told(origin)}})
    if inspect_tls:
        fields["listener_filters"] = [_tls_inspector()]
    made: Message = message("envoy.config.listener.v3.Listener")(**fields)
    return made


def address_ranges(destinations: tuple[str, ...], sources: tuple[str, ...]) -> Fields:
    """The part of a chain's match that says which addresses its connections have."""
    made: Fields = {}
    if destinations:
        made["prefix_ranges"] = [block(one) for one in destinations]
    if sources:
        made["source_prefix_ranges"] = [block(one) for one in sources]
    return made


def block(written: str) -> Fields:
    """An address or a block of them as a `CidrRange`."""
    host, _, length = written.partition("/")
    whole = 128 if ":" in host else 32
    return {"address_prefix": host, "prefix_len": {"value": int(length) if length else whole}}


def name(host: str, port: int) -> str:
    return f"{host}_{port}"


def _tls_inspector() -> Fields:
    return extension(
        "envoy.filters.listener.tls_inspector",
        "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector",
    )
