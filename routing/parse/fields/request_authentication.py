"""The fields of RequestAuthentication."""

from routing.parse.schema import (
    BOOL,
    DURATION_VALUE,
    SELECTOR,
    STRING,
    STRINGS,
    TARGET,
    choice,
    fields,
    list_of,
    required,
)

JWT_RULE = choice(
    ("jwks", "jwksUri"),
    issuer=required(STRING),
    audiences=STRINGS,
    jwksUri=STRING,
    jwks_uri=STRING,
    jwks=STRING,
    fromHeaders=list_of(fields(name=required(STRING), prefix=STRING)),
    fromParams=STRINGS,
    fromCookies=STRINGS,
    outputPayloadToHeader=STRING,
    outputClaimToHeaders=list_of(fields(header=required(STRING), claim=required(STRING))),
    forwardOriginalToken=BOOL,
    timeout=DURATION_VALUE,
    spaceDelimitedClaims=STRINGS,
)
REQUEST_AUTHENTICATION = fields(
    selector=SELECTOR,
    targetRef=TARGET,
    targetRefs=list_of(TARGET),
    jwtRules=list_of(JWT_RULE),
)
