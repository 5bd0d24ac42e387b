"""The fields of Gateway."""

from routing.parse.schema import (
    BOOL,
    PORT,
    STRING,
    STRING_MAP,
    STRINGS,
    enum,
    fields,
    later,
    list_of,
    required,
)

TLS_VERSION = enum("TLS_AUTO", "TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3")
SERVER_TLS = fields(
    httpsRedirect=BOOL,
    mode=enum(
        "PASSTHROUGH",
        "SIMPLE",
        "MUTUAL",
        "ISTIO_MUTUAL",
        "OPTIONAL_MUTUAL",
        "AUTO_PASSTHROUGH",
    ),
    credentialName=STRING,
    credentialNames=STRINGS,
    caCertCredentialName=STRING,
    serverCertificate=STRING,
    privateKey=STRING,
    caCertificates=STRING,
    caCrl=STRING,
    tlsCertificates=list_of(
        fields(serverCertificate=STRING, privateKey=STRING, caCertificates=STRING)
    ),
    subjectAltNames=STRINGS,
    verifyCertificateSpki=STRINGS,
    verifyCertificateHash=STRINGS,
    minProtocolVersion=TLS_VERSION,
    maxProtocolVersion=TLS_VERSION,
    cipherSuites=STRINGS,
)
SERVER_PORT = fields(
    number=required(PORT),
    protocol=required(STRING),
    name=STRING,
    targetPort=later(PORT),
)  # fmt: skip
GATEWAY = fields(
    selector=STRING_MAP,
    servers=list_of(
        fields(
            port=required(SERVER_PORT),
            bind=STRING,
            hosts=required(list_of(STRING, at_least=1)),
            tls=SERVER_TLS,
            defaultEndpoint=later(STRING),
            name=STRING,
        )
    ),
)
