"""Every finding there is: its code, severity, sentence and remedy, once.

Codes IST and KIA are those of Istio's and Kiali's analyses for the same fault; MSH are our own
(MSH10: reading, MSH11: meaning).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from rest.contracts import Finding, Severity
from routing.contracts import ResourceKey

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO


@dataclass(frozen=True, slots=True)
class Entry:
    """`sentence` is filled by `str.format`."""

    severity: Severity
    sentence: str
    fix: str = ""


CATALOGUE: Mapping[str, Entry] = {
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
    # meaning
    "MSH1101": Entry(ERROR, "the weights of this route sum to {}, not 100", "make them sum to 100"),
    "KIA1101": Entry(ERROR, "host {} is not found", "name a Service or a ServiceEntry's host"),
    "KIA1107": Entry(ERROR, "subset {} of {} is not found", "define it in a DestinationRule"),
    "KIA1104": Entry(
        WARNING, "the weight is taken as 100: there is one destination only", "leave it out"
    ),
    "KIA1105": Entry(WARNING, "{} is there twice in this route", "join the two"),
    "MSH1102": Entry(ERROR, "{} has no port {}", "use one of {}"),
    "IST0112": Entry(ERROR, "{} has several ports ({})", "say which in destination.port"),
    "IST0101": Entry(ERROR, "Gateway {} is not found", "create it, or correct spec.gateways"),
    "IST0145": Entry(
        ERROR, "{} serves {} on port {} of the same workloads too", "use another port or host"
    ),
    "MSH1103": Entry(
        ERROR, "{} uses port {} of the same workloads for {}", "keep plain text and TLS apart"
    ),
    "KIA0302": Entry(WARNING, "no gateway workload has the labels {}", "correct spec.selector"),
    "MSH1104": Entry(WARNING, "without a selector every gateway serves it", "set spec.selector"),
    "IST0161": Entry(
        ERROR, "Secret {} is not found, or no certificate", "apply it to the gateway's namespace"
    ),
    "IST0109": Entry(ERROR, "{} routes {} in the mesh too", "join the two"),
    "KIA1106": Entry(WARNING, "{} routes {} at {} too", "join the two, or keep their matches apart"),
    "IST0132": Entry(WARNING, "{} serves none of the hosts {}", "add the host to the Gateway"),
    "MSH1105": Entry(ERROR, "{!r} is no RE2 expression: {}", "see RE2's syntax"),
    "MSH1106": Entry(ERROR, "{} must be more than 0", ""),
    "MSH1107": Entry(
        WARNING, "the timeouts of {} tries ({} ms) exceed the timeout ({} ms)", "make them fit"
    ),
    "KIA0002": Entry(ERROR, "{} has no selector either", "keep one"),
    "KIA0003": Entry(ERROR, "{} selects workload {} too", "keep one"),
    "KIA0004": Entry(WARNING, "no workload has the labels {}", "correct the selector"),
    "IST0130": Entry(WARNING, "this route is never reached: {} takes all", "put it before that"),
    "IST0131": Entry(INFO, "this match is never reached: {} takes it", "put it before that"),
    "IST0174": Entry(WARNING, "host {} is not found", "name a Service or a ServiceEntry's host"),
    "IST0173": Entry(WARNING, "subset {} selects no pod", "correct its labels"),
    "KIA0201": Entry(WARNING, "{} is for the same host ({}) too", "join the two"),
    "KIA0209": Entry(WARNING, "subset {} has no labels: it is the whole service", "add labels"),
    "MSH1108": Entry(ERROR, "subset {} is defined twice", "keep one of them"),
    "IST0128": Entry(
        WARNING, "without caCertificates the server's certificate is not verified", ""
    ),
    "MSH1109": Entry(
        WARNING, "a host with a wildcard and no endpoints cannot be resolved: {}", "name each host"
    ),
    "MSH1110": Entry(WARNING, "{} declares host {} too: the older one is used", "keep one"),
    "MSH1111": Entry(
        ERROR, "{} needs {}", "add it"
    ),
}  # fmt: skip


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
