"""REST over certificates: who holds which, the roots, their rotation, renewal on demand."""

from collections.abc import Iterable, Iterator
from typing import Annotated

from django.http import HttpRequest
from django.utils import timezone
from ninja import Path, Query, Router, Schema
from ninja import Status as Answer
from pydantic import BaseModel, Field, StrictBool

from proxy import selectors
from proxy.envoys.chains import certificates_in
from proxy.identity import certificates, reading, rotating
from proxy.identity.certificates import MAX_BUNDLE_BYTES, Refused
from proxy.identity.reading import CertificateStatus, RootStatus
from proxy.identity.rotating import Holder, Status
from rest.access import require_admin, require_write
from rest.contracts import Refusal
from rest.names import QueryName
from rest.paging import Page, PageQuery, page_of
from rest.shapes import ERRORS
from routing import facade as routing

router = Router(tags=["certificates"])

ProxyId = Annotated[str, Path(pattern=r"^[A-Za-z0-9~._-]+$", max_length=1024)]


class CertificateOut(Schema):
    """The certificate that a proxy holds. Times are Unix seconds, `issuer` its root's SHA-256.

    What the agent has not told of yet is empty; `renewing`: it has been asked to make it anew.
    """

    proxy: str
    namespace: str
    pod: str
    workload: str
    expires_at: float
    issued_at: float | None = None
    identity: str = ""
    serial: str = ""
    issuer: str = ""
    renewing: bool = False


class RootOut(Schema):
    """A root that is kept. `signs`: new certificates lead to it. Times are Unix seconds."""

    fingerprint: str
    subject: str
    not_before: float
    not_after: float
    trusted: bool
    signs: bool


class HolderOut(Schema):
    """`kind` is proxy, agent or control; `lacks` says what is not proved, "" nothing."""

    kind: str
    name: str
    lacks: str


class RotationOut(Schema):
    """A root rotation: distributing, issuing, withdrawing, done; returning, dropping, aborted.

    `old` and `new` are fingerprints, "" for a root that is gone; `waiting` are those who have not
    proved the phase; times are Unix seconds.
    """

    number: int
    phase: str
    automatic: bool
    open: bool
    old: str
    new: str
    started_by: str
    started_at: float
    phase_since: float
    ended_at: float | None = None
    proved: int
    total: int
    waiting: list[HolderOut]


class RootsOut(Schema):
    """`rotation` is the one under way, else the last one."""

    roots: list[RootOut]
    rotation: RotationOut | None = None


class ServedCertificateOut(Schema):
    """A certificate that gateways serve, or (`authority`) that they check others' with.

    Of a Secret that a user brought; times are Unix seconds, `gateways` the resources that name it.
    """

    namespace: str
    name: str
    subject: str
    issuer: str
    sans: list[str]
    serial: str
    not_before: float
    not_after: float
    authority: bool
    gateways: list[str]


class RotationIn(BaseModel):
    """Nothing of it is needed. `certificate` (PEM: the one that signs, those above, the root last) and
    `key` bring a root of one's own. `automatic` false: each phase waits to be continued."""

    certificate: Annotated[str, Field(max_length=MAX_BUNDLE_BYTES)] = ""
    key: Annotated[str, Field(max_length=MAX_BUNDLE_BYTES)] = ""
    automatic: StrictBool = True


class PlannedOut(Schema):
    """What a dry run answers: who would have to prove each phase."""

    dry_run: bool = True
    total: int
    waiting: list[HolderOut]


class RenewalOut(Schema):
    """The certificate that is to be made anew; `shared_with` are pods that hold it too."""

    proxy: str
    identity: str
    serial: str
    shared_with: list[str]


@router.get(
    "/certificates",
    response={200: Page[CertificateOut], **ERRORS},
    summary="List the certificates of connected proxies",
)
def list_certificates(
    request: HttpRequest,  # noqa: ARG001
    query: Query[PageQuery],
    namespace: QueryName,
) -> Page[CertificateOut]:
    return page_of(map(_certificate, reading.certificates(namespace)), query, lambda one: one.proxy)


@router.get(
    "/certificates/gateways",
    response={200: Page[ServedCertificateOut], **ERRORS},
    summary="List the certificates of gateways' Secrets",
)
def list_gateway_certificates(
    request: HttpRequest,  # noqa: ARG001
    query: Query[PageQuery],
) -> Page[ServedCertificateOut]:
    return page_of(_served(), query, lambda one: f"{one.namespace}/{one.name}/{one.serial}")


@router.get(
    "/certificates/roots",
    response={200: RootsOut, **ERRORS},
    summary="Read the roots and how far their rotation is",
)
def roots(request: HttpRequest) -> RootsOut:  # noqa: ARG001
    return _state()


