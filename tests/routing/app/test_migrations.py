"""Data made by the first schema is read by the newest."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from routing import facade
from routing.contracts import Document, PublishedConfig, ResourceKey
from routing.models import ResourceVersion
from routing.selectors import documents_in_force

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
KEY = ResourceKey("PeerAuthentication", "shop", "default")
STRICT = {"mtls": {"mode": "STRICT"}}
FIRST = [("routing", "0001_initial")]


def test_a_configuration_made_by_the_first_schema_is_in_force_after_migrating() -> None:
    executor = MigrationExecutor(connection)
    head = executor.loader.graph.leaf_nodes()
    executor.migrate(FIRST)
    try:
        apps = executor.loader.project_state(FIRST).apps
        apps.get_model("routing", "Ledger").objects.create(pk=1, number=1)
        apps.get_model("routing", "Revision").objects.create(
            number=1, author="ci", state="converged", created_at=NOW, accepted_at=NOW
        )
        apps.get_model("routing", "Resource").objects.create(
            api_version="security.istio.io/v1",
            kind=KEY.kind,
            namespace=KEY.namespace,
            name=KEY.name,
            uid=UUID(int=1),
            spec=STRICT,
            resource_version=1,
            created=NOW,
        )
        apps.get_model("routing", "ResourceVersion").objects.create(
            revision_id=1,
            kind=KEY.kind,
            namespace=KEY.namespace,
            name=KEY.name,
            document={
                "apiVersion": "security.istio.io/v1",
                "labels": {},
                "annotations": {},
                "created": NOW.timestamp(),
                "spec": STRICT,
            },
        )
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(head)
    document = Document(
        key=KEY, api_version="security.istio.io/v1", spec=STRICT, created_at=NOW.timestamp()
    )
    assert documents_in_force() == {KEY: document}
    assert facade.published_config() == PublishedConfig(
        number=1, accepted_at=NOW.timestamp(), documents=(document,)
    )
    assert ResourceVersion.objects.get().refusal == ""


def test_the_models_need_no_further_migration() -> None:
    from django.core.management import call_command  # noqa: PLC0415

    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
