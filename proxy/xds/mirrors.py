"""Requests that are sent to others besides."""

from proxy.xds.fields import Fields
from proxy.xds.fractions import percent
from routing.ir import Mirror


def request_mirror_policies(mirrors: tuple[Mirror, ...]) -> list[Fields]:
    return [
        {
            "cluster": mirror.cluster,
            "runtime_fraction": {"default_value": percent(mirror.percent)},
        }
        for mirror in mirrors
    ]
