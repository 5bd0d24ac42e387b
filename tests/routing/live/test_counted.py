"""What a real Envoy counts of requests that reached nobody."""

import pytest

from tests.routing.live.mesh import ask, compiled, proxy, running
from tests.routing.live.test_fallback import SHOP, but

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio]


async def test_who_was_not_reached_and_how_is_unknown() -> None:
    nobody = SHOP.replace("selector: {app: spare}", "selector: {app: nobody}")
    config = proxy(compiled(nobody), "client-v1")
    async with running(config, answering=but(config, "reviews-v1", "reviews-v2")) as envoy:
        for name in ("spare", "reviews"):
            assert (await envoy.ask(name)).status == 503
        said = await ask(str(envoy.folder / "admin.sock"), "x", "/stats?filter=istio.response_b")
    told = [line for line in said.text.splitlines() if line.startswith("istio.")]
    assert len(told) == 2
    for line in told:
        assert ".connection_security_policy.unknown." in line
        assert ".destination_principal.unknown." in line
    spare = next(line for line in told if ".destination_service_name.spare." in line)
    assert ".destination_workload.unknown." in spare
