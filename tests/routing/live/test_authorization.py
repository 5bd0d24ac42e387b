"""Who may do what, as a real Envoy at the server's side does it."""

import base64
import hashlib
import hmac
import json

import pytest

from routing.ir import InboundListener
from tests.routing.live.mesh import Running, compiled, proxy, running
from tests.routing.mesh import service

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio]

SHOP = "\n---\n".join(service(name) for name in ("client", "reviews"))
SECRET = b"a secret of at least thirty-two bytes."


def policy(name: str, spec: str, kind: str = "AuthorizationPolicy", extra: str = "") -> str:
    return (
        f"apiVersion: security.istio.io/v1\nkind: {kind}\n"
        f"metadata: {{name: {name}, namespace: shop{extra}}}\nspec: {spec}\n"
    )


def port(of: Running) -> tuple[str, int]:
    at: InboundListener = of.config.inbound[0]
    return at.address, at.port


def token(**claims: object) -> str:
    def part(value: object) -> str:
        return coded(json.dumps(value).encode())

    body = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': 'k'})}.{part(claims)}"
    return f"{body}.{coded(hmac.digest(SECRET, body.encode(), hashlib.sha256))}"


def coded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


KEYS = json.dumps({"keys": [{"kty": "oct", "kid": "k", "alg": "HS256", "k": coded(SECRET)}]})


async def test_denials_come_before_what_is_allowed() -> None:
    mesh = compiled(
        SHOP,
        policy(
            "deny",
            "{action: DENY, rules: [{to: [{operation: {paths: ['/admin*', '/a/{*}/z'],"
            " notMethods: [OPTIONS]}}]}]}",
        ),
        policy(
            "allow",
            "{rules: [{to: [{operation: {methods: [GET]}}]},"
            " {when: [{key: 'request.headers[x-key]', values: ['k*'], notValues: [kx]}]}]}",
        ),
        policy("dry", "{}", extra=", annotations: {istio.io/dry-run: 'true'}"),
    )
    async with running(proxy(mesh, "reviews-v1")) as envoy:
        to = port(envoy)

        async def status(method: str, path: str, key: str = "") -> int:
            headers = {"x-key": key} if key else None
            said = await envoy.ask("reviews", path, method=method, headers=headers, to=to)
            return said.status

        assert {
            "allowed method": await status("GET", "/"),
            "other method": await status("DELETE", "/"),
            "by header": await status("DELETE", "/", "key"),
            "by a header left out": await status("DELETE", "/", "kx"),
            "denied prefix": await status("GET", "/admin/x"),
            "denied after normalising": await status("GET", "/x/../admin"),
            "denied template": await status("GET", "/a/b/z"),
            "too deep for the template": await status("GET", "/a/b/c/z"),
            "spared method": await status("OPTIONS", "/admin", "k1"),
        } == {
            "allowed method": 200,
            "other method": 403,
            "by header": 200,
            "by a header left out": 403,
            "denied prefix": 403,
            "denied after normalising": 403,
            "denied template": 403,
            "too deep for the template": 200,
            "spared method": 200,
        }


async def test_an_empty_policy_lets_nothing_through() -> None:
    mesh = compiled(SHOP, policy("nothing", "{}"))
    async with running(proxy(mesh, "reviews-v1")) as envoy:
        assert (await envoy.ask("reviews", to=port(envoy))).status == 403


async def test_strangers_without_a_certificate_have_no_principal() -> None:
    mesh = compiled(
        SHOP,
        policy("deny", "{action: DENY, rules: [{from: [{source: {notPrincipals: ['*']}}]}]}"),
    )
    async with running(proxy(mesh, "reviews-v1")) as envoy:
        assert (await envoy.ask("reviews", to=port(envoy))).status == 403


async def test_tokens_are_checked_and_their_claims_asked_for() -> None:
    mesh = compiled(
        SHOP,
        policy(
            "tokens",
            "{jwtRules: [{issuer: me, jwks: '%s', outputPayloadToHeader: x-payload,"
            " outputClaimToHeaders: [{header: x-who, claim: sub}],"
            " fromHeaders: [{name: x-jwt}], fromParams: [t]}]}".replace("%s", KEYS),
            kind="RequestAuthentication",
        ),
        policy(
            "staff",
            "{rules: [{from: [{source: {requestPrincipals: ['me/*']}}],"
            " when: [{key: 'request.auth.claims[groups]', values: [staff]}]},"
            " {to: [{operation: {paths: [/open]}}]}]}",
        ),
    )
    async with running(proxy(mesh, "reviews-v1")) as envoy:
        to = port(envoy)

        async def status(path: str, **headers: str) -> int:
            given = {name.replace("_", "-"): value for name, value in headers.items()}
            return (await envoy.ask("reviews", path, headers=given, to=to)).status

        staff = token(iss="me", sub="ann", groups=["staff", "all"])
        assert await status("/open") == 200
        assert await status("/") == 403
        assert await status("/open", x_jwt=staff[:-4] + "AAAA") == 401
        assert await status("/open", x_jwt=token(iss="me", sub="x", exp=1)) == 401
        assert await status("/", x_jwt=token(iss="me", sub="bob", groups=["guests"])) == 403
        assert await status("/", x_jwt=token(iss="me", sub="cid", groups="staff")) == 200
        envoy.forget()
        assert await status("/", x_jwt=staff) == 200
        assert await status(f"/?t={staff}") == 200
        first = next(iter(requests for requests in envoy.got.values() if requests))[0]
        assert first.headers["x-who"] == "ann"
        assert "x-payload" in first.headers
        assert "x-jwt" not in first.headers
