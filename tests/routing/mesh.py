"""Small meshes for tests: manifests and resources as YAML in, registry and documents out."""

from dataclasses import replace

from routing.compile import MeshInput
from routing.contracts import Document
from routing.ir import Cluster, ProxyConfig, Route, VirtualHost
from routing.manifest import manifest_of
from routing.parse import parse_yaml
from topology import manifests
from topology.contracts import PodPhase, Registry


def documents(*texts: str) -> tuple[Document, ...]:
    parsed = parse_yaml("\n---\n".join(texts))
    assert [f for f in parsed.findings if f.severity == "error"] == []
    return parsed.documents


def registry(given: tuple[Document, ...]) -> Registry:
    """What the manifests among the documents ask for, all of it running."""
    values = [manifest_of(d).value for d in given if d.key.kind in manifests.KINDS]
    made = manifests.assemble(v for v in values if v is not None)
    running = tuple(replace(p, phase=PodPhase.RUNNING, ready=True) for p in made.pods)
    return replace(made, pods=running)


def mesh_input(*texts: str) -> MeshInput:
    given = documents(*texts)
    return MeshInput(documents=given, registry=registry(given))


def service(name: str, port: str = "name: http, port: 80", namespace: str = "shop") -> str:
    """A Service and its Deployment of one pod, version v1."""
    return (
        f"apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: {namespace}}}\n"
        f"spec: {{selector: {{app: {name}}}, ports: [{{{port}, targetPort: 8080}}]}}\n---\n"
        f"{deployment(name, 'v1', namespace)}"
    )


def deployment(name: str, version: str, namespace: str = "shop", extra: str = "") -> str:
    labels = f"{{app: {name}, version: {version}}}"
    return (
        "apiVersion: apps/v1\nkind: Deployment\n"
        f"metadata: {{name: {name}-{version}, namespace: {namespace}}}\n"
        f"spec:\n  selector: {{matchLabels: {labels}}}\n  template:\n"
        f"    metadata: {{labels: {labels}{extra}}}\n"
        "    spec: {containers: [{name: app, command: [app], ports: [{containerPort: 8080}]}]}\n"
    )


def resource(kind: str, name: str, spec: str, namespace: str = "shop") -> str:
    group = "security" if kind == "PeerAuthentication" else "networking"
    return (
        f"apiVersion: {group}.istio.io/v1\nkind: {kind}\n"
        f"metadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n"
    )


def virtual_host(config: ProxyConfig, domain: str) -> VirtualHost | None:
    hosts = (h for routes in config.routes for h in routes.virtual_hosts)
    return next((h for h in hosts if domain in h.domains), None)


def routes(config: ProxyConfig, domain: str) -> tuple[Route, ...]:
    found = virtual_host(config, domain)
    assert found is not None, domain
    return found.routes


def cluster(config: ProxyConfig, name: str) -> Cluster:
    return next(c for c in config.clusters if c.name == name)
