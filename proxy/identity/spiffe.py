"""SPIFFE IDs: the names in certificates. Pure."""

import re
from dataclasses import dataclass

CONTROL_NAMESPACE = "meshweb-system"
CONTROL_ACCOUNT = "control"

_WORKLOAD = re.compile(r"spiffe://([^/]+)/ns/([^/]+)/sa/([^/]+)")
_AGENT = re.compile(r"spiffe://([^/]+)/agent/([^/]+)")


@dataclass(frozen=True, slots=True)
class WorkloadIdentity:
    """Whose certificate a workload's is: a service account of a namespace."""

    namespace: str
    service_account: str


def workload_id(trust_domain: str, namespace: str, service_account: str) -> str:
    return f"spiffe://{trust_domain}/ns/{namespace}/sa/{service_account}"


def control_id(trust_domain: str) -> str:
    """The name control's servers show, and that agents and Envoys insist on."""
    return workload_id(trust_domain, CONTROL_NAMESPACE, CONTROL_ACCOUNT)


def agent_id(trust_domain: str, node: str) -> str:
    """An agent is no workload: its name can never be mistaken for one."""
    return f"spiffe://{trust_domain}/agent/{node}"


def workload_of(trust_domain: str, uri: str) -> WorkloadIdentity | None:
    """The workload a URI names in this trust domain, if any."""
    found = _WORKLOAD.fullmatch(uri)
    if found is None or found[1] != trust_domain:
        return None
    return WorkloadIdentity(found[2], found[3])


def node_of(trust_domain: str, uri: str) -> str | None:
    """The node whose agent a URI names in this trust domain, if any."""
    found = _AGENT.fullmatch(uri)
    return found[2] if found and found[1] == trust_domain else None
