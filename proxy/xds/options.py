"""What is the same for every proxy of a mesh, and is in no resource."""

from dataclasses import dataclass, field

from routing.ir import MetricChange, Tracing


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`trace_sampling_percent` 0..100 of the requests that enter the mesh are traced; `access_log_expression` is CEL."""

    trust_domain: str = "cluster.local"
    trace_sampling_percent: float = 10.0
    access_log: bool = True
    access_log_expression: str = ""
    tracing: Tracing = field(default_factory=Tracing)
    metrics: tuple[MetricChange, ...] = ()
