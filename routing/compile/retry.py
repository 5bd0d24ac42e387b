"""Retries: Istio's default policy, and a VirtualService's own."""

from routing.ir import Retry
from routing.model.virtual_service import HttpRetry

DEFAULT_WORDS = ("connect-failure", "refused-stream", "unavailable", "cancelled")
DEFAULT = Retry(
    attempts=2,
    retry_on=",".join((*DEFAULT_WORDS, "retriable-status-codes", "503")),
)


def retry(policy: HttpRetry | None) -> Retry | None:
    """None for a policy of no attempts."""
    if policy is None:
        return DEFAULT
    if policy.attempts <= 0:
        return None
    if not policy.retry_on.strip():
        words, codes = list(DEFAULT_WORDS), [503]
    else:
        given = [w.strip() for w in policy.retry_on.split(",") if w.strip()]
        codes = sorted({int(w) for w in given if w.isascii() and w.isdigit()})
        words = [w for w in given if not w.isdigit() and w != "retriable-status-codes"]
    if codes:
        words += ["retriable-status-codes", *map(str, codes)]
    return Retry(
        attempts=policy.attempts,
        retry_on=",".join(dict.fromkeys(words)),
        per_try_timeout_ms=policy.per_try_timeout_ms or None,
        backoff_ms=policy.backoff_ms,
        other_hosts=policy.other_hosts,
        other_localities=policy.other_localities,
    )