@router.post(
    "/certificates/rotation",
    response={200: PlannedOut, 202: RootsOut, **ERRORS},
    summary="Start a root rotation",
)
def start_rotation(
    request: HttpRequest, body: RotationIn | None = None, dry_run: bool = False
) -> Answer[PlannedOut] | Answer[RootsOut]:
    who = require_admin(request)
    given, now = body or RotationIn(), timezone.now()
    material = None
    if given.certificate or given.key:
        read = certificates.read_root(given.certificate, given.key, now=now)
        if isinstance(read, Refused):
            raise Refusal(422, "bad_root", f"This root cannot be used: {read.reason}.")
        material = read
    if dry_run:
        holders = rotating.would_prove()
        return Answer(200, PlannedOut(total=len(holders), waiting=_holders(holders)))
    _or_refuse(
        rotating.start(who.name, now, material=material, automatic=given.automatic),
        "rotation_under_way",
    )
    return Answer(202, _state())


@router.post(
    "/certificates/rotation/continue",
    response={202: RootsOut, **ERRORS},
    summary="Go on to the next phase of a root rotation, whoever has not proved this one",
)
def continue_rotation(request: HttpRequest) -> Answer[RootsOut]:
    require_admin(request)
    _or_refuse(rotating.proceed(timezone.now()), "no_rotation")
    return Answer(202, _state())


@router.post(
    "/certificates/rotation/abort",
    response={202: RootsOut, **ERRORS},
    summary="Take a root rotation back",
)
def abort_rotation(request: HttpRequest) -> Answer[RootsOut]:
    require_admin(request)
    _or_refuse(rotating.abort(timezone.now()), "no_way_back")
    return Answer(202, _state())


@router.post(
    "/proxies/{proxy_id}/certificate/rotate",
    response={202: RenewalOut, **ERRORS},
    summary="Have a proxy's key and certificate made anew",
)
def rotate(request: HttpRequest, proxy_id: ProxyId) -> Answer[RenewalOut]:
    found = selectors.proxy(proxy_id)
    if found is None:
        raise Refusal(404, "not_found", f"There is no proxy {proxy_id}.")
    require_write(request, found.namespace)
    asked = rotating.ask_for_renewal(proxy_id)
    if asked is None:
        raise Refusal(
            409, "no_certificate", f"No agent has told of a certificate of {found.pod} yet."
        )
    return Answer(
        202,
        RenewalOut(
            proxy=proxy_id,
            identity=asked.uri,
            serial=asked.serial,
            shared_with=[
                one.pod
                for one in reading.certificates()
                if one.serial == asked.serial and one.proxy != proxy_id
            ],
        ),
    )


def _or_refuse(refused: Refused | None, code: str) -> None:
    if refused is not None:
        raise Refusal(409, code, refused.reason[:1].upper() + refused.reason[1:] + ".")


def _state() -> RootsOut:
    status = rotating.status(timezone.now())
    return RootsOut(
        roots=[_root(one) for one in reading.roots()],
        rotation=None if status is None else _rotation(status),
    )


def _certificate(one: CertificateStatus) -> CertificateOut:
    return CertificateOut(
        proxy=one.proxy,
        namespace=one.namespace,
        pod=one.pod,
        workload=one.workload,
        expires_at=one.expires_at,
        issued_at=one.issued_at,
        identity=one.identity,
        serial=one.serial,
        issuer=one.issuer,
        renewing=one.renewing,
    )


def _served() -> Iterator[ServedCertificateOut]:
    """Of a chain the leaf alone: it is what expires first in practice, and what clients see."""
    for secret in routing.served_secrets():
        leaf = certificates_in(secret.certificate)[:1]
        for one in (*leaf, *certificates_in(secret.authorities)):
            yield ServedCertificateOut(
                namespace=secret.namespace,
                name=secret.name,
                subject=one.subject,
                issuer=one.issuer,
                sans=list(one.sans),
                serial=one.serial,
                not_before=one.not_before,
                not_after=one.not_after,
                authority=one not in leaf,
                gateways=list(secret.gateways),
            )


def _root(one: RootStatus) -> RootOut:
    return RootOut(
        fingerprint=one.fingerprint,
        subject=one.subject,
        not_before=one.not_before,
        not_after=one.not_after,
        trusted=one.trusted,
        signs=one.signs,
    )


def _rotation(one: Status) -> RotationOut:
    waiting = [holder for holder in one.holders if holder.lacks]
    return RotationOut(
        number=one.number,
        phase=one.phase.value,
        automatic=one.automatic,
        open=one.open,
        old=one.old,
        new=one.new,
        started_by=one.started_by,
        started_at=one.started_at.timestamp(),
        phase_since=one.phase_since.timestamp(),
        ended_at=one.ended_at.timestamp() if one.ended_at else None,
        proved=len(one.holders) - len(waiting),
        total=len(one.holders),
        waiting=_holders(waiting),
    )


def _holders(holders: Iterable[Holder]) -> list[HolderOut]:
    return list(map(_holder, holders))


def _holder(one: Holder) -> HolderOut:
    return HolderOut(kind=one.kind, name=one.name, lacks=one.lacks)
