"""IST0128, IST0129: TLS to a server whose certificate nobody verifies."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import (
    DESTINATION_RULE,
    Body,
    Cluster,
    mappings,
    number,
    part,
    text,
)
from routing.checks.rule import found


def server_verification(cluster: Cluster) -> Iterator[Finding]:
    for rule in cluster.of(DESTINATION_RULE):
        policy, host = part(rule.spec, "trafficPolicy"), text(rule.spec, "host")
        tls = part(policy, "tls")
        if is_blind(tls):
            words = (text(tls, "mode"), host)
            yield found("IST0128", rule, "spec.trafficPolicy.tls", *words)
        for i, one in mappings(policy, "portLevelSettings"):
            tls = part(one, "tls")
            if is_blind(tls):
                path = f"spec.trafficPolicy.portLevelSettings[{i}].tls"
                words = (text(tls, "mode"), host)
                yield found("IST0129", rule, path, *words, number(part(one, "port"), "number"))


def is_blind(tls: Body) -> bool:
    given = text(tls, "caCertificates") or text(tls, "credentialName")
    return text(tls, "mode") in ("SIMPLE", "MUTUAL") and not given
