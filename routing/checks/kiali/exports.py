"""KIA0005: the namespaces of `exportTo` exist."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import (
    DESTINATION_RULE,
    SERVICE_ENTRY,
    VIRTUAL_SERVICE,
    Cluster,
    texts,
)
from routing.checks.rule import found

WORDS = frozenset({"*", ".", "~"})


def exports(cluster: Cluster) -> Iterator[Finding]:
    for one in cluster.of(VIRTUAL_SERVICE, DESTINATION_RULE, SERVICE_ENTRY):
        for i, namespace in enumerate(texts(one.spec, "exportTo")):
            if namespace not in WORDS and namespace not in cluster.namespaces:
                yield found("KIA0005", one, f"spec.exportTo[{i}]", namespace)
