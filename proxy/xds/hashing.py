"""What of a request decides its endpoint, for clusters with a ring."""

from proxy.xds.fields import Fields
from proxy.xds.messages import duration
from routing.ir import HashPolicy


def hash_policy(policy: HashPolicy) -> Fields:
    if policy.header:
        return {"header": {"header_name": policy.header}}
    if policy.cookie:
        return {"cookie": _cookie(policy)}
    if policy.query:
        return {"query_parameter": {"name": policy.query}}
    return {"connection_properties": {"source_ip": policy.source_ip}}


def _cookie(policy: HashPolicy) -> Fields:
    made: Fields = {"name": policy.cookie}
    if policy.cookie_path:
        made["path"] = policy.cookie_path
    if policy.cookie_ttl_ms is not None:
        made["ttl"] = duration(policy.cookie_ttl_ms)
    if policy.cookie_attributes:
        made["attributes"] = [
            {"name": name, "value": value} for name, value in policy.cookie_attributes
        ]
    return made
