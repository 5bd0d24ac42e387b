"""The fields of Telemetry."""

from routing.parse.schema import (
    ANYTHING,
    BOOL,
    PERCENT,
    SELECTOR,
    STRING,
    enum,
    fields,
    later,
    list_of,
    required,
)

PROVIDERS = list_of(fields(name=required(STRING)))
MODE = enum("CLIENT_AND_SERVER", "CLIENT", "SERVER")
TELEMETRY = fields(
    selector=SELECTOR,
    targetRef=later(ANYTHING),
    targetRefs=later(list_of(ANYTHING)),
    tracing=list_of(
        fields(
            match=later(fields(mode=MODE)),
            providers=PROVIDERS,
            randomSamplingPercentage=PERCENT,
            disableSpanReporting=BOOL,
            customTags=later(ANYTHING),
            useRequestIdForTraceSampling=later(BOOL),
            enableIstioTags=later(BOOL),
        )
    ),
    accessLogging=list_of(
        fields(
            match=fields(mode=MODE),
            providers=PROVIDERS,
            disabled=BOOL,
            filter=fields(expression=STRING),
        )
    ),
    metrics=later(list_of(ANYTHING)),
)
