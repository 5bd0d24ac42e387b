"""The certificates that gateways serve exist, in the namespace of the gateway's workloads."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.world import World
from routing.compile.secrets import CHECKS_CLIENTS, NEEDS_SECRET
from routing.model import Gateway
from routing.model.catalogue import finding
from routing.model.gateway import ServerTls


def certificates_exist(world: World) -> Iterator[Finding]:
    for gateway in world.gateways.values():
        for i, server in enumerate(gateway.servers):
            if server.tls is not None and server.tls.mode in NEEDS_SECRET:
                path = f"spec.servers[{i}].tls"
                yield from missing(world, gateway, server.tls, path)


def missing(world: World, gateway: Gateway, tls: ServerTls, path: str) -> Iterator[Finding]:
    key = gateway.metadata.key
    places = namespaces(world, gateway)
    for credential in filter(None, (tls.credential, *tls.more_credentials)):
        absent = [ns for ns in places if (ns, credential) not in world.secrets]
        if absent:
            field = "credentialNames" if tls.more_credentials else "credentialName"
            yield finding("IST0161", key, f"{path}.{field}", f"{absent[0]}/{credential}")
            return
    trusted = tls.authorities or tls.credential
    if tls.mode not in CHECKS_CLIENTS or not trusted or tls.settings.authorities_file:
        return
    for namespace in places:
        if not {(namespace, trusted), (namespace, f"{trusted}-cacert")} & world.authorities:
            yield finding("MSH1131", key, f"{path}.mode", f"{namespace}/{trusted}")
            return


def namespaces(world: World, gateway: Gateway) -> list[str]:
    """Where its workloads run; its own namespace where there are none yet."""
    found = {w.namespace for w in world.workloads_with(gateway.selector, None) if w.gateway}
    return sorted(found) or [gateway.metadata.key.namespace]
