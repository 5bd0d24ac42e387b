"""KIA0102: methods are HTTP's, or gRPC's with package and service."""

import re
from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import AUTHORIZATION_POLICY, Cluster
from routing.checks.kiali.sources import operation_texts
from routing.checks.rule import found

HTTP = frozenset(
    {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE", "*"}
)
GRPC = re.compile(r"/[\w.]+/\w+\*?")


def authorization_methods(cluster: Cluster) -> Iterator[Finding]:
    for policy in cluster.of(AUTHORIZATION_POLICY):
        for path, method in operation_texts(policy, "methods", "notMethods"):
            if method not in HTTP and not GRPC.fullmatch(method):
                yield found("KIA0102", policy, path, method)
