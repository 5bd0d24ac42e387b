"""The fields of Sidecar."""

from routing.parse.fields.destination_rule import CONNECTION_POOL
from routing.parse.fields.virtual_service import DESTINATION
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

LISTENER_PORT = fields(
    number=required(PORT), protocol=STRING, name=later(STRING), targetPort=later(PORT)
)
CAPTURE = later(enum("DEFAULT", "IPTABLES", "NONE"))
SIDECAR = fields(
    workloadSelector=fields(labels=STRING_MAP),
    ingress=list_of(
        fields(
            port=required(LISTENER_PORT),
            bind=STRING,
            captureMode=CAPTURE,
            defaultEndpoint=STRING,
            tls=later(ANYTHING),
            connectionPool=CONNECTION_POOL,
        )
    ),
    inboundConnectionPool=CONNECTION_POOL,
    egress=list_of(
        fields(
            port=LISTENER_PORT,
            bind=STRING,
            captureMode=CAPTURE,
            hosts=required(list_of(STRING, at_least=1)),
        )
    ),
    outboundTrafficPolicy=fields(mode=enum("REGISTRY_ONLY", "ALLOW_ANY"), egressProxy=DESTINATION),
)
