"""How long Envoy's trial of a change takes, against the trial of nothing.

The mesh: 20 proxies of 200 services, each service with subsets and routes of its own. The changes
are single resources, from those that change all services to one weight (which is not tried); then
200 resources at once, all different. The floor is the same binary's judgement of an empty bootstrap.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from benchmarks.push_mesh import NAMESPACE, SERVICES, published, registry
from proxy.fleet.asking import ask_envoy
from proxy.fleet.trials import changes as changes_of
from proxy.fleet.tryout import Passed, Tryout
from proxy.xds import messages, static
from proxy.xds.options import Options
from proxy.xds.snapshot import no_material
from routing.compile.mesh import Compiler, Mesh, MeshInput
from routing.contracts import Document, ResourceKey
from topology.contracts import Registry

PROXIES = 20
RUNS = 5
TARGET_MS = 300.0

Documents = tuple[Document, ...]


def running() -> Registry:
    """200 services with their two pods, of which the clients are the proxies."""
    every = registry(PROXIES)
    proxied = [
        pod if pod.workload == "client" else replace(pod, sidecar=False) for pod in every.pods
    ]
    return replace(every, pods=tuple(proxied))


def document(kind: str, api_version: str, name: str, spec: Any) -> Document:
    key = ResourceKey(kind, NAMESPACE, name)
    return Document(key=key, api_version=api_version, spec=spec)


def with_one(made: Document) -> Documents:
    return tuple(sorted((*published(1, 10).documents, made), key=lambda one: one.key))


def edited(kind: str, edit: Callable[[int, Any], Any], most: int = SERVICES) -> Documents:
    """The documents with the first `most` of a kind edited, each by its number."""
    documents = published(1, 10).documents
    numbers = {one.key: i for i, one in enumerate(d for d in documents if d.key.kind == kind)}
    return tuple(
        replace(one, spec=edit(numbers[one.key], one.spec))
        if numbers.get(one.key, most) < most
        else one
        for one in documents
    )


def ejecting(number: int, spec: Any) -> Any:
    return {**spec, "trafficPolicy": {"outlierDetection": {"consecutive5xxErrors": 7 + number}}}


def patient(number: int, spec: Any) -> Any:
    return {**spec, "http": [{**one, "timeout": f"{7 + number}s"} for one in spec["http"]]}


def changes() -> dict[str, Documents]:
    """One resource each that touches all proxies, from all services to one weight."""
    security, telemetry = "security.istio.io/v1", "telemetry.istio.io/v1"
    strict, logging = {"mtls": {"mode": "STRICT"}}, {"accessLogging": [{"disabled": True}]}
    return {
        "mTLS of all": with_one(document("PeerAuthentication", security, "default", strict)),
        "Telemetry of all": with_one(document("Telemetry", telemetry, "default", logging)),
        "one DestinationRule": edited("DestinationRule", ejecting, 1),
        "one VirtualService": edited("VirtualService", patient, 1),
        "one weight": published(2, 20).documents,
    }


def extremes() -> dict[str, Documents]:
    """As many different parts at once as 200 services can have."""
    return {
        "200 DestinationRules, all different": edited("DestinationRule", ejecting),
        "200 VirtualServices, all different": edited("VirtualService", patient),
    }


def trial(before: Mesh, after: Mesh) -> Passed:
    """A first trial of what leads from one mesh to the other."""
    tryout = Tryout(Options())
    tryout.trust((config, None) for config in before.configs.values())
    verdict = tryout.judge(tryout.fresh_in(changes_of(after, before)), no_material)
    assert isinstance(verdict, Passed), verdict
    return verdict


def floor_ms() -> float:
    began = time.perf_counter()
    ask_envoy(static.whole((), ()))
    return (time.perf_counter() - began) * 1000


def main() -> int:
    messages.pool()
    compiler, pods = Compiler(), running()
    before = compiler.compile(MeshInput(documents=published(1, 10).documents, registry=pods))
    print(f"{len(before.configs)} proxies of 200 services, best of {RUNS}")
    floor = min(floor_ms() for _ in range(RUNS))
    print(f"  floor, a trial of nothing: {floor:.0f} ms")
    slowest = 0.0
    for name, documents in (*changes().items(), *extremes().items()):
        after = compiler.compile(MeshInput(documents=documents, registry=pods))
        found = [trial(before, after) for _ in range(RUNS)]
        took = min(one.ms for one in found)
        told = ""
        if name in changes():
            slowest, told = max(slowest, took), f" (at most {TARGET_MS:.0f})"
        print(
            f"  {name}: {len(after.changed_since(before))} proxies, {found[0].tried} parts"
            f" in {took:.0f} ms{told}, {took / floor:.1f}x the floor"
        )
    return 0 if slowest <= TARGET_MS else 1


if __name__ == "__main__":
    sys.exit(main())
