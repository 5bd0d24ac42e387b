"""Kinds as people write them: `vs`, `virtualservices`, `VirtualService`."""

from collections.abc import Mapping

from mesh_web.cli.exits import USAGE, Stop

SHORT: Mapping[str, str] = {
    "vs": "VirtualService",
    "dr": "DestinationRule",
    "gw": "Gateway",
    "se": "ServiceEntry",
    "we": "WorkloadEntry",
    "sidecar": "Sidecar",
    "pa": "PeerAuthentication",
    "ra": "RequestAuthentication",
    "ap": "AuthorizationPolicy",
    "telemetry": "Telemetry",
    "httproute": "HTTPRoute",
    "grpcroute": "GRPCRoute",
    "tlsroute": "TLSRoute",
    "tcproute": "TCPRoute",
    "gc": "GatewayClass",
    "refgrant": "ReferenceGrant",
    "ns": "Namespace",
    "sa": "ServiceAccount",
    "svc": "Service",
    "deploy": "Deployment",
    "secret": "Secret",
    "fallback": "Fallback",
    "suspend": "Suspend",
}
ALL = "all"
WITHOUT_NAMESPACE = ("Namespace", "GatewayClass")


def kind_of(word: str) -> str:
    """The kind's own name; a kind that is not known here is taken as it is written."""
    low = word.lower()
    if low == ALL:
        return ""
    for short, kind in SHORT.items():
        if low in (short, kind.lower(), *_plurals(kind.lower())):
            return kind
    if not (word[:1].isupper() and word.isalnum() and word.isascii()):
        known = ", ".join(sorted(SHORT))
        raise Stop(USAGE, f"{word} is no kind. Write its full name, `all`, or one of {known}.")
    return word


def _plurals(kind: str) -> tuple[str, ...]:
    return (f"{kind}s", f"{kind[:-1]}ies", f"{kind}es")
