"""Telemetry."""

from collections.abc import Mapping
from typing import Any

from routing.checks.crds.common import TARGETS, one_target
from routing.checks.crds.language import (
    FILLED,
    FLAG,
    TEXT,
    Lasting,
    Real,
    Text,
    many,
    one_of,
    shape,
    table,
)

MODE = one_of("CLIENT_AND_SERVER", "CLIENT", "SERVER")
METRICS = one_of(
    "ALL_METRICS", "REQUEST_COUNT", "REQUEST_DURATION", "REQUEST_SIZE", "RESPONSE_SIZE",
    "TCP_OPENED_CONNECTIONS", "TCP_CLOSED_CONNECTIONS", "TCP_SENT_BYTES", "TCP_RECEIVED_BYTES",
    "GRPC_REQUEST_MESSAGES", "GRPC_RESPONSE_MESSAGES",
)  # fmt: skip
PROVIDERS = many(shape(name=FILLED, required=("name",)))


def value_fits(override: Mapping[str, Any]) -> str | None:
    upsert = (override.get("operation") or "UPSERT") == "UPSERT"
    if upsert and not override.get("value"):
        return "value must be set when operation is UPSERT"
    if not upsert and override.get("value"):
        return "value must not be set when operation is REMOVE"
    return None


OVERRIDE = shape(
    match=shape(
        metric=METRICS, customMetric=FILLED, mode=MODE, one_of=(("metric", "customMetric"),)
    ),
    disabled=FLAG,
    tagOverrides=table(
        shape(operation=one_of("UPSERT", "REMOVE"), value=TEXT, checks=(value_fits,))
    ),
)
TAG = shape(
    literal=shape(value=FILLED, required=("value",)),
    environment=shape(name=FILLED, defaultValue=TEXT, required=("name",)),
    header=shape(name=FILLED, defaultValue=TEXT, required=("name",)),
    formatter=shape(value=FILLED, required=("value",)),
    one_of=(("literal", "environment", "header", "formatter"),),
)
TRACING = shape(
    match=shape(mode=MODE),
    providers=PROVIDERS,
    randomSamplingPercentage=Real(low=0, high=100),
    disableSpanReporting=FLAG,
    customTags=table(TAG),
    useRequestIdForTraceSampling=FLAG,
    enableIstioTags=FLAG,
    disableContextPropagation=FLAG,
)


TELEMETRY = shape(
    TARGETS,
    tracing=many(TRACING),
    metrics=many(
        shape(providers=PROVIDERS, overrides=many(OVERRIDE), reportingInterval=Lasting(least_ms=1))
    ),
    accessLogging=many(
        shape(
            match=shape(mode=MODE),
            providers=PROVIDERS,
            disabled=FLAG,
            filter=shape(expression=Text()),
        )
    ),
    checks=(one_target,),
)
