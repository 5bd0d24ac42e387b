"""What is read again is what would be read whole; what has not changed is not read."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from routing.contracts import Document, ResourceKey, RevisionState
from routing.documents import to_json
from routing.latest import MOST_KEYS, documents_at
from routing.models import ResourceVersion, Revision
from routing.selectors import documents_published

pytestmark = pytest.mark.django_db


def document(name: str, text: str) -> Document:
    return Document(
        key=ResourceKey("Telemetry", "shop", name),
        api_version="telemetry.istio.io/v1",
        spec={"text": text},
    )


def revise(number: int, *written: Document, gone: tuple[str, ...] = ()) -> None:
    """Revision `number`, accepted."""
    moment = timezone.now()
    Revision.objects.create(number=number, author="ann", created_at=moment, accepted_at=moment)
    versions = [(one.key.name, to_json(one)) for one in written] + [(name, None) for name in gone]
    ResourceVersion.objects.bulk_create(
        ResourceVersion(
            revision_id=number, kind="Telemetry", namespace="shop", name=name, document=kept
        )
        for name, kept in versions
    )


def turn_down(number: int, name: str) -> None:
    Revision.objects.filter(number=number).update(state=RevisionState.REJECTED)
    ResourceVersion.objects.filter(revision_id=number, name=name).update(refusal="no")


def test_what_has_not_changed_are_the_same_objects_and_is_not_read() -> None:
    revise(1, *(document(f"t-{index}", "old") for index in range(50)))
    before = documents_at(1)
    revise(2, document("t-7", "new"), document("more", "new"), gone=("t-9",))
    with CaptureQueriesContext(
        connection,
    ) as asked:
        after = documents_at(2)
    assert after == documents_published(2)
    same = {one.key.name for one in after for other in before if one is other}
    assert same == {one.key.name for one in before} - {"t-7", "t-9"}
    assert not any("t-8" in one["sql"] for one in asked.captured_queries)


def test_what_a_trial_takes_back_is_as_it_was() -> None:
    revise(1, document("a", "good"), document("b", "good"))
    revise(2, document("a", "bad"), document("b", "better"))
    assert documents_at(2) == documents_published(2)
    turn_down(2, "a")
    revise(3, document("c", "good"))
    assert documents_at(3) == documents_published(3)
    assert [one.spec["text"] for one in documents_at(3)] == ["good", "better", "good"]


def test_going_back_and_far_on_reads_all() -> None:
    revise(1, document("a", "1"))
    revise(2, *(document(f"t-{index}", "2") for index in range(MOST_KEYS + 1)))
    for number in (1, 2, 1, 0, 2):
        assert documents_at(number) == documents_published(number)


def test_another_database_with_the_same_numbers_is_another_history() -> None:
    revise(1, document("a", "1"))
    assert len(documents_at(1)) == 1
    ResourceVersion.objects.all().delete()
    Revision.objects.all().delete()
    revise(1)
    revise(2)
    assert documents_at(2) == ()
