"""The fields of DestinationRule."""

from routing.parse.schema import (
    BOOL,
    DURATION_VALUE,
    INT,
    NUMBER,
    PERCENT,
    PORT,
    SELECTOR,
    STRING,
    STRING_MAP,
    STRINGS,
    UINT,
    Type,
    choice,
    enum,
    fields,
    list_of,
    map_of,
    required,
)

LOAD_BALANCER = choice(
    ("simple", "consistentHash"),
    simple=enum(
        "UNSPECIFIED",
        "LEAST_CONN",
        "RANDOM",
        "ROUND_ROBIN",
        "LEAST_REQUEST",
        later=("PASSTHROUGH",),
    ),
    consistentHash=choice(
        ("httpHeaderName", "httpCookie", "useSourceIp", "httpQueryParameterName"),
        ("ringHash", "maglev"),
        httpHeaderName=STRING,
        httpCookie=fields(
            name=required(STRING),
            path=STRING,
            ttl=DURATION_VALUE,
            attributes=list_of(fields(name=STRING, value=STRING)),
        ),
        useSourceIp=BOOL,
        httpQueryParameterName=STRING,
        minimumRingSize=UINT,
        ringHash=fields(minimumRingSize=UINT),
        maglev=fields(tableSize=UINT),
    ),
    localityLbSetting=fields(
        distribute=list_of(fields(**{"from": required(STRING), "to": required(map_of(UINT))})),
        failover=list_of(fields(**{"from": required(STRING), "to": required(STRING)})),
        failoverPriority=STRINGS,
        enabled=BOOL,
    ),
    warmupDurationSecs=DURATION_VALUE,
    warmup=fields(duration=required(DURATION_VALUE), minimumPercent=PERCENT, aggression=NUMBER),
)
CONNECTION_POOL = fields(
    tcp=fields(
        maxConnections=INT,
        connectTimeout=DURATION_VALUE,
        tcpKeepalive=fields(probes=UINT, time=DURATION_VALUE, interval=DURATION_VALUE),
        maxConnectionDuration=DURATION_VALUE,
        idleTimeout=DURATION_VALUE,
    ),
    http=fields(
        http1MaxPendingRequests=INT,
        http2MaxRequests=INT,
        maxRequestsPerConnection=INT,
        maxRetries=INT,
        idleTimeout=DURATION_VALUE,
        h2UpgradePolicy=enum("DEFAULT", "DO_NOT_UPGRADE", "UPGRADE"),
        useClientProtocol=BOOL,
        maxConcurrentStreams=INT,
    ),
)
OUTLIER_DETECTION = fields(
    consecutiveErrors=INT,
    consecutive5xxErrors=UINT,
    consecutiveGatewayErrors=UINT,
    splitExternalLocalOriginErrors=BOOL,
    consecutiveLocalOriginFailures=UINT,
    interval=DURATION_VALUE,
    baseEjectionTime=DURATION_VALUE,
    maxEjectionPercent=PERCENT,
    minHealthPercent=PERCENT,
)
CLIENT_TLS = fields(
    mode=enum("DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"),
    clientCertificate=STRING,
    privateKey=STRING,
    caCertificates=STRING,
    caCrl=STRING,
    credentialName=STRING,
    subjectAltNames=STRINGS,
    sni=STRING,
    insecureSkipVerify=BOOL,
)
PORT_POLICY: dict[str, Type] = {
    "loadBalancer": LOAD_BALANCER,
    "connectionPool": CONNECTION_POOL,
    "outlierDetection": OUTLIER_DETECTION,
    "tls": CLIENT_TLS,
}
TRAFFIC_POLICY = fields(
    **PORT_POLICY,
    portLevelSettings=list_of(fields(port=required(fields(number=required(PORT))), **PORT_POLICY)),
    tunnel=fields(protocol=STRING, targetHost=required(STRING), targetPort=required(PORT)),
    proxyProtocol=fields(version=enum("V1", "V2")),
    retryBudget=fields(percent=PERCENT, minRetryConcurrency=UINT),
)
DESTINATION_RULE = fields(
    host=required(STRING),
    trafficPolicy=TRAFFIC_POLICY,
    subsets=list_of(fields(name=required(STRING), labels=STRING_MAP, trafficPolicy=TRAFFIC_POLICY)),
    exportTo=STRINGS,
    workloadSelector=SELECTOR,
)
