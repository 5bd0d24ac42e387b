"""The fields of ServiceEntry."""

from routing.parse.schema import (
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
    map_of,
    required,
)

SERVICE_ENTRY = choice(
    ("workloadSelector", "endpoints"),
    hosts=required(list_of(STRING, at_least=1)),
    addresses=STRINGS,
    ports=list_of(
        fields(number=required(PORT), protocol=STRING, name=required(STRING), targetPort=PORT)
    ),
    location=enum("MESH_EXTERNAL", "MESH_INTERNAL"),
    resolution=enum("NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS"),
    endpoints=list_of(
        fields(
            address=STRING,
            ports=map_of(PORT),
            labels=STRING_MAP,
            network=later(STRING),
            locality=STRING,
            weight=UINT,
            serviceAccount=STRING,
        )
    ),
    workloadSelector=fields(labels=STRING_MAP),
    exportTo=STRINGS,
    subjectAltNames=STRINGS,
)
