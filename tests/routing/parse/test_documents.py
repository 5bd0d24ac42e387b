"""Documents: their key, what surrounds a spec, lists and platform kinds."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.contracts import Document, ResourceKey
from routing.parse import Parsed, parse_yaml

HEAD = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n"
RULE = HEAD + "metadata: {name: a, namespace: shop}\nspec: {host: a}\n"


def said(text: str) -> list[tuple[str, str, str]]:
    return [(f.code, f.resource, f.path) for f in parse_yaml(text).findings]


def test_a_document_has_its_metadata_apart() -> None:
    text = HEAD + (
        "metadata: {name: a, namespace: shop, labels: {b: c}, annotations: {d: e}, uid: x}\n"
        "spec: {host: a}\nstatus: {}\n"
    )
    assert parse_yaml(text) == Parsed(
        documents=(
            Document(
                key=ResourceKey("DestinationRule", "shop", "a"),
                api_version="networking.istio.io/v1",
                spec={"host": "a"},
                labels=(("b", "c"),),
                annotations=(("d", "e"),),
            ),
        )
    )


@pytest.mark.parametrize(
    ("text", "resource", "path"),
    [
        (RULE + "  - a: ]\n", "DestinationRule shop/a", "line 5, column 3"),
        (
            HEAD + "metadata: {name: a, namespace: shop\n",
            "DestinationRule shop/a",
            "line 4, column 1",
        ),
        (HEAD + "metadata: {name: a\n", "DestinationRule default/a", "line 4, column 1"),
        (HEAD + "metadata: [\n", "DestinationRule", "line 4, column 1"),
        (RULE + "---\nkind: [", "", "line 7, column 1"),
    ],
)
def test_broken_yaml_is_told_with_its_place_and_resource(
    text: str, resource: str, path: str
) -> None:
    assert said(text) == [("MSH1001", resource, path)]


def test_an_unknown_kind_is_answered_with_the_kinds() -> None:
    (one,) = parse_yaml(RULE.replace("DestinationRule", "Teapot")).findings
    assert (one.code, one.resource, one.path) == ("MSH1012", "Teapot shop/a", "kind")
    assert one.fix.startswith("the kinds that are read are ")
    assert "VirtualService" in one.fix
    (close,) = parse_yaml(RULE.replace("DestinationRule", "DestinationRules")).findings
    assert close.fix == "did you mean DestinationRule?"


def test_the_namespace_is_default_where_there_is_none_and_none_for_a_namespace() -> None:
    text = HEAD + "metadata: {name: a}\nspec: {host: a}\n---\n"
    text += "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"
    keys = [document.key for document in parse_yaml(text).documents]
    assert keys == [
        ResourceKey("DestinationRule", "default", "a"),
        ResourceKey("Namespace", "", "shop"),
    ]


def test_lists_are_unrolled_and_empty_documents_dropped() -> None:
    text = (
        "---\n---\napiVersion: v1\nkind: List\nitems:\n- " + RULE.replace("\n", "\n  ") + "\n---\n"
    )
    assert [str(d.key) for d in parse_yaml(text).documents] == ["DestinationRule shop/a"]


@pytest.mark.parametrize("version", ["v1", "v1beta1", "v1alpha3"])
def test_every_version_is_read(version: str) -> None:
    assert len(parse_yaml(RULE.replace("/v1", f"/{version}")).documents) == 1


def test_a_secret_has_its_content_as_spec_and_never_in_a_finding() -> None:
    text = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ntype: t\nstringData: {k: secret}\n"
    (document,) = parse_yaml(text).documents
    assert document.spec == {"type": "t", "stringData": {"k": "secret"}}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("- a", [("MSH1010", "", "")]),
        ("kind: Pod\n", [("MSH1012", "Pod", "kind")]),
        ("apiVersion: v1\nmetadata: {name: a}", [("MSH1011", "a", "kind")]),
        (RULE.replace("/v1", "/v9"), [("MSH1013", "DestinationRule shop/a", "apiVersion")]),
        (RULE.replace("shop", "Shop"), [("MSH1014", "DestinationRule Shop/a", "metadata.namespace")]),
        (RULE + "extra: 1\n", [("MSH1016", "DestinationRule shop/a", "extra")]),
        (RULE.replace("{host: a}", "[]"), [("MSH1017", "DestinationRule shop/a", "spec")]),
        (HEAD + "metadata: {name: a, labels: {b: 1}}\nspec: {host: a}",
         [("MSH1017", "DestinationRule default/a", "metadata.labels.b")]),
        (HEAD + "metadata: {name: a, name: b}\nspec: {host: a}",
         [("MSH1006", "DestinationRule default/b", "metadata.name")]),
        (HEAD + "spec: {host: a}", [("MSH1011", "DestinationRule", "metadata")]),
        (RULE + "---\n" + RULE, [("MSH1015", "DestinationRule shop/a", "metadata.name")]),
    ],
)  # fmt: skip
def test_what_is_wrong_around_a_spec_is_named(text: str, found: list[tuple[str, str, str]]) -> None:
    assert said(text) == found


def test_one_bad_document_leaves_its_neighbours() -> None:
    parsed = parse_yaml("kind: Nothing\n---\n" + RULE)
    assert [str(d.key) for d in parsed.documents] == ["DestinationRule shop/a"]


WORDS = [
    "hosts",
    "http",
    "route",
    "match",
    "destination",
    "host",
    "weight",
    "uri",
    "tls",
    "port",
    "servers",
    "number",
    "spec",
    "metadata",
    "name",
    "labels",
    "mode",
    "subsets",
    "items",
]
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(WORDS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(
    st.sampled_from(
        [
            "VirtualService",
            "DestinationRule",
            "Gateway",
            "ServiceEntry",
            "PeerAuthentication",
            "List",
        ]
    ),
    JUNK,
)
def test_no_document_raises(kind: str, junk: object) -> None:
    group = "security" if kind.startswith("Peer") else "networking"
    value = {
        "apiVersion": f"{group}.istio.io/v1",
        "kind": kind,
        "metadata": {"name": "a"},
        "spec": junk,
        "items": [junk],
    }
    if kind != "List":
        del value["items"]
    parse_yaml(json.dumps(value))


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\n"
        "metadata: {name: a, namespace: shop}\nspec:\n"
        + "".join(f"  field{number}: 1\n" for number in range(20_000)),
        "---\na: 1\n" * 5_000,
    ],
    ids=["unknown fields", "documents"],
)
def test_of_very_many_faults_enough_are_told(text: str) -> None:
    parsed = parse_yaml(text)
    assert (parsed.documents, 1_000 <= len(parsed.findings) < 1_010) == ((), True)
