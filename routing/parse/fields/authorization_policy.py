"""The fields of AuthorizationPolicy."""

from routing.parse.schema import (
    SELECTOR,
    STRING,
    STRINGS,
    TARGET,
    Type,
    enum,
    fields,
    list_of,
    required,
)

SOURCE_KEYS = (
    "principals",
    "requestPrincipals",
    "namespaces",
    "ipBlocks",
    "remoteIpBlocks",
    "serviceAccounts",
)
OPERATION_KEYS = ("hosts", "ports", "methods", "paths")


def with_negations(keys: tuple[str, ...]) -> dict[str, Type]:
    """Each key, and its "not"."""
    negated = tuple(f"not{key[0].upper()}{key[1:]}" for key in keys)
    return dict.fromkeys((*keys, *negated), STRINGS)


AUTHORIZATION_POLICY = fields(
    selector=SELECTOR,
    targetRef=TARGET,
    targetRefs=list_of(TARGET),
    action=enum("ALLOW", "DENY", "AUDIT", "CUSTOM"),
    provider=fields(name=STRING),
    rules=list_of(
        fields(
            **{"from": list_of(fields(source=fields(**with_negations(SOURCE_KEYS))))},
            to=list_of(fields(operation=fields(**with_negations(OPERATION_KEYS)))),
            when=list_of(fields(key=required(STRING), values=STRINGS, notValues=STRINGS)),
        )
    ),
)
