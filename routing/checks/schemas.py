"""IST0106: objects that Istio's API server would refuse."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import Cluster
from routing.checks.crds import refusals
from routing.checks.rule import found


def schemas(cluster: Cluster) -> Iterator[Finding]:
    for one in cluster.objects:
        for path, sentence in refusals(one.group, one.kind, one.body):
            yield found("IST0106", one, path, sentence)
