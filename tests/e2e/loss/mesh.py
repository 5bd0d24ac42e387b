"""The mesh under test as YAML: a gateway, four services, eight Envoys, and the parts that change."""

from collections.abc import Mapping, Sequence

NAMESPACE = "loss"
PORT = 8095
GATE_PORT = 8097
"""Where the gateway takes TCP."""
GRPC_PORT, TCP_PORT = 9081, 7000
METHOD = "/loss.Calls/Answer"

_FIXED = f"""\
apiVersion: v1
kind: Namespace
metadata: {{name: {NAMESPACE}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: edge, namespace: {NAMESPACE}}}
spec:
  selector: {{matchLabels: {{istio: loss-edge}}}}
  template:
    metadata:
      labels: {{app: edge, istio: loss-edge}}
      annotations: {{inject.istio.io/templates: gateway}}
    spec:
      serviceAccountName: edge
      containers:
      - {{name: istio-proxy, image: auto, ports: [{{containerPort: {PORT}, hostPort: {PORT}}}, {{containerPort: {GATE_PORT}, hostPort: {GATE_PORT}}}, {{containerPort: 8096}}]}}
"""

_SERVICE = """\
---
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: loss}}
spec: {{selector: {{app: {name}}}, ports: [{{name: http, port: 80, targetPort: 9080}}]}}
"""

_DEPLOYMENT = """\
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}-{version}, namespace: loss}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: {name}, version: {version}}}}}
  template:
    metadata: {{labels: {{app: {name}, version: {version}}}}}
    spec:
      serviceAccountName: {name}
      containers:
      - name: {name}
        command: ["$(PYTHON)", "-m", "tests.e2e.loss.answering"]
        ports: [{{containerPort: 9080}}]
"""

_CALLS = f"""\
---
apiVersion: v1
kind: Service
metadata: {{name: d, namespace: loss}}
spec:
  selector: {{app: d}}
  ports: [{{name: tcp, port: {TCP_PORT}}}, {{name: grpc, port: 9090, targetPort: {GRPC_PORT}}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: d-v1, namespace: loss}}
spec:
  replicas: 2
  selector: {{matchLabels: {{app: d, version: v1}}}}
  template:
    metadata: {{labels: {{app: d, version: v1}}}}
    spec:
      serviceAccountName: d
      containers:
      - name: d
        command: ["$(PYTHON)", "-m", "tests.e2e.loss.calling"]
        ports: [{{containerPort: {GRPC_PORT}}}, {{containerPort: {TCP_PORT}}}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: d, namespace: loss}}
spec:
  host: d
  subsets: [{{name: one, labels: {{version: v1}}}}, {{name: two, labels: {{version: v1}}}}]
"""

WORKLOADS = (("a", "v1", 1), ("b", "v1", 1), ("b", "v2", 1), ("c", "v1", 2))
TARGETS = (
    *(("a.loss", "/"), ("b.loss", "/"), ("c.loss", "/"), ("a.loss", "/via/b")) * 4,
    ("a.loss", "/line/d"),
)


def manifests() -> str:
    services = "".join(_SERVICE.format(name=name) for name in ("a", "b", "c"))
    pods = "".join(
        _DEPLOYMENT.format(name=name, version=version, replicas=replicas)
        for name, version, replicas in WORKLOADS
    )
    return (
        _FIXED
        + services
        + pods
        + _CALLS
        + "".join(map(_document, (gateway(), *map(route, "abc"), rule(), calls_and_lines())))
    )


def _document(text: str) -> str:
    return f"---\n{text}"


def gateway(*more: int) -> str:
    """The gateway's listeners; `more` are ports that nobody asks."""
    servers = "".join(
        f'  - {{port: {{number: {port}, name: http-{port}, protocol: HTTP}}, hosts: ["*.loss"]}}\n'
        for port in (PORT, *more)
    )
    return f"""\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{name: edge, namespace: loss}}
spec:
  selector: {{istio: loss-edge}}
  servers:
  - {{port: {{number: {GATE_PORT}, name: tcp, protocol: TCP}}, hosts: ["*"]}}
{servers}"""


def route(
    service: str,
    *,
    shares: Mapping[str, int] | None = None,
    extra: Sequence[str] = (),
    timeout: str = "8s",
) -> str:
    """The routes to one service from the gateway and from sidecars; `extra` are prefixes of its own."""
    own = "".join(
        f"  - match: [{{uri: {{prefix: /{word}}}}}]\n"
        f"    route: [{{destination: {{host: {service}}}}}]\n"
        for word in extra
    )
    shares = shares or {"": 100}
    split = ", ".join(
        f"{{destination: {{host: {service}{f', subset: {name}' if name else ''}}}, weight: {weight}}}"
        for name, weight in shares.items()
    )
    return f"""\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: {service}, namespace: loss}}
spec:
  hosts: [{service}.loss, {service}]
  gateways: [edge, mesh]
  http:
{own}  - route: [{split}]
    timeout: {timeout}
"""


def calls_and_lines(first: int = 100) -> str:
    """The routes to d: gRPC, and TCP of which `first` percent go to its subset one."""
    split = ", ".join(
        f"{{destination: {{host: d, subset: {name}, port: {{number: {TCP_PORT}}}}}, weight: {weight}}}"
        for name, weight in (("one", first), ("two", 100 - first))
    )
    return f"""\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: d, namespace: loss}}
spec:
  hosts: [d.loss, d]
  gateways: [edge, mesh]
  http: [{{route: [{{destination: {{host: d, port: {{number: 9090}}}}}}]}}]
  tcp:
  - match: [{{port: {GATE_PORT}, gateways: [edge]}}, {{port: {TCP_PORT}, gateways: [mesh]}}]
    route: [{split}]
"""


def rule(
    subsets: Sequence[str] = ("v1", "v2"), *, connections: int = 1000, balancer: str = "ROUND_ROBIN"
) -> str:
    """The DestinationRule of b; a subset is named as its version, or "<anything>-<version>"."""
    named = ", ".join(
        f"{{name: {name}, labels: {{version: {name.rpartition('-')[2]}}}}}" for name in subsets
    )
    return f"""\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: b, namespace: loss}}
spec:
  host: b
  trafficPolicy:
    loadBalancer: {{simple: {balancer}}}
    connectionPool: {{tcp: {{maxConnections: {connections}}}}}
  subsets: [{named}]
"""


def peers(mode: str, *, port: str = "") -> str:
    """The namespace's mTLS mode, or with `port` that of one port of c."""
    if port:
        return f"""\
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {{name: c, namespace: loss}}
spec:
  selector: {{matchLabels: {{app: c}}}}
  portLevelMtls: {{9080: {{mode: {port}}}}}
"""
    return f"""\
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {{name: default, namespace: loss}}
spec: {{mtls: {{mode: {mode}}}}}
"""
