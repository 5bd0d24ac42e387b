"""What a workload can see of the mesh, and beyond it."""

import pytest

from tests.routing.live.mesh import application, compiled, proxy, running
from tests.routing.mesh import resource, service

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio]

SHOP = "\n---\n".join(service(name) for name in ("client", "reviews", "ratings"))


async def test_a_sidecar_shows_only_what_it_names_and_what_that_leads_to() -> None:
    mesh = compiled(
        SHOP,
        resource("Sidecar", "default", "{egress: [{hosts: ['./reviews.shop.svc.cluster.local']}]}"),
        resource(
            "VirtualService",
            "reviews",
            "{hosts: [reviews], http: [{match: [{uri: {prefix: /r}}],"
            " route: [{destination: {host: ratings}}]},"
            " {route: [{destination: {host: reviews}}]}]}",
        ),
    )
    async with running(proxy(mesh, "client-v1")) as envoy:
        asked = {
            "shown": (await envoy.ask("reviews")).status,
            "led to": (await envoy.ask("reviews", "/r")).status,
            "itself, hidden": (await envoy.ask("client")).status,
            "unknown": (await envoy.ask("elsewhere.example")).status,
        }
    assert asked == {"shown": 200, "led to": 200, "itself, hidden": 502, "unknown": 502}


async def test_with_allow_any_hosts_that_nobody_knows_are_reached() -> None:
    mesh = compiled(
        SHOP,
        resource("Sidecar", "default", "{outboundTrafficPolicy: {mode: ALLOW_ANY}}"),
    )
    async with (
        running(proxy(mesh, "client-v1")) as envoy,
        application("127.99.0.9", 8099, envoy),
    ):
        assert (await envoy.ask("127.99.0.9:8099")).text == "127.99.0.9:8099"
        assert (await envoy.ask("reviews")).status == 200


async def test_without_resolution_the_request_says_where_it_goes() -> None:
    mesh = compiled(
        SHOP,
        resource(
            "ServiceEntry",
            "by-request",
            "{hosts: [127.99.0.8], ports: [{number: 8098, name: http, protocol: HTTP}]}",
        ),
    )
    async with (
        running(proxy(mesh, "client-v1")) as envoy,
        application("127.99.0.8", 8098, envoy),
    ):
        assert (await envoy.ask("127.99.0.8:8098")).text == "127.99.0.8:8098"
        assert (await envoy.ask("127.99.0.9:8098")).status == 502
