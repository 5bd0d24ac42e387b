"""What the configuration does to services shows as badges; whatever its shape, nothing breaks."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.topology.graph.test_build import service, workload
from topology.contracts import Registry
from topology.graph.configured import Resource, badges, configured

REGISTRY = Registry(services=(service("web"),), workloads=(workload("web-v1"),))
LEG = {"destination": {"host": "web"}}


def marked(*resources: Resource) -> dict[str, tuple[str, ...]]:
    return dict(badges(configured(resources), REGISTRY))


def test_routes_say_what_they_do() -> None:
    http: list[dict[str, Any]] = [
        {"fault": {"abort": {"httpStatus": 500}}, "route": [LEG]},
        {"mirror": {"host": "web"}, "timeout": "1s", "match": [{}], "route": [LEG]},
        {"route": [LEG, LEG]},
    ]
    assert marked(Resource("VirtualService", "shop", "a", {"hosts": ["web"], "http": http})) == {
        "service:shop/web": (
            "fault-injection",
            "mirroring",
            "request-routing",
            "request-timeout",
            "traffic-shifting",
            "virtual-service",
        )
    }


def test_a_breaker_of_a_subset_counts() -> None:
    rule = {
        "host": "web.shop.svc.cluster.local",
        "subsets": [{"name": "v1", "trafficPolicy": {"connectionPool": {"tcp": {}}}}],
    }
    assert marked(Resource("DestinationRule", "bank", "a", rule)) == {
        "service:shop/web": ("circuit-breaker",)
    }


def test_an_entry_is_outside_the_mesh() -> None:
    entry = Resource("ServiceEntry", "shop", "a", {"hosts": ["api.example.com"]})
    assert marked(entry) == {
        "external:/api.example.com": ("service-entry",),
        "external:shop/api.example.com": ("service-entry",),
    }


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ("hosts", "http", "tcp", "route", "destination", "host", "fault", "match")
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(st.sampled_from(("VirtualService", "DestinationRule", "ServiceEntry")), JSON)
def test_no_shape_breaks_it(kind: str, spec: Any) -> None:
    marked(Resource(kind, "shop", "a", spec if isinstance(spec, dict) else {"http": spec}))
