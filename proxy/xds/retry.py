"""How a failed request is tried again."""

from proxy.xds.fields import Fields, number
from proxy.xds.messages import duration, extension
from routing.ir import Retry

_PREVIOUS_HOSTS = "envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"
_PREVIOUS_PRIORITIES = (
    "envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig"
)


def retry_policy(retry: Retry) -> Fields:
    """Status codes among the conditions ("5xx,429") become `retriable_status_codes`."""
    conditions = [word.strip() for word in retry.retry_on.split(",") if word.strip()]
    codes = [int(word) for word in conditions if word.isdigit()]
    words = [word for word in conditions if not word.isdigit()]
    if codes and "retriable-status-codes" not in words:
        words.append("retriable-status-codes")
    made: Fields = {
        "retry_on": ",".join(words),
        "num_retries": number(retry.attempts),
        "host_selection_retry_max_attempts": 5,
    }
    if retry.other_hosts:
        made["retry_host_predicate"] = [extension("previous_hosts", _PREVIOUS_HOSTS)]
    if retry.other_localities:
        priorities = extension("previous_priorities", _PREVIOUS_PRIORITIES, update_frequency=2)
        made["retry_priority"] = priorities
    if retry.backoff_ms is not None:
        made["retry_back_off"] = {"base_interval": duration(retry.backoff_ms)}
    if codes:
        made["retriable_status_codes"] = codes
    if retry.per_try_timeout_ms is not None:
        made["per_try_timeout"] = duration(retry.per_try_timeout_ms)
    return made
