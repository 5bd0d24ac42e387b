"""The edge that tests count: the storefront calls payments, and its sidecar tells of it."""

from telemetry.contracts import EdgeKey, Reporter

PAYMENTS = EdgeKey(
    reporter=Reporter.SOURCE,
    source_namespace="shop",
    source_workload="storefront-v1",
    source_version="v1",
    destination_service_namespace="shop",
    destination_service="payments.shop.svc.cluster.local",
    destination_namespace="shop",
    destination_workload="payments-v2",
    destination_version="v2",
    protocol="http",
    code="200",
    flags="-",
    security="mutual_tls",
)
PAYMENTS_LABELS = {
    "reporter": "source",
    "source_workload": "storefront-v1",
    "source_workload_namespace": "shop",
    "source_version": "v1",
    "destination_service": "payments.shop.svc.cluster.local",
    "destination_service_namespace": "shop",
    "destination_workload": "payments-v2",
    "destination_workload_namespace": "shop",
    "destination_version": "v2",
    "connection_security_policy": "mutual_tls",
}
"""Of its series, but for what differs from request to request."""
