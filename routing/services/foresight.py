"""What a change does to each proxy, compiled beside what control serves; nothing of it is pushed."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from threading import Lock

from django.conf import settings

from routing.changes import Change, after_changes, changes_between
from routing.compile import Compiler, Mesh, MeshInput
from routing.compile.secrets import tls_parts
from routing.contracts import Document, ResourceKey
from routing.effects import Effects, effects
from routing.ir import GatewaySecret
from routing.selectors import documents_in_force, documents_published, was_in_force
from routing.services import history
from routing.services.platform import registry_after
from topology import facade as topology
from topology import manifests
from topology.contracts import Registry

Documents = Mapping[ResourceKey, Document]

_one_at_a_time = Lock()


def foresee(before: Documents, after: Documents) -> Effects:
    """What leads from the configuration in force to another one.

    Each side has the services and workloads that its own documents declare, and of the pods that
    run now those that would stay, or stand for the ones that replace them.
    """
    return _foresee(before, after, now=before)


def compiled_now(documents: Documents, changes: Iterable[Change]) -> tuple[Mesh, Registry]:
    """The mesh that documents make, which are these changes away from those in force; what runs."""
    running = registry_after(changes)
    with _one_at_a_time:
        return _compiled(documents, running), running


def foresee_revision(number: int) -> Effects:
    """What one revision brought; if it was rejected in its trial, what it would have brought."""
    before = _in_force_at(number - 1)
    if was_in_force(number):
        return _foresee(before, _in_force_at(number), now=documents_in_force())
    changes = history.changes_of([number]).get(number, ())
    return _foresee(before, after_changes(before, changes), now=documents_in_force())


def foresee_revisions(before: int, after: int) -> Effects:
    """What leads from what was in force at one revision to what was at another."""
    return _foresee(_in_force_at(before), _in_force_at(after), now=documents_in_force())


def _in_force_at(number: int) -> Documents:
    return {one.key: one for one in documents_published(number)}


def _foresee(before: Documents, after: Documents, *, now: Documents) -> Effects:
    sides = [registry_after(_redeclared(now, documents)) for documents in (before, after)]
    with _one_at_a_time:
        old = _compiled(before, sides[0])
        found = effects(old, _compiled(after, sides[1]))
    return replace(found, turnovers=topology.turnovers(*sides))


def _redeclared(now: Documents, then: Documents) -> tuple[Change, ...]:
    """What must change of the manifests for another configuration's to be in force."""
    there, wanted = (
        {key: one for key, one in documents.items() if key.kind in manifests.KINDS}
        for documents in (now, then)
    )
    gone: dict[ResourceKey, Document | None] = dict.fromkeys(there)
    return changes_between(there, {**gone, **wanted})


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
