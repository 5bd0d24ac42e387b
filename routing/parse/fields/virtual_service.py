"""The fields of VirtualService."""

from routing.parse.schema import (
    BOOL,
    DURATION_VALUE,
    INT,
    PERCENT,
    PORT,
    STRING,
    STRING_MAP,
    STRING_MATCH,
    STRINGS,
    UINT,
    choice,
    enum,
    fields,
    later,
    list_of,
    map_of,
    required,
)

PERCENTAGE = fields(value=PERCENT)
DESTINATION = fields(host=required(STRING), subset=STRING, port=fields(number=PORT))
HEADER_OPERATIONS = fields(set=STRING_MAP, add=STRING_MAP, remove=STRINGS)
HEADERS = fields(request=HEADER_OPERATIONS, response=HEADER_OPERATIONS)

HTTP_MATCH = fields(
    name=STRING,
    uri=STRING_MATCH,
    scheme=STRING_MATCH,
    method=STRING_MATCH,
    authority=STRING_MATCH,
    headers=map_of(STRING_MATCH),
    withoutHeaders=map_of(STRING_MATCH),
    queryParams=map_of(STRING_MATCH),
    ignoreUriCase=BOOL,
    port=PORT,
    sourceLabels=STRING_MAP,
    sourceNamespace=STRING,
    gateways=STRINGS,
    statPrefix=STRING,
)
HTTP_DESTINATION = fields(destination=required(DESTINATION), weight=UINT, headers=HEADERS)
REDIRECT = choice(
    ("port", "derivePort"),
    uri=STRING,
    authority=STRING,
    port=PORT,
    derivePort=enum("FROM_PROTOCOL_DEFAULT", "FROM_REQUEST_PORT"),
    scheme=STRING,
    redirectCode=UINT,
)
DIRECT_RESPONSE = fields(
    status=required(UINT),
    body=choice(("string", "bytes"), string=STRING, bytes=STRING),
)
REWRITE = fields(
    uri=STRING,
    authority=STRING,
    uriRegexRewrite=fields(match=required(STRING), rewrite=STRING),
)
RETRIES = fields(
    attempts=INT,
    perTryTimeout=DURATION_VALUE,
    retryOn=STRING,
    retryRemoteLocalities=BOOL,
    retryIgnorePreviousHosts=BOOL,
    backoff=DURATION_VALUE,
)
FAULT = fields(
    delay=choice(
        ("fixedDelay", "exponentialDelay"),
        percent=INT,
        percentage=PERCENTAGE,
        fixedDelay=DURATION_VALUE,
        exponentialDelay=later(DURATION_VALUE),
    ),
    abort=choice(
        ("httpStatus", "grpcStatus", "http2Error"),
        httpStatus=INT,
        grpcStatus=STRING,
        http2Error=later(STRING),
        percentage=PERCENTAGE,
    ),
)
CORS = fields(
    allowOrigin=STRINGS,
    allowOrigins=list_of(STRING_MATCH),
    allowMethods=STRINGS,
    allowHeaders=STRINGS,
    exposeHeaders=STRINGS,
    maxAge=DURATION_VALUE,
    allowCredentials=BOOL,
    unmatchedPreflights=enum("UNSPECIFIED", "FORWARD", "IGNORE"),
)
HTTP_ROUTE = fields(
    name=STRING,
    match=list_of(HTTP_MATCH),
    route=list_of(HTTP_DESTINATION),
    redirect=REDIRECT,
    directResponse=DIRECT_RESPONSE,
    delegate=fields(name=STRING, namespace=STRING),
    rewrite=REWRITE,
    timeout=DURATION_VALUE,
    retries=RETRIES,
    fault=FAULT,
    mirror=DESTINATION,
    mirrors=list_of(fields(destination=required(DESTINATION), percentage=PERCENTAGE)),
    mirrorPercent=UINT,
    mirror_percent=UINT,
    mirrorPercentage=PERCENTAGE,
    corsPolicy=CORS,
    headers=HEADERS,
)
L4_DESTINATION = fields(destination=required(DESTINATION), weight=UINT)
TLS_MATCH = fields(
    sniHosts=required(list_of(STRING, at_least=1)),
    destinationSubnets=STRINGS,
    port=PORT,
    sourceLabels=STRING_MAP,
    sourceNamespace=STRING,
    gateways=STRINGS,
)
TCP_MATCH = fields(
    destinationSubnets=STRINGS,
    sourceSubnet=STRING,
    port=PORT,
    sourceLabels=STRING_MAP,
    sourceNamespace=STRING,
    gateways=STRINGS,
)
VIRTUAL_SERVICE = fields(
    hosts=STRINGS,
    gateways=STRINGS,
    http=list_of(HTTP_ROUTE),
    tls=list_of(
        fields(
            match=required(list_of(TLS_MATCH, at_least=1)),
            route=required(list_of(L4_DESTINATION, at_least=1)),
        )
    ),
    tcp=list_of(
        fields(match=list_of(TCP_MATCH), route=required(list_of(L4_DESTINATION, at_least=1)))
    ),
    exportTo=STRINGS,
)
