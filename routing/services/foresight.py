"""What a change does to each proxy, compiled beside what control serves; nothing of it is pushed."""

from collections.abc import Mapping
from functools import cache
from threading import Lock

from django.conf import settings

from routing.compile import Compiler, Mesh, MeshInput
from routing.compile.secrets import tls_parts
from routing.contracts import Document, ResourceKey
from routing.effects import Effects, effects
from routing.ir import GatewaySecret
from routing.selectors import documents_published
from routing.services.platform import registry
from topology.contracts import Registry

Documents = Mapping[ResourceKey, Document]

_one_at_a_time = Lock()


def foresee(before: Documents, after: Documents) -> Effects:
    """What leads from one configuration to the other in the proxies that run now."""
    running = registry()
    with _one_at_a_time:
        old = _compiled(before, running)
        return effects(old, _compiled(after, running))


def compiled_now(documents: Documents) -> tuple[Mesh, Registry]:
    """The mesh that these documents make of what runs now, and what that is."""
    running = registry()
    with _one_at_a_time:
        return _compiled(documents, running), running


def foresee_revisions(before: int, after: int) -> Effects:
    """What leads from one revision's configuration to another's in the proxies that run now."""
    old, new = ({one.key: one for one in documents_published(number)} for number in (before, after))
    return foresee(old, new)


def _compiled(documents: Documents, running: Registry) -> Mesh:
    return _compiler().compile(
        MeshInput(
            documents=tuple(documents[key] for key in sorted(documents)),
            registry=running,
            trust_domain=settings.TRUST_DOMAIN,
            host_port_offset=settings.PORT_OFFSET,
            secrets=_certificates(documents),
        )
    )


@cache
def _compiler() -> Compiler:
    """Kept warm: most of the next question is as it was in the last one. One thread at a time."""
    return Compiler()


def _certificates(documents: Documents) -> tuple[GatewaySecret, ...]:
    found = (tls_parts(document) for _, document in sorted(documents.items()))
    return tuple(one for one in found if one is not None)
