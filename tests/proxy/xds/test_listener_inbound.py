"""A change of mTLS mode touches no connection that stays allowed."""

from dataclasses import replace

from google.protobuf.message import Message

from proxy.xds.listener_inbound import inbound
from proxy.xds.options import Options
from routing.contracts import ResourceKey
from routing.ir import MtlsMode, Origin
from tests.proxy.xds.shop import sidecar

POLICY = Origin(resource=ResourceKey("PeerAuthentication", "shop", "default"))


def listeners(*modes: MtlsMode, origin: Origin | None = None) -> list[Message]:
    config = sidecar(modes=frozenset(modes))
    return [inbound(replace(one, origin=origin), config.proxy, Options()) for one in config.inbound]


def chains(listener: Message) -> dict[str, bytes]:
    return {
        chain.name: chain.SerializeToString(deterministic=True)
        for chain in listener.filter_chains  # type: ignore[attr-defined]
    }


def without_chains(listener: Message) -> bytes:
    """What must stay equal for Envoy to change chains in place."""
    copy = type(listener).FromString(listener.SerializeToString())
    copy.ClearField("filter_chains")
    return copy.SerializeToString(deterministic=True)


def test_permissive_to_strict_keeps_all_but_the_plain_chain() -> None:
    before = listeners(MtlsMode.PERMISSIVE)
    after = listeners(MtlsMode.STRICT, origin=POLICY)
    both = listeners(MtlsMode.STRICT, MtlsMode.DISABLE, origin=POLICY)
    for old, overlap, new in zip(before, both, after, strict=True):
        assert without_chains(old) == without_chains(overlap) == without_chains(new)
        assert chains(new).keys() == {"mtls"}
        assert chains(old) == chains(overlap)
        assert chains(old)["mtls"] == chains(new)["mtls"]
