"""The fields of WorkloadEntry."""

from routing.parse.schema import PORT, STRING, STRING_MAP, UINT, fields, later, map_of

WORKLOAD_ENTRY = fields(
    address=STRING,
    ports=map_of(PORT),
    labels=STRING_MAP,
    network=later(STRING),
    locality=STRING,
    weight=UINT,
    serviceAccount=STRING,
)
