"""The Gateway API's own conformance cases, through real Envoys, where their data is present."""

import re

import pytest

from tests.routing.live.gateway_api_suite import EXPECTED, Case, conditions, mesh_of

pytestmark = pytest.mark.envoy

DISAGREEMENTS = {
    "mesh/httproute-named-rule": r"the backend saw /unnamed$",
    "grpcroute-request-header-modifier": r"answered X-Header-\S+: .*, not ",
}
"""What is not as a case says, on purpose: docs/conformance.md has the reasons."""


@pytest.mark.asyncio
@pytest.mark.parametrize("name", sorted(EXPECTED))
async def test_requests_go_where_the_case_says(name: str) -> None:
    found = await Case(name).run()
    known = DISAGREEMENTS.get(name)
    assert [one for one in found if known is None or not re.search(known, one)] == []


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_objects_get_the_conditions_of_the_case(name: str) -> None:
    got = {(c.type, str(c.status), c.reason) for c in conditions(mesh_of(name))}
    wanted = {
        (c["type"], c["status"], c.get("reason", c["type"]))
        for test in EXPECTED[name]["tests"]
        for c in test.get("conditions") or ()
    }
    assert wanted - got == set()
