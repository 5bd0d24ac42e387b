"""The fields of Sidecar."""

from routing.parse.schema import (
    ANYTHING,
    PORT,
    STRING,
    STRING_MAP,
    enum,
    fields,
    later,
    list_of,
    required,
)

LISTENER_PORT = fields(number=PORT, protocol=STRING, name=STRING, targetPort=PORT)
SIDECAR = fields(
    workloadSelector=fields(labels=STRING_MAP),
    ingress=later(list_of(ANYTHING)),
    inboundConnectionPool=later(ANYTHING),
    egress=list_of(
        fields(
            port=later(LISTENER_PORT),
            bind=later(STRING),
            captureMode=later(enum("DEFAULT", "IPTABLES", "NONE")),
            hosts=required(list_of(STRING, at_least=1)),
        )
    ),
    outboundTrafficPolicy=fields(
        mode=enum("REGISTRY_ONLY", "ALLOW_ANY"), egressProxy=later(ANYTHING)
    ),
)
