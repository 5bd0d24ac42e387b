"""The fields of Sidecar."""

from routing.parse.fields.destination_rule import CONNECTION_POOL
from routing.parse.fields.gateway import SERVER_TLS
from routing.parse.fields.virtual_service import DESTINATION
from routing.parse.schema import (
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
LESS = ("httpsRedirect", "subjectAltNames", "mode")
INGRESS_TLS = fields(
    mode=required(enum("SIMPLE", "MUTUAL")),
    **{name: kind for name, kind in SERVER_TLS.fields.items() if name not in LESS},
)
"""As in Istio, a sidecar's ports have less of it than a Gateway's."""
CAPTURE = later(enum("DEFAULT", "IPTABLES", "NONE"))
SIDECAR = fields(
    workloadSelector=fields(labels=STRING_MAP),
    ingress=list_of(
        fields(
            port=required(LISTENER_PORT),
            bind=STRING,
            captureMode=CAPTURE,
            defaultEndpoint=STRING,
            tls=INGRESS_TLS,
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
