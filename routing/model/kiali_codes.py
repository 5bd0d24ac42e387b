"""Findings with Kiali's codes and severities."""

from collections.abc import Mapping

from routing.model.entry import ERROR, INFO, WARNING, Entry

ANOTHER_HOST = "name a Service or a ServiceEntry's host"
ONE_OF_THEM = "keep one"

KIALI: Mapping[str, Entry] = {
    "KIA0002": Entry(ERROR, "{} has no selector either", ONE_OF_THEM),
    "KIA0003": Entry(ERROR, "{} selects workload {} too", ONE_OF_THEM),
    "KIA0004": Entry(WARNING, "no workload has the labels {}", "correct the selector"),
    "KIA0005": Entry(ERROR, "namespace {} is not found", "correct exportTo", blocks=False),
    "KIA0101": Entry(WARNING, "namespace {} is not found", "correct its name"),
    "KIA0102": Entry(
        WARNING, "{} is no HTTP method and no full gRPC name", "write it like GET or /package.Service/Method"
    ),
    "KIA0104": Entry(ERROR, "host {} is not found", ANOTHER_HOST, blocks=False),
    "KIA0105": Entry(
        ERROR, "{} is known only with mutual TLS, which is not on", "turn mutual TLS on", blocks=False
    ),
    "KIA0106": Entry(
        ERROR, "service account {} is not found", "correct the principal", blocks=False
    ),
    "KIA0201": Entry(WARNING, "{} is for the same host ({}) too", "join the two"),
    "KIA0202": Entry(WARNING, "host {} is not found", ANOTHER_HOST),
    "KIA0203": Entry(ERROR, "no workload behind {} has the labels of subset {}", "correct them", blocks=False),
    "KIA0204": Entry(
        WARNING, "it overrides the mutual TLS that {} asks for", "add trafficPolicy.tls"
    ),
    "KIA0205": Entry(
        ERROR, "no PeerAuthentication turns mutual TLS on in the mesh", "add one to the root namespace", blocks=False
    ),
    "KIA0206": Entry(
        ERROR, "no PeerAuthentication turns mutual TLS on in namespace {}", "add one", blocks=False
    ),
    "KIA0207": Entry(
        ERROR, "it turns mutual TLS off, but {} insists on it", "make that PERMISSIVE", blocks=False
    ),
    "KIA0208": Entry(
        ERROR, "it turns mutual TLS off in the mesh, but {} insists on it", "make that PERMISSIVE", blocks=False
    ),
    "KIA0209": Entry(WARNING, "subset {} has no labels: it is the whole service", "add labels"),
    "KIA0301": Entry(WARNING, "{} serves {} on port {} too", "use another port or host"),
    "KIA0302": Entry(WARNING, "no gateway workload has the labels {}", "correct spec.selector"),
    "KIA0401": Entry(
        ERROR, "no DestinationRule turns mutual TLS on in the mesh",
        "add one for *.local, or say enableAutoMtls: true in the mesh configuration", blocks=False
    ),
    "KIA0501": Entry(
        ERROR, "no DestinationRule turns mutual TLS on in namespace {}",
        "add one, or say enableAutoMtls: true in the mesh configuration", blocks=False
    ),
    "KIA0505": Entry(
        ERROR, "no DestinationRule turns mutual TLS off in namespace {}", "add one", blocks=False
    ),
    "KIA0506": Entry(
        ERROR, "no DestinationRule turns mutual TLS off in the mesh", "add one for *.local", blocks=False
    ),
    "KIA0601": Entry(
        ERROR, "port name {!r} does not start with a protocol", "name it like http-web", blocks=False
    ),
    "KIA0602": Entry(ERROR, "appProtocol {!r} is no protocol", "correct it", blocks=False),
    "KIA0701": Entry(
        WARNING, "no workload of the Service has port {}", "correct targetPort, or the container's ports"
    ),
    "KIA1004": Entry(WARNING, "host {} is not found", ANOTHER_HOST),
    "KIA1006": Entry(
        WARNING, "the mesh's default Sidecar must not have a selector", "remove the selector"
    ),
    "KIA1007": Entry(
        INFO, "an empty mode is read as REGISTRY_ONLY or ALLOW_ANY by different tools", "write the mode"
    ),
    "KIA1101": Entry(ERROR, "host {} is not found", ANOTHER_HOST),
    "KIA1102": Entry(ERROR, "Gateway {} is not found", "create it, or correct spec.gateways"),
    "KIA1104": Entry(
        WARNING, "the weight is taken as 100: there is one destination only", "leave it out"
    ),
    "KIA1105": Entry(WARNING, "{} is there twice in this route", "join the two"),
    "KIA1106": Entry(WARNING, "{} routes {} at {} too", "join the two, or keep their matches apart"),
    "KIA1107": Entry(ERROR, "subset {} of {} is not found", "define it in a DestinationRule"),
    "KIA1108": Entry(
        WARNING, "gateway {} is better written {}", "write it so"
    ),
    "KIA1201": Entry(
        WARNING, "no WorkloadEntry that it could select has the addresses {}", "correct addresses"
    ),
    "KIA1301": Entry(WARNING, "no AuthorizationPolicy covers this workload", "add one"),
    "KIA1401": Entry(
        ERROR, "Gateway {} is not found, or takes no routes from here", "correct parentRefs", blocks=False
    ),
    "KIA1402": Entry(ERROR, "Service {} is not found", "correct backendRefs", blocks=False),
    "KIA1501": Entry(WARNING, "{} serves {} on port {} too", "use another port or host"),
    "KIA1502": Entry(WARNING, "{} has the address {} too", "use another address"),
    "KIA1503": Entry(
        ERROR, "listeners {} have the same host, port and protocol", "change one of them", blocks=False
    ),
    "KIA1504": Entry(ERROR, "GatewayClass {} is not known", "use istio", blocks=False),
    "KIA1601": Entry(ERROR, "namespace {} is not found", "correct spec.from", blocks=False),
    "GWAPI": Entry(WARNING, "{}: {}", "see the message"),
}  # fmt: skip
