"""The fields of a Suspend."""

from routing.parse.schema import STRING, choice

SUSPEND = choice(("workload", "service"), workload=STRING, service=STRING, reason=STRING)
