"""The one way to change the configuration: merge, check, write in one transaction, hint."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from django.db import transaction
from django.utils import timezone

from rest.contracts import Finding, Severity
from routing import expiry
from routing import findings as kept_findings
from routing.changes import Change, after_changes, changes_between
from routing.contracts import Document, ResourceKey
from routing.model.catalogue import finding
from routing.models import Ledger
from routing.parse import parse_yaml
from routing.selectors import documents_in_force, heads, newest_accepted
from routing.services import publish
from routing.services.deploying import require_deployer
from routing.services.judgement import judge
from routing.services.ledger import Signature, hold_ledger, write_revision
from routing.services.outcome import Accepted, Foreseen, Missing, Outcome, Refused, Stale
from routing.services.platform import carry_out
from routing.services.refusals import refused_before
from routing.services.secrets import SecretData, split_secret, store_secret, stored
from telemetry.own.tracing import CHANGE, tracer

Wanted = Mapping[ResourceKey, Document | None]
"""Resources as they shall be; None: gone."""

Documents = Mapping[ResourceKey, Document]
Declined = TypeVar("Declined")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On what terms a change is made. `if_match`: only over these versions (0: not there yet).

    `expires`: what changes gives way after this long (10m); "": as each document says.
    `may_deploy`: whether the author may say what runs (see `routing.services.deploying`).
    `force`: even where it breaks what refers to it.
    """

    signature: Signature
    dry_run: bool = False
    if_match: Mapping[ResourceKey, int] | None = None
    expires: str = ""
    may_deploy: bool = False
    force: bool = False


def on_version(terms: Terms, key: ResourceKey, version: int | None) -> Terms:
    """The same terms, but only over this version of the resource; None: over any."""
    return terms if version is None else replace(terms, if_match={key: version})


def read(text: str) -> Refused | tuple[Document, ...]:
    """The documents of a text, or all that is wrong with it."""
    parsed = parse_yaml(text)
    errors = [one for one in parsed.findings if one.severity is Severity.ERROR]
    if errors:
        return Refused(findings=parsed.findings)
    if not parsed.documents:
        return Refused(findings=(_nothing_to_apply(),))
    return parsed.documents


def apply(text: str, terms: Terms) -> Outcome:
    """Merge the documents of a text into what is in force."""
    documents = read(text)
    if isinstance(documents, Refused):
        return documents
    return change({one.key: one for one in documents}, terms)


def change(wanted: Wanted, terms: Terms) -> Outcome:
    """Bring what is wanted into force as one revision.

    Serialised with every other change by the ledger: what is checked is what is written over.
    Returns when the revision is durable; publishing follows by itself.
    """
    split = _split_secrets(wanted)
    if isinstance(split, Refused):
        return split
    documents, secrets = split
    return edit(lambda _: documents, terms, secrets)


def edit(
    make: Callable[[Documents], Wanted | Declined],
    terms: Terms,
    secrets: Sequence[SecretData] = (),
) -> Outcome | Declined:
    """`change`, with what is wanted made from what is in force, so that no edit is ever lost.

    `make` may decline with a value of its own, which is the answer then. Raises Refusal (403) for
    a change of what runs by an author who may not deploy.
    """
    asked = {} if terms.dry_run else {CHANGE: True}
    with tracer.start_as_current_span("apply", attributes=asked) as span:
        outcome = _edit(make, terms, secrets)
        span.set_attribute("meshweb.outcome", type(outcome).__name__.lower())
        if isinstance(outcome, Accepted | Foreseen):
            span.set_attribute("meshweb.revision", outcome.number)
            span.set_attribute("meshweb.changes", [str(one.key) for one in outcome.changes[:20]])
        return outcome


