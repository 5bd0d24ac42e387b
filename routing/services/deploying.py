"""Who may say what runs: on the local platform a container is a process of Meshweb's owner."""

from collections.abc import Iterable, Mapping
from typing import Any

from rest.contracts import Refusal
from routing.changes import Change
from routing.contracts import Document
from routing.documents import plain

STEERED = frozenset(
    {"replicas", "strategy", "paused", "minReadySeconds"}
    | {"progressDeadlineSeconds", "revisionHistoryLimit"}
)
"""Fields of a Deployment that say how many pods run and how they are replaced, not what runs."""

RESTARTED = "kubectl.kubernetes.io/restartedAt"


def require_deployer(changes: Iterable[Change]) -> None:
    """Refuse (403) changes of what runs, for a caller who may only steer."""
    for one in changes:
        if one.key.kind == "Deployment" and changes_what_runs(one.before, one.after):
            raise Refusal(
                403,
                "deploy_needs_unbound",
                f"{one.key} says which commands run as the owner of Meshweb: only administrators "
                "and operators who are not bound to namespaces may create it or change its pods.",
            )


def changes_what_runs(before: Document | None, after: Document | None) -> bool:
    """Whether a Deployment's pods would be others; that they end, or start anew, is not that."""
    if after is None:
        return False
    return before is None or _what_runs(before.spec) != _what_runs(after.spec)


def _what_runs(spec: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in plain(spec).items() if name not in STEERED}
    template = kept.get("template")
    if not isinstance(template, dict) or not isinstance(template.get("metadata"), dict):
        return kept
    metadata = template["metadata"]
    annotations = dict(metadata.get("annotations") or {})
    annotations.pop(RESTARTED, None)
    named = {**metadata, "annotations": annotations}
    return {**kept, "template": {**template, "metadata": named}}
