"""What a proxy is served by control, what its Envoy really has, and where the two differ."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from proxy import selectors
from proxy.envoys import dump as envoy_dump
from proxy.envoys.asking import NotTold, Told, envoy_says, must_tell
from proxy.envoys.chains import CertificateInfo, certificates_in
from proxy.envoys.naming import ProxyId, known
from proxy.envoys.origins import origins_in
from proxy.fleet.dump import Dump, Served
from rest.contracts import Refusal
from rest.shapes import ERRORS

router = Router()


class OriginOut(Schema):
    """The user's resource that a part was made from, and where in it."""

    resource: str
    path: str


class ServedOut(Schema):
    """One xDS resource; `config` is Envoy's message as JSON, `origins` what it was made from."""

    name: str
    version: str
    config: dict[str, Any]
    origins: list[OriginOut]


class CertificateInfoOut(Schema):
    """One certificate; times are Unix seconds, `serial` is in hexadecimal."""

    subject: str
    issuer: str
    sans: list[str]
    serial: str
    not_before: float
    not_after: float
    authority: bool


class SecretOut(Schema):
    """A secret without its key. `source` is who serves it: the agent has workloads' own keys."""

    name: str
    version: str
    source: str = Field(..., description="control or agent")
    certificates: list[CertificateInfoOut]


class EnvoyDifferenceOut(Schema):
    """Something that Envoy does not have as control serves it."""

    type: str = Field(..., description="CDS, EDS, SDS, LDS or RDS")
    name: str
    problem: str


class EnvoyOut(Schema):
    """What the running Envoy says of itself; where it does not answer, `error` says why."""

    answered: bool
    error: str
    differences: list[EnvoyDifferenceOut]


class DumpOut(Schema):
    """Everything control serves a proxy, without private keys; and its Envoy's own word.

    `bootstrap` and the agent's secrets are Envoy's: null and missing while it does not answer.
    """

    proxy: str
    revision: int
    clusters: list[ServedOut]
    endpoints: list[ServedOut]
    listeners: list[ServedOut]
    routes: list[ServedOut]
    secrets: list[SecretOut]
    bootstrap: dict[str, Any] | None
    envoy: EnvoyOut


@router.get(
    "/proxies/{proxy_id}/config_dump",
    response={200: DumpOut, **ERRORS},
    summary="Read what a proxy is served, and whether its Envoy has it",
)
def config_dump(
    request: HttpRequest,  # noqa: ARG001
    proxy_id: ProxyId,
    envoy: Annotated[bool, Query(True, description="also ask the running Envoy")],
) -> DumpOut:
    known(proxy_id)
    served = selectors.served(proxy_id)
    if served is None:
        raise Refusal(503, "control_away", "No control process answers for this proxy now.")
    told = envoy_says(proxy_id, "config_dump") if envoy else NotTold("it was not asked")
    dump = dict(told.content) if isinstance(told, Told) else None
    return DumpOut(
        proxy=proxy_id,
        revision=served.revision,
        clusters=_resources(served.types["CDS"]),
        endpoints=_resources(served.types["EDS"]),
        listeners=_resources(served.types["LDS"]),
        routes=_resources(served.types["RDS"]),
        secrets=list(_secrets(served, dump)),
        bootstrap=None if dump is None else envoy_dump.bootstrap(dump),
        envoy=_compared(served, dump, told),
    )


@router.get(
    "/proxies/{proxy_id}/envoy_config_dump",
    response={200: dict[str, Any], **ERRORS},
    summary="Read what an Envoy has, as its own /config_dump",
)
def envoy_config_dump(request: HttpRequest, proxy_id: ProxyId) -> dict[str, Any]:  # noqa: ARG001
    known(proxy_id)
    return dict(must_tell(envoy_says(proxy_id, "config_dump")).content)


def _resources(served: Iterable[Served]) -> list[ServedOut]:
    return [
        ServedOut(
            name=one.name,
            version=one.version,
            config=one.config or {},
            origins=[
                OriginOut(resource=str(key), path=path) for key, path in origins_in(one.config)
            ],
        )
        for one in served
    ]


def _secrets(served: Dump, dump: dict[str, Any] | None) -> Iterator[SecretOut]:
    ours = {one.name: one for one in served.types["SDS"]}
    for one in ours.values():
        yield _secret(one.name, one.version, "control", one.pem)
    for held in envoy_dump.secrets(dump or {}):
        if held.name not in ours:
            yield _secret(held.name, held.version, "agent", held.pem)


def _secret(name: str, version: str, source: str, pem: str) -> SecretOut:
    return SecretOut(
        name=name,
        version=version,
        source=source,
        certificates=[_certificate(one) for one in certificates_in(pem)],
    )


def _certificate(one: CertificateInfo) -> CertificateInfoOut:
    return CertificateInfoOut(
        subject=one.subject,
        issuer=one.issuer,
        sans=list(one.sans),
        serial=one.serial,
        not_before=one.not_before,
        not_after=one.not_after,
        authority=one.authority,
    )


def _compared(served: Dump, dump: dict[str, Any] | None, told: Told | NotTold) -> EnvoyOut:
    found = () if dump is None else envoy_dump.differences(served, dump)
    return EnvoyOut(
        answered=dump is not None,
        error=told.reason if isinstance(told, NotTold) else "",
        differences=[
            EnvoyDifferenceOut(type=one.type, name=one.name, problem=one.problem) for one in found
        ],
    )
