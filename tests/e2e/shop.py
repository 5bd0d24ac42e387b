"""What the demo's graph must show."""

INGRESS = "gateway:istio-ingress/istio-ingressgateway"
EGRESS = "gateway:istio-egress/istio-egressgateway"
CARRIER = "external:istio-egress/quotes.carrier.example"


def workload(name: str) -> str:
    return f"workload:shop/{name}"


def service(name: str) -> str:
    return f"service:shop/{name}"


def hop(source: str, target: str, protocol: str = "http") -> str:
    """An edge's id."""
    return f"{source}->{target}|{protocol}"


def to(source: str, name: str, protocol: str = "http", version: str = "") -> tuple[str, str]:
    """Both edges of a call to one of the shop's services."""
    target = workload(f"{name}-{version}" if version else name)
    return hop(source, service(name), protocol), hop(service(name), target, protocol)


PAGE_EDGES = frozenset(
    {
        *to(INGRESS, "storefront"),
        *to(workload("storefront"), "catalogue"),
        *to(workload("storefront"), "cart"),
        *to(workload("storefront"), "recommendations", "grpc"),
        *to(workload("catalogue"), "reviews", version="v1"),
        *to(workload("catalogue"), "reviews", version="v2"),
        *to(workload("catalogue"), "reviews", version="v3"),
        *to(workload("reviews-v2"), "ratings"),
        *to(workload("reviews-v3"), "ratings"),
        *to(workload("cart"), "datastore", "tcp"),
    }
)
"""Edges that page views have."""

CHECKOUT_EDGES = frozenset(
    {
        *to(workload("storefront"), "checkout"),
        *to(workload("checkout"), "cart"),
        *to(workload("checkout"), "payments", version="v1"),
        *to(workload("payments-v1"), "datastore", "tcp"),
        hop(workload("checkout"), "service:istio-egress/istio-egressgateway"),
        hop("service:istio-egress/istio-egressgateway", EGRESS),
        hop(EGRESS, CARRIER),
    }
)
"""Edges that checkouts add."""
