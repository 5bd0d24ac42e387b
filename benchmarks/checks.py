"""How long checking 1,000 resources takes, from text to findings, against reading the text alone.

The mesh: 200 services, each with its Deployment, DestinationRule of two subsets, VirtualService
that splits traffic and AuthorizationPolicy. Once as files by themselves (`meshweb analyze`),
once as what would be in force in a running mesh (each apply). The floor is the YAML parser's
events of the same text: less than that, nobody can read it.
"""

import sys
import time
from collections.abc import Callable

import yaml

from routing.checks.analysis import analyze
from routing.checks.check import CheckInput, check
from routing.parse import parse_yaml
from routing.sources.files import read_text

SERVICES = 200
RUNS = 5
TARGET_MS = 1000.0

TEMPLATE = """\
apiVersion: v1
kind: Service
metadata: {{name: s{i}, namespace: n{n}}}
spec: {{selector: {{app: s{i}}}, ports: [{{name: http, port: 80, targetPort: 8080}}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: s{i}, namespace: n{n}}}
spec:
  selector: {{matchLabels: {{app: s{i}, version: v1}}}}
  template:
    metadata: {{labels: {{app: s{i}, version: v1}}}}
    spec: {{containers: [{{name: app, image: app, ports: [{{containerPort: 8080}}]}}]}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: s{i}, namespace: n{n}}}
spec:
  host: s{i}
  subsets: [{{name: v1, labels: {{version: v1}}}}, {{name: v2, labels: {{version: v2}}}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: s{i}, namespace: n{n}}}
spec:
  hosts: [s{i}]
  http:
  - match: [{{uri: {{prefix: /a}}, headers: {{x-user: {{exact: jason}}}}}}]
    route: [{{destination: {{host: s{i}, subset: v2}}}}]
  - route:
    - {{destination: {{host: s{i}, subset: v1}}, weight: 90}}
    - {{destination: {{host: s{i}, subset: v2}}, weight: 10}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{name: s{i}, namespace: n{n}}}
spec:
  selector: {{matchLabels: {{app: s{i}}}}}
  rules: [{{from: [{{source: {{namespaces: [n{n}]}}}}], to: [{{operation: {{methods: [GET]}}}}]}}]
"""


def text() -> str:
    return "---\n".join(TEMPLATE.format(i=i, n=i % 20) for i in range(SERVICES))


def best_ms(work: Callable[[], object]) -> float:
    def once() -> float:
        began = time.perf_counter()
        work()
        return (time.perf_counter() - began) * 1000

    return min(once() for _ in range(RUNS))


def read(content: str) -> int:
    return sum(1 for _ in yaml.parse(content, Loader=yaml.CSafeLoader))


def in_force(content: str) -> object:
    return check(CheckInput(documents=parse_yaml(content).documents))


def main() -> int:
    content = text()
    floor = best_ms(lambda: read(content))
    files = best_ms(lambda: analyze(read_text(content).cluster))
    running = best_ms(lambda: in_force(content))
    print(f"{SERVICES * 5} resources, {len(content) / 1000:.0f} kB of YAML, best of {RUNS}")
    print(f"  floor, the parser's events alone: {floor:.0f} ms")
    for name, took in (("files by themselves", files), ("as in a running mesh", running)):
        print(f"  {name}: {took:.0f} ms (at most {TARGET_MS:.0f}), {took / floor:.1f}x the floor")
    return 0 if max(files, running) <= TARGET_MS else 1


if __name__ == "__main__":
    sys.exit(main())
