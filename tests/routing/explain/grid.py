"""The requests that are both sent and explained."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

Headers = tuple[tuple[str, str], ...]
SECRET = b"a secret of at least thirty-two bytes."
NOW = 1_900_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """`source` is a workload; a gateway gets the request from a stranger at `address`."""

    source: str
    url: str
    method: str = "GET"
    headers: Headers = ()
    host: str = ""
    address: str = ""


def h(**headers: str) -> Headers:
    return tuple((name.replace("_", "-"), value) for name, value in headers.items())


def coded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def token(claims: Mapping[str, object], secret: bytes = SECRET) -> str:
    head = coded(json.dumps({"alg": "HS256", "typ": "JWT", "kid": "k"}).encode())
    body = f"{head}.{coded(json.dumps(claims).encode())}"
    return f"{body}.{coded(hmac.digest(secret, body.encode(), hashlib.sha256))}"


KEYS = json.dumps({"keys": [{"kty": "oct", "kid": "k", "alg": "HS256", "k": coded(SECRET)}]})
REVIEWS = "http://reviews:9080"


def cases() -> Iterator[Case]:
    yield from paths()
    yield from headers()
    yield from answers()
    yield from names()
    yield from other_namespace()
    yield from permissions()
    yield from strict()
    yield from tokens()
    yield from strangers()
    yield from gateway()
    yield from gateway_api()
    yield from edge_tls()
    yield from way_out()
    yield from tcp()
    yield from tunnels()
    yield from broken()
    yield from addresses()


def paths() -> Iterator[Case]:
    for path in (
        "/exact", "/exact/", "/exact?x=1", "/Exact", "/prefix", "/prefixed", "/prefix/a?q=1",
        "/whole?x=1", "/regex/ab12", "/regex/ab123/", "/regex/ab1", "/regex/AB12", "/regex/ab12?q=1",
        "/case/x", "/CASE/x", "/case", "/a/../exact", "/./exact", "/x/%2e%2e/exact", "//exact",
        "/x/..%2fexact", "/exact%20", "/%65xact", "/x\\..\\exact", "/prefix//a///b", "/../exact",
        "/last", "/lasting/x", "/nothing", "/", "/prefix/../../exact", "/prefix/%41%7e%2d", "/prefix/{x}",
        "/prefix/.", "/prefix/..", "/prefix/a/..", "/prefix/a%2Fb", "/prefix/%zz", "/prefix/^|[]", "/prefix/%5e%7c", "/prefix/'()*!$&+,;=:@", "/prefix/%c3%a4",
        '/prefix/"<>`', "/prefix/%2E%2e/exact", "/regex/a12/../b34",
        "/team", "/team/a", "/team/b?x=y", "/ratings", "/ratings/x", "/missing", "/nobody",
        "/weights/0", "/weights/30", "/timed", "/mirror", "/plain", "/impostor", "/from", "/port",
    ):  # fmt: skip
        yield Case(source="client", url=REVIEWS + path)
    yield Case(source="client", url=f"{REVIEWS}/team/a/b", headers=h(x_team="a"))
    for method, path in product(("DELETE", "POST", "PUT", "PATCH", "GET"), ("/m", "/none")):
        yield Case(source="client", url=REVIEWS + path, method=method)


def headers() -> Iterator[Case]:
    for given in (
        h(x_exact="one"), h(x_exact="One"), h(x_exact="one "), h(x_exact="ones"), h(x_prefix="one"),
        h(x_prefix="no"), h(x_prefix="on"), h(x_regex="aab"), h(x_regex="42"), h(x_regex="aabb"),
        h(x_regex=""), h(x_present=""), h(x_present="x"), h(x_a="1"), h(x_a="1", x_b="2"), h(),
        h(x_a="1", x_b="3"), (("x-exact", "one"), ("x-exact", "two")), h(X_EXACT="one"),
        (("x-prefix", "on"), ("x-prefix", "b")),
    ):  # fmt: skip
        yield Case(source="client", url=f"{REVIEWS}/h", headers=given)
    for kind, value in product(
        ("exact", "prefix", "regex", "present", "any"), (None, "no", "nope", "yes", "")
    ):
        given = () if value is None else h(x_not=value)
        yield Case(source="client", url=f"{REVIEWS}/w/{kind}", headers=given)
        if value:
            two = (("x-not", value), ("x-not", "other"))
            yield Case(source="client", url=f"{REVIEWS}/w/{kind}", headers=two)
            yield Case(source="client", url=f"{REVIEWS}/w/{kind}", headers=two[::-1])
    for query in (
        "a=1", "a=2", "a", "a=1&a=2", "a=2&a=1", "b=xy", "b=yx", "c=12", "c=1x", "c=", "A=1", "a=%31",
        "x=1&c=7", "", "a=1;b=x",
    ):  # fmt: skip
        yield Case(source="client", url=f"{REVIEWS}/q?{query}")
    for given in (
        h(x_remove="r", x_gone="g", x_add="own", x_both="mine"),
        h(),
        h(x_own="a", x_set="b"),
        (("x-add", "1"), ("x-add", "2")),
    ):
        yield Case(source="client", url=f"{REVIEWS}/headers/x", headers=given)
    yield Case(source="client", url=f"{REVIEWS}/sethost")
    for scheme in ("http", "https", "ftp"):
        yield Case(source="client", url=f"{REVIEWS}/s", headers=h(x_forwarded_proto=scheme))
    for host in (
        "reviews:9080", "reviews.shop:9080", "reviews.shop.svc:9080", "REVIEWS:9080",
        "reviews.shop.svc.cluster.local:9080", "reviews.shop.svc.cluster.local", "reviews",
        "reviews.:9080", "reviews.shop.svc.cluster.local.:9080", "reviews:1",
    ):  # fmt: skip
        yield Case(source="client", url=f"{REVIEWS}/a", host=host)


def answers() -> Iterator[Case]:
    for kind, host in product(
        ("all", "host", "path", "scheme", "port", "derived"),
        ("reviews:9080", "reviews.shop.svc.cluster.local"),
    ):
        yield Case(source="client", url=f"{REVIEWS}/redirect/{kind}?x=1", host=host)
    for path in (
        "/direct/418", "/direct/fault", "/fault/abort", "/fault/grpc", "/fault/delay",
        "/fault/half", "/fault/never", "/nothing", "/missing", "/nobody",
    ):  # fmt: skip
        yield Case(source="client", url=REVIEWS + path)
        grpc = h(content_type="application/grpc")
        yield Case(source="client", url=REVIEWS + path, method="POST", headers=grpc)
    for path, origin in product(
        ("/cors", "/closed"),
        ("https://good.example", "https://a.fine.example", "https://bad.example"),
    ):
        asked = h(origin=origin, access_control_request_method="GET")
        yield Case(source="client", url=REVIEWS + path, method="OPTIONS", headers=asked)
        yield Case(source="client", url=REVIEWS + path, headers=h(origin=origin))
        yield Case(source="client", url=REVIEWS + path, method="OPTIONS", headers=h(origin=origin))


def names() -> Iterator[Case]:
    for host in (
        "wild.example", "a.wild.example", "a.b.wild.example", "deep.wild.example", "x.deep.wild.example",
        "www.deep.wild.example", "WWW.Deep.Wild.Example", "static.example", "static.example:80",
        "static.example:81", "localhost:18081", "gone.example", "nowhere.example", "empty:8080",
        "legacy:8080", "ratings", "ratings:80", "ratings:8080", "ratings.shop", "client:8080",
        "orders:8080", "payments:8080", "payments:8081", "payments:8082", "store.data:6379",
        "127.0.0.1:18081", "other.data:8080", "away:8080", "ingress.istio-ingress", "a.wild.example:80",
    ):  # fmt: skip
        yield Case(source="client", url=f"http://{host}/open", host=host)


def other_namespace() -> Iterator[Case]:
    for host, path in product(
        ("reviews.shop:9080", "reviews:9080", "other:8080", "ratings.shop", "payments.shop:8080",
         "payments.shop:8081", "payments.shop:8082", "static.example"),
        ("/from", "/exact", "/private"),
    ):  # fmt: skip
        yield Case(source="other", url=f"http://{host}{path}", host=host)
    yield Case(source="other", url="http://reviews.shop:9080/ratings", method="POST")


def permissions() -> Iterator[Case]:
    for method, path in product(
        ("GET", "HEAD", "PUT", "DELETE", "POST", "OPTIONS"),
        ("/", "/admin", "/administrator?x=1", "/x/secret", "/a/b/z", "/a/b/c/z", "/deep/a/b/end",
         "/put/x", "/dry", "/x/../admin", "//admin"),
    ):  # fmt: skip
        yield Case(source="client", url=f"http://ratings{path}", method=method)
    for host, key in product(
        ("ratings", "ratings.shop.svc.cluster.local", "www.deep.wild.example", "RATINGS:80"),
        ("k", "key", "kx", "x", None),
    ):
        given = () if key is None else h(x_key=key)
        yield Case(source="client", url="http://ratings/", method="PATCH", host=host, headers=given)
    for given in ((("x-key", "k"), ("x-key", "kx")), (("x-key", "z"), ("x-key", "k"))):
        yield Case(source="client", url="http://ratings/", method="PATCH", headers=given)
    for blocked in ("", "1"):
        yield Case(source="client", url="http://ratings/", headers=h(x_blocked=blocked))
    for address in ("10.1.2.3", "10.2.0.1", "10.2.0.1, 10.1.0.1", "10.1.0.1, 10.2.0.1", "junk"):
        given = h(x_forwarded_for=address)
        yield Case(source="client", url="http://ratings/", method="REPORT", headers=given)
    grpc = h(content_type="application/grpc")
    yield Case(source="client", url="http://ratings/admin", method="POST", headers=grpc)


def strict() -> Iterator[Case]:
    for port, path in product((8080, 8081, 8082), ("/", "/private/x", "/plain", "/plain/x")):
        yield Case(source="client", url=f"http://payments:{port}{path}")


def tokens() -> Iterator[Case]:
    mine: dict[str, object] = {"iss": "https://issuer.example", "sub": "ann", "aud": "shop"}
    second = {"iss": "second", "sub": "bob", "groups": ["staff"]}
    groups = {"groups": ["staff", "x"], "realm": {"role": "admin"}}
    made = {
        "none": "",
        "good": token(mine),
        "staff": token(mine | groups),
        "one group": token(mine | {"groups": "staff", "realm": {"role": ["user", "adm"]}}),
        "bob": token(mine | {"sub": "bob"}),
        "expired": token(mine | {"exp": 1}),
        "in time": token(mine | {"exp": NOW}),
        "not yet": token(mine | {"nbf": NOW * 2}),
        "audience": token(mine | {"aud": "elsewhere"}),
        "audience with scheme": token(mine | {"aud": ["http://shop.example"]}),
        "no audience": token({"iss": "https://issuer.example", "sub": "ann"}),
        "stranger": token(mine | {"iss": "stranger"}),
        "second": token(second),
        "no issuer": token({"sub": "ann", "aud": "shop"}),
        "no subject": token({"iss": "https://issuer.example", "aud": "shop"}),
        "forged": token(mine, b"another secret of thirty-two bytes..."),
        "malformed": "not.a.token",
        "two parts": "a.b",
    }
    for name, path in product(
        made, ("/open", "/any", "/staff", "/nested", "/not", "/audience", "/bob")
    ):
        given = h(authorization=f"Bearer {made[name]}") if made[name] else ()
        if path in ("/open", "/staff") or name in ("good", "staff", "one group", "bob", "second"):
            yield Case(source="client", url=f"http://orders:8080{path}", headers=given)
    for name in ("good", "second", "stranger", "malformed", "forged"):
        given = h(x_jwt=f"Token {made[name]}")
        yield Case(source="client", url="http://orders:8080/staff", headers=given)
        yield Case(source="client", url=f"http://orders:8080/bob?t={made[name]}")
        yield Case(source="client", url=f"http://orders:8080/any?access_token={made[name]}")
        query = f"z=1&access_token={made[name]}&a=2&a=1"
        yield Case(source="client", url=f"http://orders:8080/any?{query}")
    both = (("authorization", f"Bearer {made['good']}"), ("x-jwt", f"Token {made['second']}"))
    yield Case(source="client", url="http://orders:8080/any", headers=both)
    yield Case(source="client", url="http://orders:8080/bob", headers=both)
    wrong = (("authorization", f"Bearer {made['forged']}"), ("x-jwt", f"Token {made['second']}"))
    yield Case(source="client", url="http://orders:8080/bob", headers=wrong)
    for given in (
        h(authorization=made["good"]),
        h(authorization="Basic x"),
        h(authorization="Bearer "),
    ):
        yield Case(source="client", url="http://orders:8080/any", headers=given)
    asked = h(
        origin="https://x.example", access_control_request_method="GET", authorization="Bearer x"
    )
    yield Case(source="client", url="http://orders:8080/open", method="OPTIONS", headers=asked)


def strangers() -> Iterator[Case]:
    """From a pod without a sidecar, in plain text."""
    for host, path in product(
        (
            "ratings",
            "payments:8080",
            "payments:8081",
            "payments:8082",
            "orders:8080",
            "reviews:9080",
        ),
        ("/", "/open", "/private", "/admin"),
    ):
        yield Case(source="legacy", url=f"http://{host}{path}")
    for method in ("PUT", "DELETE", "POST", "PATCH"):
        yield Case(source="legacy", url="http://ratings/put", method=method, headers=h(x_key="k"))


def gateway() -> Iterator[Case]:
    for host, path in product(
        ("shop.example", "www.shop.example", "a.shop.example", "a.b.shop.example", "eu.shop.example",
         "x.eu.shop.example", "shop.example:8080", "SHOP.example", "other.example", "secure.example",
         "secure.example:8080", "shop.example.", "a.shop.example:8080"),
        ("/api/x?y=1", "/pay", "/private", "/internal/x", "/none"),
    ):  # fmt: skip
        yield Case(source="ingress", url=f"http://{host.partition(':')[0]}{path}", host=host)
    for given in (h(x_beta="yes"), h(x_beta="no"), h(x_under_score="1"), (("x_y", "1"),)):
        yield Case(source="ingress", url="http://shop.example/none", headers=given)
    for address, path in product(("127.88.0.1", "127.89.0.1"), ("/api/", "/ratings/put")):
        for given in (h(), h(x_forwarded_for="10.1.0.1")):
            yield Case(
                source="ingress", url=f"http://shop.example{path}", address=address, headers=given
            )
    for method, path in product(
        ("GET", "PUT", "REPORT", "DELETE"), ("/ratings/admin", "/ratings/put")
    ):
        yield Case(source="ingress", url=f"http://shop.example{path}", method=method)
    mine = {"iss": "https://issuer.example", "sub": "ann", "aud": "shop", "groups": ["staff"]}
    for path in ("/orders/staff", "/orders/open", "/orders/bob"):
        yield Case(source="ingress", url=f"http://shop.example{path}")
        bearer = h(authorization=f"Bearer {token(mine)}")
        yield Case(source="ingress", url=f"http://shop.example{path}", headers=bearer)


def gateway_api() -> Iterator[Case]:
    for host, path in product(
        ("v1.api.example", "x.api.example", "api.example"),
        ("/seg", "/seg/", "/seg/a?b=c", "/segment", "/exact", "/exact/x", "/r/12?q=1", "/r/12?q=2",
         "/go/a?x=y", "/go", "/missing", "/none"),
    ):  # fmt: skip
        given = h(x_v="two", x_remove="x", x_add="b")
        yield Case(source="ingress", url=f"http://{host}{path}", headers=given)
    yield Case(source="ingress", url="http://v1.api.example/exact", method="POST")
    yield Case(source="ingress", url="http://v1.api.example/r/1?q=1")


def edge_tls() -> Iterator[Case]:
    for name, path in product(
        ("a.tls.example", "x.tls.example", "tls.example", "y.b.tls.example", "b.tls.example", "A.TLS.example"),
        ("/s", "/r?x=1", "/"),
    ):  # fmt: skip
        yield Case(source="ingress", url=f"https://{name}{path}")
    for host in ("x.tls.example", "a.tls.example:8443", "shop.example"):
        yield Case(source="ingress", url="https://a.tls.example/s", host=host)


def way_out() -> Iterator[Case]:
    for source, path in product(("client", "other"), ("/in/x", "/elsewhere")):
        yield Case(source=source, url=f"http://carrier.example{path}")
    for host in ("localhost:18081", "127.99.0.1:18080"):
        yield Case(source="free", url=f"http://{host}/x")


def tcp() -> Iterator[Case]:
    for source in ("client", "other", "free"):
        yield Case(source=source, url="tcp://store.data:6379/x")


def tunnels() -> Iterator[Case]:
    """What a client of the egress port asks for before it speaks TLS through it."""
    for name in ("tunnelled.example", "tunnelled.example:444", "reviews:9080", "nowhere.example"):
        yield Case(source="client", url=f"https://{name}", method="CONNECT")


def broken() -> Iterator[Case]:
    """Who is out of traffic, behind TLS that is not understood, or behind no port at all."""
    grpc = h(content_type="application/grpc")
    for path, given in product(("/", "/two", "/slow", "/twice"), ((), grpc)):
        yield Case(source="client", url=f"http://pair:8080{path}", headers=given)
    for source, port in product(("client", "free"), (8443, 8444)):
        for given in ((), grpc):
            yield Case(source=source, url=f"http://vault.shop:{port}/", headers=given)
    for host in ("away:8080", "empty:8080", "gone.example"):
        yield Case(source="client", url=f"http://{host}/rpc", method="POST", headers=grpc)


def addresses() -> Iterator[Case]:
    for host in ("10.7.96.1", "10.7.111.255:80", "10.7.112.1", "10.7.95.255", "10.7.100.7:81", "10.7.100.7:443"):  # fmt: skip
        yield Case(source="client", url=f"http://{host}/x")
        yield Case(source="client", url=f"https://{host}", method="CONNECT")
    yield Case(source="free", url="tcp://carrier.example:443/x")
