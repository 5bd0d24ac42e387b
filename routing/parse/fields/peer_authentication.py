"""The fields of PeerAuthentication."""

from routing.parse.schema import SELECTOR, MapOf, enum, fields

MTLS = fields(mode=enum("UNSET", "DISABLE", "PERMISSIVE", "STRICT"))
PEER_AUTHENTICATION = fields(
    selector=SELECTOR, mtls=MTLS, portLevelMtls=MapOf(values=MTLS, integer_keys=True)
)
