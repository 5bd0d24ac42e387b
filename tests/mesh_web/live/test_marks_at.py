"""A graph of a time gone by is marked with what was configured then."""

import pytest
from django.utils import timezone

from mesh_web.accounts.services import create_token
from mesh_web.live import sources
from rest.contracts import Role
from routing.services import publish
from tests.routing.app.shop import MANIFESTS, ROUTE, RULE, Api
from topology.contracts import Marks

MARKED = Marks(
    badges={"service:shop/payments": ("request-timeout", "traffic-shifting", "virtual-service")}
)


@pytest.mark.django_db
def test_what_was_in_force_then_counts() -> None:
    api = Api(create_token(name="ci", role=Role.OPERATOR))
    api.apply(MANIFESTS)
    publish.publish_through(1, timezone.now())
    before = timezone.now().timestamp()
    api.apply(f"{RULE}---\n{ROUTE}")
    publish.publish_through(2, timezone.now())
    after = timezone.now().timestamp()
    assert [sources.marks_at(then) for then in (1.0, before, after)] == [Marks(), Marks(), MARKED]
