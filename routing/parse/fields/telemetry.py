"""The fields of Telemetry."""

from routing.parse.schema import (
    BOOL,
    DURATION_VALUE,
    PERCENT,
    SELECTOR,
    STRING,
    TARGET,
    choice,
    enum,
    fields,
    later,
    list_of,
    map_of,
    required,
)

METRICS = (
    "REQUEST_COUNT",
    "REQUEST_DURATION",
    "REQUEST_SIZE",
    "RESPONSE_SIZE",
    "TCP_OPENED_CONNECTIONS",
    "TCP_CLOSED_CONNECTIONS",
    "TCP_SENT_BYTES",
    "TCP_RECEIVED_BYTES",
)
PROVIDERS = list_of(fields(name=required(STRING)))
MODE = enum("CLIENT_AND_SERVER", "CLIENT", "SERVER")
TELEMETRY = fields(
    selector=SELECTOR,
    targetRef=TARGET,
    targetRefs=list_of(TARGET),
    tracing=list_of(
        fields(
            match=fields(mode=MODE),
            providers=PROVIDERS,
            randomSamplingPercentage=PERCENT,
            disableSpanReporting=BOOL,
            customTags=map_of(
                choice(
                    ("literal", "environment", "header", "formatter"),
                    literal=fields(value=required(STRING)),
                    environment=fields(name=required(STRING), defaultValue=STRING),
                    header=fields(name=required(STRING), defaultValue=STRING),
                    formatter=fields(value=required(STRING)),
                )
            ),
            useRequestIdForTraceSampling=BOOL,
            enableIstioTags=BOOL,
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
    metrics=list_of(
        fields(
            providers=PROVIDERS,
            overrides=list_of(
                fields(
                    match=choice(
                        ("metric", "customMetric"),
                        metric=enum(
                            "ALL_METRICS",
                            *METRICS,
                            later=("GRPC_REQUEST_MESSAGES", "GRPC_RESPONSE_MESSAGES"),
                        ),
                        customMetric=later(STRING),
                        mode=MODE,
                    ),
                    disabled=BOOL,
                    tagOverrides=map_of(fields(operation=enum("UPSERT", "REMOVE"), value=STRING)),
                )
            ),
            reportingInterval=later(DURATION_VALUE),
        )
    ),
)
