"""Istio's annotations: what they may be put on, how mature they are, and their values."""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from routing.checks.nested import is_mapping


class Phase(Enum):
    STABLE = "stable"
    ALPHA = "alpha"
    DEPRECATED = "deprecated"


@dataclass(frozen=True, slots=True)
class Annotation:
    """`kinds` empty: any. `wrong` says what is wrong with a value, or None."""

    kinds: frozenset[str]
    phase: Phase = Phase.ALPHA
    wrong: Callable[[str], str | None] | None = None


def truth(value: str) -> str | None:
    words = ("1", "t", "T", "true", "TRUE", "True", "0", "f", "F", "false", "FALSE", "False")
    return None if value in words else "it must be true or false"


def whole(value: str) -> str | None:
    return None if value.isascii() and value.isdigit() else "it must be a whole number"


def ports(value: str) -> str | None:
    for one in filter(None, (p.strip() for p in value.split(","))):
        if not (one.isascii() and one.isdigit() and len(one) <= 5 and int(one) <= 65535):
            return f"{one!r} is not a port"
    return None


def ports_or_all(value: str) -> str | None:
    return None if value == "*" else ports(value)


def networks(value: str) -> str | None:
    for one in filter(None, (p.strip() for p in value.split(","))):
        try:
            ipaddress.ip_network(one, strict=False)
        except ValueError:
            return f"{one!r} is not a network"
    return None


def networks_or_all(value: str) -> str | None:
    return None if value == "*" else networks(value)


def interception(value: str) -> str | None:
    known = ("REDIRECT", "TPROXY", "NONE")
    return None if value in known else f"it must be one of {', '.join(known)}"


def configuration(value: str) -> str | None:
    return None if is_mapping(value) else "it must be a mapping in YAML"


def _on(*kinds: str) -> frozenset[str]:
    return frozenset(kinds)


POD, SERVICE, NAMESPACE, ANY = _on("Pod"), _on("Service"), _on("Namespace"), _on()
GATEWAYS = _on("Gateway")
ALPHA, STABLE, DEPRECATED = Phase.ALPHA, Phase.STABLE, Phase.DEPRECATED
SIDECAR, TRAFFIC = "sidecar.istio.io", "traffic.sidecar.istio.io"
READY, STATUS = "readiness.status.sidecar.istio.io", "status.sidecar.istio.io"

