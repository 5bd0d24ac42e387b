"""The fields of a Fallback."""

from routing.parse.schema import (
    PORT,
    STRING,
    STRING_MAP,
    STRINGS,
    Scalar,
    choice,
    enum,
    fields,
    list_of,
    required,
)

STATUS = Scalar(what="a status from 200 to 599", python=(int,), low=200, high=599)

FALLBACK = choice(
    ("destination", "response"),
    host=required(STRING),
    subset=STRING,
    routes=STRINGS,
    destination=fields(host=required(STRING), subset=STRING, port=fields(number=PORT)),
    response=fields(status=STATUS, body=STRING, contentType=STRING, headers=STRING_MAP),
    on=list_of(enum("unavailable", "timeout", "5xx")),
)
