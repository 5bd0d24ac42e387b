"""What other apps may ask of the configuration: what is in force, and how far it got."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone

from routing import broker
from routing.contracts import (
    Convergence,
    Document,
    PublishedConfig,
    ResourceKey,
    RevisionState,
    Trial,
)
from routing.latest import documents_at
from routing.selectors import (
    documents_published,
    newest_of_all,
    newest_published,
    published_at,
    states_of,
    traces_of,
)
from routing.services import publish
from routing.services.certificates import served_secrets
from routing.services.convergence import reduce_convergence
from routing.services.rejection import revert_to_last_good, take_back
from routing.services.secrets import published_secrets
from routing.services.standing import (
    BreakerPolicy,
    Policies,
    Suspended,
    breaker_policies,
    suspended,
)
from topology.contracts import Registry, RoutingView

__all__ = [
    "BreakerPolicy",
    "Policies",
    "Suspended",
    "accepted_config",
    "breaker_policies",
    "broker_alive",
    "converged_revision",
    "documents_in_force_at",
    "published_config",
    "push",
    "recent_revisions",
    "record_convergence",
    "revert_rejected",
    "served_secrets",
    "suspended",
    "turn_down",
    "view",
    "warm_up",
]


def published_config(after: int | None = None) -> PublishedConfig | None:
    """The configuration of the latest pushed revision; None if that is not newer than `after`.

    With `after` None the answer is never None (number 0 and no documents before the first
    revision). One consistent read: history is immutable, so the documents are those of exactly
    `number`.
    """
    number, accepted_at = newest_published()
    return None if after is not None and number <= after else _config(number, accepted_at)


def accepted_config(after: int) -> PublishedConfig | None:
    """The same of the latest revision, pushed or not: what may be next."""
    number, accepted_at = newest_of_all()
    return None if number <= after else _config(number, accepted_at)


def documents_in_force_at(moment: float) -> tuple[Document, ...]:
    """The configuration that was in force at a time (Unix seconds), sorted by key."""
    number = published_at(datetime.fromtimestamp(moment, UTC))
    return documents_published(number) if number else ()


def converged_revision() -> int:
    """The number of the latest pushed revision if every proxy concerned has it; else 0."""
    number, _ = newest_published()
    return number if states_of([number]).get(number) is RevisionState.CONVERGED else 0


def _config(number: int, accepted_at: float) -> PublishedConfig:
    documents = documents_at(number)
    trace, carried = traces_of(number)
    return PublishedConfig(
        number=number,
        accepted_at=accepted_at,
        documents=documents,
        secrets=published_secrets(documents),
        trace=trace,
        carried=carried,
    )


def push(number: int, trial: Trial | None) -> None:
    """Every revision up to `number` is about to be pushed; `trial` None: there was nothing to try.

    Call it before a proxy is told, from a thread: it blocks on the database. Idempotent.
    """
    if trial is not None:
        publish.record_trial(number, trial)
    publish.publish_through(number, timezone.now())


def turn_down(number: int, culprits: Mapping[ResourceKey, str], trial: Trial) -> int | None:
    """Take back what Envoy refused in a trial, of all that was accepted up to `number`.

    `culprits` are given with Envoy's words. Makes and enqueues one system revision, with the
    rest; rejects the revisions that brought the culprits. Returns the new revision's number; None
    where there is nothing to take back (done before, or changed since). Idempotent. Blocks.
    """
    return take_back(number, culprits, trial)


def record_convergence(convergence: Convergence) -> None:
    """Merge one control process's report into the revision, and tell everyone who listens.

    The only writer of a pushed revision's status. A state never goes backwards; reporting twice
    changes nothing. Blocks on the database: call it from a thread. The broker may be away.
    """
    reduce_convergence(convergence)


def revert_rejected(key: ResourceKey, revision: int, error: str) -> int | None:
    """Take back the version of `key` in force at `revision`, which Envoy refused with `error`.

    Makes and enqueues a system revision with the resource's last version that was not refused, or
    without the resource, and rejects the revision that brought the bad version. Returns the new
    revision's number; None where there is nothing to take back (done before, or the user has
    changed the resource since). Idempotent. Blocks on the database: call it from a thread.
    """
    return revert_to_last_good(key, revision, error)


def recent_revisions(limit: int = 20) -> list[dict[str, Any]]:
    """The newest revisions, newest first, as REST shows them."""
    from routing.http.schemas import RevisionOut  # noqa: PLC0415  control needs no REST
    from routing.services import history  # noqa: PLC0415

    return [RevisionOut.of(one).model_dump(mode="json") for one in history.latest(limit)]


def view(registry: Registry) -> RoutingView:
    """What the configuration says of what runs; one a request."""
    from routing.services.view import ConfigurationView  # noqa: PLC0415  control needs none

    return ConfigurationView(registry)


def warm_up() -> None:
    """Load what the first change would else wait for; for a thread of its own at start."""
    publish.warm_up()


def broker_alive() -> bool:
    """Whether the broker answers within half a second."""
    return broker.alive()