ANNOTATIONS: dict[str, Annotation] = {
    "ambient.istio.io/bypass-inbound-capture": Annotation(POD),
    "ambient.istio.io/dns-capture": Annotation(POD),
    "ambient.istio.io/redirection": Annotation(POD),
    "ambient.istio.io/waypoint-inbound-binding": Annotation(_on("GatewayClass", "Gateway")),
    "galley.istio.io/analyze-suppress": Annotation(ANY, ALPHA),
    "gateway.istio.io/controller-version": Annotation(GATEWAYS),
    "gateway.istio.io/name-override": Annotation(GATEWAYS),
    "gateway.istio.io/service-account": Annotation(GATEWAYS),
    "gateway.istio.io/tls-cipher-suites": Annotation(GATEWAYS),
    "gateway.istio.io/tls-terminate-mode": Annotation(GATEWAYS),
    "inject.istio.io/templates": Annotation(POD, ALPHA),
    "install.operator.istio.io/chart-owner": Annotation(ANY),
    "install.operator.istio.io/owner-generation": Annotation(ANY),
    "install.operator.istio.io/version": Annotation(ANY),
    "internal.istio.io/expose-service-name": Annotation(ANY),
    "istio.io/autoRegistrationGroup": Annotation(_on("WorkloadEntry")),
    "istio.io/connectedAt": Annotation(_on("WorkloadEntry")),
    "istio.io/disconnectedAt": Annotation(_on("WorkloadEntry")),
    "istio.io/dry-run": Annotation(_on("AuthorizationPolicy"), ALPHA, truth),
    "istio.io/reroute-virtual-interfaces": Annotation(POD),
    "istio.io/rev": Annotation(POD),
    "istio.io/workloadController": Annotation(_on("WorkloadEntry")),
    "kubernetes.io/ingress.class": Annotation(_on("Ingress"), STABLE),
    "networking.istio.io/address-type": Annotation(GATEWAYS),
    "networking.istio.io/exportTo": Annotation(SERVICE, ALPHA),
    "networking.istio.io/service-type": Annotation(GATEWAYS),
    "networking.istio.io/traffic-distribution": Annotation(_on("Service", "ServiceEntry", "Namespace")),
    "prometheus.istio.io/merge-metrics": Annotation(POD, ALPHA, truth),
    "proxy.istio.io/config": Annotation(POD, STABLE, configuration),
    "proxy.istio.io/overrides": Annotation(POD, ALPHA),
    f"{READY}/applicationPorts": Annotation(POD, ALPHA, ports),
    f"{READY}/failureThreshold": Annotation(POD, ALPHA, whole),
    f"{READY}/initialDelaySeconds": Annotation(POD, ALPHA, whole),
    f"{READY}/periodSeconds": Annotation(POD, ALPHA, whole),
    "security.istio.io/autoMTLS": Annotation(POD, ALPHA),
    f"{SIDECAR}/agentLogLevel": Annotation(POD),
    f"{SIDECAR}/bootstrapOverride": Annotation(POD),
    f"{SIDECAR}/componentLogLevel": Annotation(POD),
    f"{SIDECAR}/controlPlaneAuthPolicy": Annotation(POD, DEPRECATED),
    f"{SIDECAR}/discoveryAddress": Annotation(POD, DEPRECATED),
    f"{SIDECAR}/enableCoreDump": Annotation(POD, ALPHA, truth),
    f"{SIDECAR}/extraStatTags": Annotation(POD),
    f"{SIDECAR}/inject": Annotation(POD, STABLE),
    f"{SIDECAR}/interceptionMode": Annotation(POD, ALPHA, interception),
    f"{SIDECAR}/logLevel": Annotation(POD),
    f"{SIDECAR}/nativeSidecar": Annotation(POD, ALPHA, truth),
    f"{SIDECAR}/proxyCPU": Annotation(POD),
    f"{SIDECAR}/proxyCPULimit": Annotation(POD),
    f"{SIDECAR}/proxyImage": Annotation(POD),
    f"{SIDECAR}/proxyImageType": Annotation(POD),
    f"{SIDECAR}/proxyMemory": Annotation(POD),
    f"{SIDECAR}/proxyMemoryLimit": Annotation(POD),
    f"{SIDECAR}/rewriteAppHTTPProbers": Annotation(POD, ALPHA, truth),
    f"{SIDECAR}/statsCompression": Annotation(POD, ALPHA, truth),
    f"{SIDECAR}/statsEvictionInterval": Annotation(POD),
    f"{SIDECAR}/statsHistogramBuckets": Annotation(POD),
    f"{SIDECAR}/statsInclusionPrefixes": Annotation(POD, DEPRECATED),
    f"{SIDECAR}/statsInclusionRegexps": Annotation(POD, DEPRECATED),
    f"{SIDECAR}/statsInclusionSuffixes": Annotation(POD, DEPRECATED),
    f"{SIDECAR}/status": Annotation(POD, ALPHA),
    f"{SIDECAR}/userVolume": Annotation(POD),
    f"{SIDECAR}/userVolumeMount": Annotation(POD),
    f"{STATUS}/port": Annotation(POD, ALPHA, whole),
    "topology.istio.io/controlPlaneClusters": Annotation(NAMESPACE),
    "traffic.istio.io/nodeSelector": Annotation(SERVICE, ALPHA),
    f"{TRAFFIC}/excludeInboundPorts": Annotation(POD, ALPHA, ports),
    f"{TRAFFIC}/excludeInterfaces": Annotation(POD, ALPHA),
    f"{TRAFFIC}/excludeOutboundIPRanges": Annotation(POD, ALPHA, networks),
    f"{TRAFFIC}/excludeOutboundPorts": Annotation(POD, ALPHA, ports),
    f"{TRAFFIC}/includeInboundPorts": Annotation(POD, ALPHA, ports_or_all),
    f"{TRAFFIC}/includeOutboundIPRanges": Annotation(POD, ALPHA, networks_or_all),
    f"{TRAFFIC}/includeOutboundPorts": Annotation(POD, ALPHA, ports_or_all),
    f"{TRAFFIC}/kubevirtInterfaces": Annotation(POD, DEPRECATED),
}  # fmt: skip

WRITTEN_BY_ISTIO = frozenset({f"{SIDECAR}/status", f"{SIDECAR}/inject", f"{SIDECAR}/rewriteAppHTTPProbers", "prometheus.istio.io/merge-metrics", "inject.istio.io/templates"})  # fmt: skip
"""Annotations that Istio puts on objects itself, or asks for: nobody need hear they are alpha."""
