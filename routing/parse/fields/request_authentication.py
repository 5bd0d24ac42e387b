"""The fields of RequestAuthentication."""

from routing.parse.schema import (
    BOOL,
    DURATION_VALUE,
    SELECTOR,
    STRING,
    STRINGS,
    choice,
    fields,
    later,
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
    spaceDelimitedClaims=later(STRINGS),
)
REQUEST_AUTHENTICATION = fields(
    selector=SELECTOR,
    targetRef=later(fields(group=STRING, kind=STRING, name=STRING, namespace=STRING)),
    targetRefs=later(list_of(fields(group=STRING, kind=STRING, name=STRING, namespace=STRING))),
    jwtRules=list_of(JWT_RULE),
)
