"""Every finding there is: its code, severity, sentence and remedy, once.

Codes IST and KIA are those of Istio's and Kiali's analyses for the same fault; MSH are our own
(MSH09: changing, MSH10: reading, MSH11: meaning, MSH12: questions).
"""

from collections.abc import Mapping

from rest.contracts import Finding
from routing.contracts import ResourceKey
from routing.model.entry import ERROR, INFO, WARNING, Entry
from routing.model.istio_codes import ISTIO
from routing.model.kiali_codes import KIALI

OWN: Mapping[str, Entry] = {
    # changing
    "MSH0901": Entry(
        ERROR, "Envoy refused what was made of this resource: {}",
        "mend the resource and apply it again; its last good version is in force"
    ),
    "MSH0902": Entry(
        ERROR, "the Secret cannot be read: {}",
        "give text in stringData, or base64 in data; a certificate as tls.crt and tls.key"
    ),
    "MSH0903": Entry(ERROR, "there is no document in the request", ""),
    "MSH0904": Entry(ERROR, "{}: {}", ""),
    "MSH0905": Entry(ERROR, "{}: {}", "name a moment to come"),
    "MSH0906": Entry(ERROR, "{}: it is more than 366 days ahead", "let it end sooner"),
    "MSH0907": Entry(
        ERROR, "a deletion cannot expire", "apply what shall hold in the meantime, with an expiry"
    ),
    "MSH0908": Entry(
        WARNING, "Envoy refused the same content in revision {}: {}",
        "change what Envoy complained about; if it refuses again, this is taken back again"
    ),
    "MSH0909": Entry(
        WARNING, "Envoy could not be asked before this was pushed: {}",
        "see that control can run Envoy; what a proxy refuses is taken back all the same"
    ),
    # reading
    "MSH1001": Entry(ERROR, "not YAML: {}", "correct the text at this place"),
    "MSH1002": Entry(ERROR, "the text is larger than {} bytes", "apply it in parts"),
    "MSH1003": Entry(ERROR, "more than {} documents", "apply them in parts"),
    "MSH1004": Entry(ERROR, "nested deeper than {}", ""),
    "MSH1005": Entry(ERROR, "aliases make more than {} values of this text", "write them out"),
    "MSH1006": Entry(ERROR, "key {} is there twice", "keep one of them"),
    "MSH1007": Entry(ERROR, "{} is not a finite number", ""),
    "MSH1008": Entry(ERROR, "a key must be text, not {}", "quote it"),
    "MSH1009": Entry(ERROR, "tag {} is not supported", "leave the tag out"),
    "MSH1010": Entry(ERROR, "a document must be a mapping, not {}", ""),
    "MSH1011": Entry(ERROR, "{} is required", ""),
    "MSH1012": Entry(ERROR, "unknown kind {}", "see the documentation for the kinds that are read"),
    "MSH1013": Entry(ERROR, "{} has no version {}", "use {}"),
    "MSH1014": Entry(ERROR, "{} is not a name", "use lower case letters, digits, - and ."),
    "MSH1015": Entry(ERROR, "{} is there twice in one text", "keep one of them"),
    "MSH1016": Entry(ERROR, "unknown field {}", "{}"),
    "MSH1017": Entry(ERROR, "{} must be {}, not {}", ""),
    "MSH1018": Entry(ERROR, "{} must be one of {}, not {!r}", ""),
    "MSH1019": Entry(WARNING, "accepted, not enforced: {}", "remove it, or expect no effect"),
    "MSH1020": Entry(ERROR, "{!r} is not a duration", "write it like 500ms, 2s or 1m30s"),
    "MSH1021": Entry(ERROR, "{} must be {}", ""),
    "MSH1022": Entry(ERROR, "only one of {} can be set", "keep one of them"),
    "MSH1023": Entry(ERROR, "control characters are not allowed in {}", ""),
    "MSH1024": Entry(ERROR, "aliases make more than {} characters of this text", "write them out"),
    # meaning
    "MSH1101": Entry(ERROR, "the weights of this route sum to {}, not 100", "make them sum to 100"),
    "MSH1102": Entry(ERROR, "{} has no port {}", "use one of {}"),
    "MSH1103": Entry(
        ERROR, "{} uses port {} of the same workloads for {}", "keep plain text and TLS apart"
    ),
    "MSH1104": Entry(WARNING, "without a selector every gateway serves it", "set spec.selector"),
    "MSH1105": Entry(ERROR, "{!r} is no RE2 expression: {}", "see RE2's syntax"),
    "MSH1106": Entry(ERROR, "{} must be more than 0", ""),
    "MSH1107": Entry(
        WARNING, "the timeouts of {} tries ({} ms) exceed the timeout ({} ms)", "make them fit"
    ),
    "MSH1108": Entry(ERROR, "subset {} is defined twice", "keep one of them"),
    "MSH1109": Entry(
        WARNING, "a host with a wildcard and no endpoints cannot be resolved: {}", "name each host"
    ),
    "MSH1110": Entry(WARNING, "{} declares host {} too: the older one is used", "keep one"),
    "MSH1111": Entry(
        ERROR, "{} needs {}", "add it"
    ),
    "MSH1112": Entry(
        WARNING, "filter {} is not supported: requests of this rule are answered with 500", "remove it"
    ),
    "MSH1113": Entry(
        WARNING, "the name {} is not looked up for {}, which selects it: it gets nothing from there",
        "write an address, or a ServiceEntry with resolution DNS"
    ),
    "MSH1133": Entry(
        INFO, "all that proxies tell goes to the mesh's own collector, also what names {}", "leave it out"
    ),
    "MSH1134": Entry(
        WARNING, "no extension provider {} is known: what this policy matches is denied",
        "use ALLOW and DENY, or RequestAuthentication"
    ),
    # questions about a request
    "MSH1201": Entry(ERROR, "{}", "name a workload, a pod or a service as namespace/name"),
    "MSH1202": Entry(
        ERROR, "{!r} is no address of a request: {}", "write it like http://reviews:9080/path"
    ),
    "MSH1203": Entry(ERROR, "{!r} is not {}", ""),
    "MSH1130": Entry(
        WARNING, "Envoy does not know the cipher suite {}: it is left out", "name one of TLS 1.2's suites"
    ),
    "MSH1131": Entry(
        WARNING, "Secret {} has no authorities to check clients with: the server stays closed",
        "add ca.crt to it, or a Secret of that name with -cacert after it"
    ),
    "MSH1132": Entry(
        WARNING, "sidecars have no certificate from {}: only gateways, and clients that workloadSelector picks",
        "set workloadSelector, or name files"
    ),
    # meshweb.dev
    "MSH1140": Entry(ERROR, "a Fallback needs a destination or a response", "give one of them"),
    "MSH1141": Entry(
        ERROR, "another service can answer only where the first one is unavailable, not on {}",
        "give a response, or leave it out"
    ),
    "MSH1142": Entry(ERROR, "the body is larger than {} bytes", "answer from another service"),
    "MSH1143": Entry(ERROR, "{} is no header that a response can have", ""),
    "MSH1144": Entry(ERROR, "the fallbacks go round in a circle: {}", "let one of them end it"),
    "MSH1145": Entry(
        ERROR, "{} is a fallback of the same requests", "name different routes, or keep one"
    ),
    "MSH1146": Entry(ERROR, "a Suspend needs a workload or a service", "name one"),
    "MSH1147": Entry(
        WARNING, "no {} {} is in this namespace", "correct the name, or wait until it is there"
    ),
    "MSH1148": Entry(WARNING, "{} is suspended by {}, too", "keep one of them"),
    "MSH1149": Entry(
        ERROR, "{} is a gateway: what comes in there comes from outside the mesh",
        "suspend the services behind it"
    ),
    "MSH1150": Entry(
        WARNING, "port {} of {} is not HTTP: no response answers connections, and they have no named routes",
        "give a destination, for all routes"
    ),
    "MSH1152": Entry(
        INFO, "while endpoints of {} are there and refuse connections, they are asked and not the other service",
        "give it outlierDetection, which ejects them"
    ),
    "MSH1153": Entry(
        WARNING, "connections to {} are limited: where they are, nobody takes those to port {} in its place",
        "leave the limit out, and give outlierDetection"
    ),
    "MSH1151": Entry(
        ERROR, "{} speaks {}, {} speaks {}", "let a service of the same protocol answer"
    ),
}  # fmt: skip

CATALOGUE: Mapping[str, Entry] = {**OWN, **ISTIO, **KIALI}


def finding(
    code: str, resource: ResourceKey | str, path: str, *words: object, fix: str | None = None
) -> Finding:
    """Make a finding of the catalogue; `fix` replaces its remedy."""
    entry = CATALOGUE[code]
    return Finding(
        code=code,
        severity=entry.severity,
        resource=str(resource),
        path=path,
        message=entry.sentence.format(*words),
        fix=entry.fix if fix is None else fix,
    )
