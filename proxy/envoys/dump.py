"""Reading Envoy's own /config_dump: what it has, and where that is not what control serves. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from proxy.fleet.dump import Dump, Served

Json = dict[str, Any]

IN_ENVOY_ONLY = "in Envoy, not in control"
IN_CONTROL_ONLY = "in control, not in Envoy"
OTHER_VERSION = "another version than control's"
WARMING = "warming: not in use yet"
AGENTS_OWN = frozenset({"default", "ROOTCA"})
"""Secrets that the agent serves: control never has a workload's key."""

_TYPE = "type.googleapis.com/envoy.admin.v3."


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """`type` is CDS, EDS, SDS, LDS or RDS; `problem` a sentence."""

    type: str
    name: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldSecret:
    """A secret as Envoy has it, without its key: `pem` are its certificates."""

    name: str
    version: str
    pem: str


@dataclass(frozen=True, slots=True)
class _Held:
    version: str
    problem: str = ""
    content: Json = field(default_factory=dict)


_KINDS: Mapping[str, tuple[str, str, str]] = {
    "CDS": ("ClustersConfigDump", "dynamic_{}_clusters", "cluster"),
    "LDS": ("ListenersConfigDump", "dynamic_listeners", "listener"),
    "RDS": ("RoutesConfigDump", "dynamic_route_configs", "route_config"),
    "SDS": ("SecretsConfigDump", "dynamic_{}_secrets", "secret"),
}


def bootstrap(dump: Json) -> Json:
    """The configuration that Envoy started with."""
    found = next(_sections(dump, "BootstrapConfigDump"), {}).get("bootstrap")
    return found if isinstance(found, dict) else {}


def secrets(dump: Json) -> tuple[HeldSecret, ...]:
    """Every secret that Envoy has, by name."""
    found = (
        HeldSecret(
            name=str(one.get("name", "")),
            version=str(one.get("version_info", "")),
            pem="".join(_pem(one.get("secret", {}))),
        )
        for section in _sections(dump, "SecretsConfigDump")
        for state in ("active", "warming")
        for one in section.get(f"dynamic_{state}_secrets", ())
    )
    return tuple(sorted(found, key=lambda one: one.name))


def _pem(secret: Json) -> Iterator[str]:
    for part, inside in (
        ("tls_certificate", "certificate_chain"),
        ("validation_context", "trusted_ca"),
    ):
        text = secret.get(part, {}).get(inside, {}).get("inline_string", "")
        if text:
            yield text


def differences(served: Dump, dump: Json) -> tuple[Difference, ...]:
    """Where Envoy does not have what control serves, and why if Envoy says so."""
    found: list[Difference] = []
    for kind in _KINDS:
        held = _held(dump, kind)
        wanted = {one.name: one for one in served.types[kind]}
        for name in sorted({*held, *wanted}):
            problem = _problem(kind, name, held.get(name), wanted.get(name))
            if problem:
                found.append(Difference(type=kind, name=name, problem=problem))
    return (*found, *_endpoint_differences(served.types["EDS"], dump))


def _problem(kind: str, name: str, held: _Held | None, wanted: Served | None) -> str:
    if held is None:
        # routes are fetched when a listener names them, and dropped with it
        return IN_CONTROL_ONLY
    if held.problem:
        return held.problem
    if wanted is None:
        return "" if kind == "SDS" and name in AGENTS_OWN else IN_ENVOY_ONLY
    # of routes that say the same in other bytes Envoy keeps the version that it had
    same = held.version == wanted.version or (kind == "RDS" and held.content == wanted.config)
    return "" if same else OTHER_VERSION


def _held(dump: Json, kind: str) -> dict[str, _Held]:
    section, lists, inside = _KINDS[kind]
    found: dict[str, _Held] = {}
    for one in _sections(dump, section):
        if kind == "LDS":
            found.update(_listeners(one))
            continue
        for state in ("warming", "active"):
            for held in one.get(lists.format(state), ()):
                name = str(held.get(inside, {}).get("name") or held.get("name", ""))
                warming = state == "warming" and "{}" in lists
                problem = _error(held) or (WARMING if warming else "")
                content = {k: v for k, v in held.get(inside, {}).items() if k != "@type"}
                found[name] = _Held(str(held.get("version_info", "")), problem, content)
    return found


def _listeners(section: Json) -> Iterator[tuple[str, _Held]]:
    for one in section.get("dynamic_listeners", ()):
        active, warming = one.get("active_state"), one.get("warming_state")
        state = active or warming or {}
        problem = _error(one) or (WARMING if warming else "")
        if active or warming or problem:
            yield str(one.get("name", "")), _Held(str(state.get("version_info", "")), problem)


def _error(held: Json) -> str:
    said = held.get("error_state", {}).get("details", "")
    return f"refused: {said}" if said else ""


def _endpoint_differences(served: tuple[Served, ...], dump: Json) -> Iterator[Difference]:
    """Envoy tells no versions of endpoints: their addresses are compared."""
    held = {
        str(config.get("cluster_name", "")): _addresses(config)
        for section in _sections(dump, "EndpointsConfigDump")
        for one in section.get("dynamic_endpoint_configs", ())
        if (config := one.get("endpoint_config"))
    }
    for one in served:
        wanted = _addresses(one.config or {})
        if one.name not in held:
            yield Difference(type="EDS", name=one.name, problem=IN_CONTROL_ONLY)
        elif held[one.name] != wanted:
            gone, more = wanted - held[one.name], held[one.name] - wanted
            said = [f"without {', '.join(sorted(gone))}"] if gone else []
            said += [f"still with {', '.join(sorted(more))}"] if more else []
            yield Difference(type="EDS", name=one.name, problem=" and ".join(said))


def _addresses(assignment: Json) -> frozenset[str]:
    return frozenset(
        f"{address.get('address', '')}:{address.get('port_value', '')}"
        for group in assignment.get("endpoints", ())
        for one in group.get("lb_endpoints", ())
        if (address := one.get("endpoint", {}).get("address", {}).get("socket_address"))
    )


def _sections(dump: Json, kind: str) -> Iterator[Json]:
    for one in dump.get("configs", ()):
        if isinstance(one, dict) and one.get("@type") == _TYPE + kind:
            yield one
