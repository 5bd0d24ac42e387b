"""Identities on the host: when they are renewed, how the agent's own is kept."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from proxy.agent import svids
from proxy.agent.control_client import ControlRefused, Grant, Roots
from proxy.agent.svids import Identity
from proxy.identity import certificates
from proxy.identity.certificates import Request

URI = "spiffe://cluster.local/agent/local"
ROOT_KEY = certificates.new_key()
NOW = datetime(2026, 1, 1, tzinfo=UTC)
ROOT = certificates.make_root("cluster.local", ROOT_KEY, now=NOW)
ROOTS = certificates.certificate_pem(ROOT)


def identity(uri: str = URI) -> Identity:
    key = certificates.new_key()
    svid = certificates.issue(ROOT, ROOT_KEY, Request(uri, key.public_key()), now=NOW)
    return Identity(
        uri=uri,
        key_pem=certificates.key_pem(key),
        certificate_pem=svid.certificate_pem,
        roots_pem=ROOTS,
        not_before=svid.not_before.timestamp(),
        not_after=svid.not_after.timestamp(),
    )


OWN = identity()
FILE = OWN.key_pem + OWN.certificate_pem + svids.ROOTS_FOLLOW + OWN.roots_pem


@pytest.mark.parametrize(("jitter", "at"), [(0.0, 50.0), (1.0, 55.0), (-1.0, 45.0)])
def test_renewal_is_at_half_life_give_or_take(jitter: float, at: float) -> None:
    made = Identity(
        uri=URI, key_pem="", certificate_pem="", roots_pem="", not_before=0, not_after=100
    )
    assert svids.renewal_at(made, jitter) == pytest.approx(at)


def test_what_is_kept_is_read_again() -> None:
    assert svids.read_identity(FILE, URI, ROOTS, now=NOW.timestamp()) == OWN


@pytest.mark.parametrize(
    ("text", "uri", "roots", "hours"),
    [
        ("", URI, ROOTS, 0),
        ("nonsense", URI, ROOTS, 0),
        (OWN.key_pem, URI, ROOTS, 0),
        (FILE, "spiffe://cluster.local/agent/other", ROOTS, 0),
        (FILE, URI, ROOTS, 24),
        (FILE, URI, OWN.certificate_pem, 0),
        (FILE, URI, "", 0),
    ],
)
def test_what_is_of_no_use_any_more_is_not_used(
    text: str, uri: str, roots: str, hours: int
) -> None:
    assert svids.read_identity(text, uri, roots, now=NOW.timestamp() + 3600 * hours) is None


async def test_an_identity_is_asked_for_until_it_is_granted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(svids, "FIRST_PAUSE_SECONDS", 0.001)
    answers: list[Exception | Grant] = [
        ConnectionError("away"),
        ControlRefused("not yet"),
        Grant(certificate_pem="c", roots=Roots(pem="r"), not_before=1, not_after=2),
    ]

    async def ask(csr_pem: str) -> Grant:
        request = certificates.read_request(csr_pem)
        assert isinstance(request, Request)
        assert request.uri == URI
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async with asyncio.timeout(5):
        made, roots = await svids.persistently(URI, ask)
    assert (made.certificate_pem, made.roots_pem, answers) == ("c", "r", [])
    assert roots == Roots(pem="r")


def test_of_two_control_processes_the_one_that_knows_more_is_believed() -> None:
    trusted = svids.Trusted()
    old, new = Roots(pem="a", issuer="a", version=10), Roots(pem="ab", issuer="a", version=20)
    assert [trusted.learn(one) for one in (old, new, old, new)] == [True, True, False, False]
    assert trusted.applied(OWN).roots_pem == "ab"
    assert trusted.is_stale(replace(OWN, issuer="b"))
    assert not trusted.is_stale(replace(OWN, issuer="a"))


def test_what_was_signed_by_a_root_in_force_survives_a_rotation_under_way() -> None:
    other_key = certificates.new_key()
    other = certificates.make_root("cluster.local", other_key, now=NOW)
    both = ROOTS + certificates.certificate_pem(other)
    kept = svids.read_identity(FILE, URI, both, now=NOW.timestamp())
    assert kept == replace(OWN, roots_pem=both)


async def test_renewal_is_due_at_half_life_or_when_it_is_asked_for() -> None:
    asked = asyncio.Event()
    waiting = asyncio.create_task(svids.until_due(replace(OWN, not_after=9e9), asked))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    asked.set()
    async with asyncio.timeout(1):
        await waiting
    assert not asked.is_set()
    async with asyncio.timeout(1):
        await svids.until_due(replace(OWN, not_before=0, not_after=1), asked)
