"""Findings with Istio's codes and levels."""

from collections.abc import Mapping

from routing.model.entry import ERROR, INFO, WARNING, Entry

ISTIO: Mapping[str, Entry] = {
    "IST0001": Entry(ERROR, "internal error: {}", "report it"),
    "IST0002": Entry(WARNING, "deprecated: {}", "use what has taken its place"),
    "IST0101": Entry(ERROR, "{} {} is not found", "create it, or correct the name"),
    "IST0102": Entry(
        INFO, "namespace {} is not enabled for injection",
        "label it istio-injection=enabled, or =disabled if that is meant",
    ),
    "IST0103": Entry(WARNING, "pod {} has no sidecar", "restart it, so that it gets one"),
    "IST0106": Entry(ERROR, "{}", "correct it as the message says"),
    "IST0107": Entry(WARNING, "annotation {} belongs on: {}", "move it there"),
    "IST0108": Entry(WARNING, "unknown annotation {}", "correct its name, or remove it"),
    "IST0109": Entry(ERROR, "{} routes {} in the mesh too", "join the two", blocks=False),
    "IST0110": Entry(ERROR, "Sidecars {} of {} all select workload {}", "keep one"),
    "IST0111": Entry(ERROR, "Sidecars {} of {} have no workload selector", "keep one"),
    "IST0112": Entry(ERROR, "{} has several ports ({})", "say which in destination.port"),
    "IST0116": Entry(
        WARNING, "Deployment {}: Services give its port {} different protocols ({})",
        "give the Services different ports, or one protocol",
    ),
    "IST0118": Entry(
        INFO, "port name {} (port {}, target {}) does not start with a protocol",
        "name it like http-web, or set appProtocol",
    ),
    "IST0123": Entry(WARNING, "several labels ask for injection: {}", "keep one of them"),
    "IST0125": Entry(WARNING, "annotation {} has a wrong value: {}", "correct the value"),
    "IST0126": Entry(ERROR, "unknown registry {} in network {}", "name a cluster that is joined"),
    "IST0127": Entry(WARNING, "no workload has the labels {}", "correct the selector"),
    "IST0128": Entry(
        WARNING, "TLS {} to {}: its certificate is not verified", "set caCertificates"
    ),
    "IST0129": Entry(
        WARNING, "TLS {} to {} on port {}: its certificate is not verified", "set caCertificates"
    ),
    "IST0130": Entry(WARNING, "this route is never reached: {} takes all", "put it before that"),
    "IST0131": Entry(INFO, "this match is never reached: {} takes it", "put it before that"),
    "IST0132": Entry(WARNING, "{} does not serve the hosts {}", "add them to the Gateway"),
    "IST0133": Entry(WARNING, "{}", "see the message"),
    "IST0134": Entry(
        WARNING, "a TCP port needs spec.addresses to be recognised by", "add addresses, or a protocol"
    ),
    "IST0135": Entry(INFO, "annotation {} is deprecated", "remove it"),
    "IST0136": Entry(INFO, "annotation {} is alpha: it may change", ""),
    "IST0137": Entry(
        WARNING, "Deployment {}: Services {} give target port {} different ports {}",
        "give them the same port",
    ),
    "IST0138": Entry(
        WARNING, "Gateways {} share a certificate: clients that reuse connections may get 404",
        "join the Gateways, or use a certificate for each",
    ),
    "IST0139": Entry(ERROR, "webhook: {}", "correct or remove it"),
    "IST0140": Entry(
        WARNING, "the subset rules of {} do not apply to traffic from gateway {}",
        "name the subset here, or add the gateway there",
    ),
    "IST0141": Entry(ERROR, "no permission to create {} ({})", "ask for it"),
    "IST0142": Entry(ERROR, "Kubernetes {} is older than {}", "upgrade it"),
    "IST0143": Entry(
        ERROR, "port {} is offered by a Service, but listens on localhost", "listen on the pod's address"
    ),
    "IST0144": Entry(WARNING, "user 1337 is the sidecar's", "run as another user"),
    "IST0145": Entry(
        ERROR, "{} serves {} on port {} of the same workloads too", "use another port or host"
    ),
    "IST0146": Entry(
        WARNING, "{} {} has `image: auto`, and no injector would replace it", "enable injection"
    ),
    "IST0147": Entry(
        ERROR, "{} {} has `image: auto`, and no injector would replace it", "enable injection"
    ),
    "IST0148": Entry(INFO, "injection is on by default here", ""),
    "IST0149": Entry(
        ERROR, "routing by claim {}, but gateway {} (pod {}) has no RequestAuthentication",
        "add one for the gateway's pods",
    ),
    "IST0150": Entry(
        WARNING, "an ExternalName Service's port needs a protocol in its name other than tcp",
        "name it like https-web",
    ),
    "IST0151": Entry(
        WARNING, "a patch relative to others without a priority may not be applied",
        "set spec.priority, or use INSERT_FIRST or ADD",
    ),
    "IST0152": Entry(ERROR, "REPLACE is for HTTP_FILTER and NETWORK_FILTER only", "use MERGE"),
    "IST0153": Entry(ERROR, "ADD has no effect on ROUTE_CONFIGURATION and HTTP_ROUTE", "use MERGE"),
    "IST0154": Entry(
        ERROR, "REMOVE has no effect on ROUTE_CONFIGURATION and HTTP_ROUTE", "patch VIRTUAL_HOST"
    ),
    "IST0155": Entry(
        WARNING, "a relative patch for one proxy version may not be applied during an upgrade",
        "set spec.priority, or use INSERT_FIRST or ADD",
    ),
    "IST0157": Entry(
        WARNING, "Telemetry {} of {} names no provider, and the mesh has none: it has no effect",
        "name a provider",
    ),
    "IST0158": Entry(
        WARNING, "pods whose sidecar is not the injector's: {}", "restart their workloads"
    ),
    "IST0159": Entry(ERROR, "Telemetries {} of {} all select workload {}", "keep one"),
    "IST0160": Entry(ERROR, "Telemetries {} of {} have no selector", "keep one"),
    "IST0161": Entry(
        ERROR, "Secret {} is not found, or no certificate", "apply it to the gateway's namespace"
    ),
    "IST0162": Entry(
        WARNING, "port {} is offered by no Service of the pods with {}", "add it to the Service"
    ),
    "IST0163": Entry(
        WARNING, "the address {!r} of webhook {} {}", "set the host name of the control plane's gateway"
    ),
    "IST0164": Entry(INFO, "the address {} of webhook {} is no host name", "use a host name"),
    "IST0165": Entry(
        WARNING, "{} names {}, a Gateway that is made by itself", "use an HTTPRoute instead"
    ),
    "IST0166": Entry(
        WARNING, "a selector has no effect on the Kubernetes Gateway {}", "use targetRefs"
    ),
    "IST0167": Entry(WARNING, "it has no effect: {}", "remove it"),
    "IST0171": Entry(WARNING, "condition {} is not met ({}): {}", "see the message"),
    "IST0173": Entry(ERROR, "subset {} selects no pod", "correct its labels", blocks=False),
    "IST0174": Entry(WARNING, "host {} is not found", "name a Service or a ServiceEntry's host"),
    "IST0175": Entry(
        WARNING, "nothing restricts where the keys of {} RequestAuthentications ({}) come from",
        "set BLOCKED_CIDRS_IN_JWKS_URIS on istiod",
    ),
    "IST0176": Entry(
        WARNING, "{} has version {}; at least {} is needed", "upgrade the Gateway API's definitions"
    ),
    "IST0177": Entry(
        WARNING, "ServiceEntries {} give {} port {} different protocols ({})", "use one protocol"
    ),
}  # fmt: skip
