"""The fields of the Gateway API's kinds."""

from routing.parse.schema import (
    ANYTHING,
    BOOL,
    DURATION_VALUE,
    INT,
    PORT,
    STRING,
    STRING_MAP,
    STRINGS,
    UINT,
    choice,
    enum,
    fields,
    later,
    list_of,
    required,
)

PARENT = fields(
    group=STRING,
    kind=STRING,
    name=required(STRING),
    namespace=STRING,
    sectionName=STRING,
    port=PORT,
)
HEADER_PAIRS = list_of(fields(name=required(STRING), value=required(STRING)))
HEADER_MODIFIER = fields(set=HEADER_PAIRS, add=HEADER_PAIRS, remove=STRINGS)
BACKEND = {
    "group": STRING,
    "kind": STRING,
    "name": required(STRING),
    "namespace": STRING,
    "port": PORT,
}
PATH_CHANGE = choice(
    ("replaceFullPath", "replacePrefixMatch"),
    type=required(enum("ReplaceFullPath", "ReplacePrefixMatch")),
    replaceFullPath=STRING,
    replacePrefixMatch=STRING,
)
FILTER = fields(
    type=required(
        enum(
            "RequestHeaderModifier",
            "ResponseHeaderModifier",
            "RequestRedirect",
            "URLRewrite",
            "RequestMirror",
            "CORS",
            "ExtensionRef",
            "ExternalAuth",
        )
    ),
    requestHeaderModifier=HEADER_MODIFIER,
    responseHeaderModifier=HEADER_MODIFIER,
    requestRedirect=fields(
        scheme=enum("http", "https"),
        hostname=STRING,
        path=PATH_CHANGE,
        port=PORT,
        statusCode=INT,
    ),
    urlRewrite=fields(hostname=STRING, path=PATH_CHANGE),
    requestMirror=choice(
        ("percent", "fraction"),
        backendRef=required(fields(**BACKEND)),
        percent=UINT,
        fraction=fields(numerator=required(UINT), denominator=UINT),
    ),
    cors=fields(
        allowOrigins=STRINGS,
        allowMethods=STRINGS,
        allowHeaders=STRINGS,
        exposeHeaders=STRINGS,
        allowCredentials=BOOL,
        maxAge=INT,
    ),
    extensionRef=ANYTHING,
    externalAuth=ANYTHING,
)
BACKENDS = list_of(fields(**BACKEND, weight=UINT, filters=list_of(FILTER)))
MATCH_TYPE = enum("Exact", "RegularExpression")
NAMED_MATCHES = list_of(fields(type=MATCH_TYPE, name=required(STRING), value=required(STRING)))
SESSION = later(ANYTHING)
RETRY = fields(codes=list_of(INT), attempts=UINT, backoff=DURATION_VALUE)
COMMON = {
    "parentRefs": list_of(PARENT),
    "hostnames": STRINGS,
    "useDefaultGateways": later(STRING),
}
HTTP_ROUTE = fields(
    **COMMON,
    rules=list_of(
        fields(
            name=STRING,
            matches=list_of(
                fields(
                    path=fields(
                        type=enum("Exact", "PathPrefix", "RegularExpression"), value=STRING
                    ),
                    headers=NAMED_MATCHES,
                    queryParams=NAMED_MATCHES,
                    method=STRING,
                )
            ),
            filters=list_of(FILTER),
            backendRefs=BACKENDS,
            timeouts=fields(request=DURATION_VALUE, backendRequest=DURATION_VALUE),
            retry=RETRY,
            sessionPersistence=SESSION,
        )
    ),
)
GRPC_ROUTE = fields(
    **COMMON,
    rules=list_of(
        fields(
            name=STRING,
            matches=list_of(
                fields(
                    method=fields(type=MATCH_TYPE, service=STRING, method=STRING),
                    headers=NAMED_MATCHES,
                )
            ),
            filters=list_of(FILTER),
            backendRefs=BACKENDS,
            sessionPersistence=SESSION,
        )
    ),
)
CONNECTION_BACKENDS = list_of(fields(**BACKEND, weight=UINT))
CONNECTION_RULES = required(
    list_of(fields(name=STRING, backendRefs=required(CONNECTION_BACKENDS)), at_least=1)
)
TLS_ROUTE = fields(**COMMON, rules=CONNECTION_RULES)
TCP_ROUTE = fields(
    parentRefs=list_of(PARENT), useDefaultGateways=later(STRING), rules=CONNECTION_RULES
)
GATEWAY_CLASS = fields(
    controllerName=required(STRING), description=STRING, parametersRef=later(ANYTHING)
)
SECRET_REF = fields(group=STRING, kind=STRING, name=required(STRING), namespace=STRING)
LABEL_SELECTOR = fields(
    matchLabels=STRING_MAP,
    matchExpressions=list_of(
        fields(
            key=required(STRING),
            operator=required(enum("In", "NotIn", "Exists", "DoesNotExist")),
            values=STRINGS,
        )
    ),
)
API_GATEWAY = fields(
    gatewayClassName=required(STRING),
    listeners=list_of(
        fields(
            name=required(STRING),
            hostname=STRING,
            port=required(PORT),
            protocol=required(STRING),
            tls=fields(
                mode=enum("Terminate", "Passthrough"),
                certificateRefs=list_of(SECRET_REF),
                frontendValidation=later(ANYTHING),
                options=STRING_MAP,
            ),
            allowedRoutes=fields(
                namespaces=fields(
                    **{"from": enum("All", "Same", "Selector", "None")}, selector=LABEL_SELECTOR
                ),
                kinds=list_of(fields(group=STRING, kind=required(STRING))),
            ),
        )
    ),
    addresses=list_of(fields(type=STRING, value=STRING)),
    infrastructure=later(ANYTHING),
    backendTLS=later(ANYTHING),
    tls=later(ANYTHING),
    allowedListeners=later(ANYTHING),
    defaultScope=later(STRING),
)
REFERENCE_GRANT = fields(
    **{
        "from": required(
            list_of(
                fields(group=required(STRING), kind=required(STRING), namespace=required(STRING))
            )
        )
    },
    to=required(list_of(fields(group=required(STRING), kind=required(STRING), name=STRING))),
)
