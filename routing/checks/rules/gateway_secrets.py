"""The certificates that gateways serve exist, in the namespace of the gateway's workloads."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.world import World
from routing.ir import GatewayTlsMode
from routing.model import Gateway
from routing.model.catalogue import finding

NEEDS_SECRET = (GatewayTlsMode.SIMPLE, GatewayTlsMode.MUTUAL)


def certificates_exist(world: World) -> Iterator[Finding]:
    for gateway in world.gateways.values():
        places = namespaces(world, gateway)
        for i, server in enumerate(gateway.servers):
            tls = server.tls
            if tls is None or tls.mode not in NEEDS_SECRET or not tls.credential:
                continue
            missing = [ns for ns in places if (ns, tls.credential) not in world.secrets]
            if missing:
                name = f"{missing[0]}/{tls.credential}"
                path = f"spec.servers[{i}].tls.credentialName"
                yield finding("IST0161", gateway.metadata.key, path, name)


def namespaces(world: World, gateway: Gateway) -> list[str]:
    """Where its workloads run; its own namespace where there are none yet."""
    found = {w.namespace for w in world.workloads_with(gateway.selector, None) if w.gateway}
    return sorted(found) or [gateway.metadata.key.namespace]