def _edit(
    make: Callable[[Documents], Wanted | Declined],
    terms: Terms,
    secrets: Sequence[SecretData],
) -> Outcome | Declined:
    with transaction.atomic():
        ledger = hold_ledger()
        before = documents_in_force()
        wanted = make(before)
        if not isinstance(wanted, Mapping):
            return wanted
        refusal = (
            _stale(terms.if_match or {})
            or _unknown_digest(wanted, secrets)
            or _missing(wanted, before)
        )
        if refusal is not None:
            return refusal
        settled = _settle(changes_between(before, wanted), terms.expires, timezone.now())
        if isinstance(settled, Refused):
            return settled
        changes = changes_between(before, settled)
        if not changes:
            return Accepted(number=newest_accepted())
        if not terms.may_deploy:
            require_deployer(changes)
        after = after_changes(before, changes)
        judgement = judge(after, changes)
        if judgement.blocking:
            return Refused(findings=(*judgement.blocking, *judgement.breaking))
        if judgement.breaking and not terms.force:
            return Refused(findings=judgement.breaking, only_others=True)
        found = (*judgement.findings, *refused_before(changes))
        if not terms.dry_run:
            number = _write(ledger, changes, terms.signature, found, secrets)
            return Accepted(number=number, changes=changes, findings=found)
    from routing.services.foresight import foresee  # noqa: PLC0415  only dry runs compile here

    return Foreseen(
        number=newest_accepted(), changes=changes, findings=found, effects=foresee(before, after)
    )


@tracer.start_as_current_span("write revision")
def _write(
    ledger: Ledger,
    changes: Sequence[Change],
    signature: Signature,
    findings: Iterable[Finding],
    secrets: Iterable[SecretData],
) -> int:
    for secret in secrets:
        store_secret(secret)
    carry_out(changes)
    number = write_revision(
        ledger,
        changes,
        signature,
        findings=kept_findings.all_json(findings),
        now=timezone.now(),
    )
    transaction.on_commit(lambda: publish.enqueue(number))
    return number


def _settle(changes: Iterable[Change], expires: str, now: datetime) -> Wanted | Refused:
    """What changes, each with the moment when it ends."""
    settled: dict[ResourceKey, Document | None] = {}
    wrong: list[Finding] = []
    for one in changes:
        settled[one.key] = None
        if one.after is None:
            wrong += [_endless_deletion(one.key)] if expires else []
            continue
        given = expiry.expiring(one.after, expires) if expires else one.after
        document = expiry.settle(given, now.timestamp())
        if isinstance(document, Finding):
            wrong.append(document)
        else:
            settled[one.key] = document
    return Refused(findings=tuple(wrong)) if wrong else settled


def _missing(wanted: Wanted, before: Documents) -> Missing | None:
    gone = (key for key, document in wanted.items() if document is None and key not in before)
    return next((Missing(key=key) for key in gone), None)


def _stale(if_match: Mapping[ResourceKey, int]) -> Stale | None:
    rows = heads(if_match)
    for key, expected in if_match.items():
        current = rows[key].resource_version if key in rows else 0
        if current != expected:
            return Stale(key=key, current=current)
    return None


def _split_secrets(
    wanted: Wanted,
) -> Refused | tuple[dict[ResourceKey, Document | None], tuple[SecretData, ...]]:
    """Take what is secret out of the documents; what cannot be read is refused."""
    documents: dict[ResourceKey, Document | None] = {}
    secrets: list[SecretData] = []
    wrong: list[Finding] = []
    for key, document in wanted.items():
        documents[key] = document
        if document is None:
            continue
        try:
            documents[key], secret = split_secret(document)
        except ValueError as error:
            wrong.append(_unreadable_secret(key, str(error)))
        else:
            secrets.extend([secret] if secret else [])
    return Refused(findings=tuple(wrong)) if wrong else (documents, tuple(secrets))


def _unknown_digest(documents: Wanted, fresh: Iterable[SecretData]) -> Refused | None:
    """A Secret that only names a digest must name one whose bytes we hold."""
    given = {(one.namespace, one.name, one.digest) for one in fresh}
    for key, document in documents.items():
        digest = str(document.spec.get("digest", "")) if document else ""
        if key.kind != "Secret" or not digest or (key.namespace, key.name, digest) in given:
            continue
        if not stored(key, digest):
            return Refused(findings=(_unreadable_secret(key, f"{digest} is not known"),))
    return None


def _unreadable_secret(key: ResourceKey, reason: str) -> Finding:
    return finding("MSH0902", key, "data", reason)


def _endless_deletion(key: ResourceKey) -> Finding:
    return finding("MSH0907", key, "")


def _nothing_to_apply() -> Finding:
    return finding("MSH0903", "", "")
