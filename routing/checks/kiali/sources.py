"""The texts in an AuthorizationPolicy's rules, with their paths."""

from collections.abc import Iterator

from routing.checks.cluster import Object, mappings, part, text, texts


def source_texts(policy: Object, *keys: str) -> Iterator[tuple[str, str]]:
    yield from texts_in(policy, "from", "source", keys)


def operation_texts(policy: Object, *keys: str) -> Iterator[tuple[str, str]]:
    yield from texts_in(policy, "to", "operation", keys)


def texts_in(
    policy: Object, where: str, what: str, keys: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    for i, rule in mappings(policy.spec, "rules"):
        for j, given in mappings(rule, where):
            for key in keys:
                for k, value in enumerate(texts(part(given, what), key)):
                    yield f"spec.rules[{i}].{where}[{j}].{what}.{key}[{k}]", value


def condition_keys(policy: Object) -> Iterator[tuple[str, str]]:
    for i, rule in mappings(policy.spec, "rules"):
        for j, condition in mappings(rule, "when"):
            yield f"spec.rules[{i}].when[{j}].key", text(condition, "key")
