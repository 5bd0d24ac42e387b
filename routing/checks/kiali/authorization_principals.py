"""KIA0106: the service accounts that an AuthorizationPolicy names exist."""

import re
from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import AUTHORIZATION_POLICY, SERVICE_ACCOUNT, Cluster, text
from routing.checks.kiali.sources import source_texts
from routing.checks.rule import found

PRINCIPAL = re.compile(r"(?:spiffe://)?[^/*]+/ns/([^/*]+)/sa/([^/*]+)")


def authorization_principals(cluster: Cluster) -> Iterator[Finding]:
    known = accounts(cluster)
    for policy in cluster.of(AUTHORIZATION_POLICY):
        for path, principal in source_texts(policy, "principals", "notPrincipals"):
            named = PRINCIPAL.fullmatch(principal)
            if (named is None and "*" not in principal) or (
                named is not None and (named[1], named[2]) not in known
            ):
                yield found("KIA0106", policy, path, principal)


def accounts(cluster: Cluster) -> frozenset[tuple[str, str]]:
    """(namespace, name) of those written, and those that workloads run as."""
    written = {a.key for a in cluster.of(SERVICE_ACCOUNT)}
    used = {
        (
            w.namespace,
            text(w.spec, "serviceAccountName") or text(w.spec, "serviceAccount") or "default",
        )
        for w in cluster.workloads
    }
    return frozenset(written | used)
