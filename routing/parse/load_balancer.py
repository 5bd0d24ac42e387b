"""Reads how a DestinationRule chooses among endpoints: in turn, by hash, by place, by age."""

from routing.ir import ConsistentHash, HashPolicy, LoadBalancer, Warmup
from routing.model.destination_rule import Balancing, Localities
from routing.parse.notes import Note, Spec, items, milliseconds, part, text, texts

MAGLEV_TABLE = 65537
MAX_SIZE = 8 * 1024 * 1024
MAX_TABLE = 5_000_011


SIMPLE = {
    "LEAST_CONN": LoadBalancer.LEAST_REQUEST,
    "LEAST_REQUEST": LoadBalancer.LEAST_REQUEST,
    "ROUND_ROBIN": LoadBalancer.ROUND_ROBIN,
    "RANDOM": LoadBalancer.RANDOM,
    "PASSTHROUGH": LoadBalancer.PASSTHROUGH,
}


def balancing(given: Spec, path: str, note: Note) -> Balancing | None:
    balancer = given.get("loadBalancer")
    if balancer is None:
        return None
    return Balancing(
        simple=SIMPLE.get(text(balancer, "simple")),
        consistent_hash=consistent_hash(balancer, f"{path}.consistentHash", note),
        warmup=warmup(balancer),
        localities=localities(balancer, f"{path}.localityLbSetting", note),
    )


def localities(balancer: Spec, path: str, note: Note) -> Localities | None:
    """As Istio: shares are all 1 to 100 and sum to 100; one way to choose at a time."""
    given = balancer.get("localityLbSetting")
    if given is None:
        return None
    shares = tuple(
        (text(one, "from"), tuple(part(one, "to").items())) for one in items(given, "distribute")
    )
    for i, (_, to) in enumerate(shares):
        where = f"{path}.distribute[{i}].to"
        if sum(share for _, share in to) != 100:
            note("MSH1021", where, "the shares", "100 in sum")
        if any(not 1 <= share <= 100 for _, share in to):
            note("MSH1021", where, "each share", "from 1 to 100")
    pairs = tuple((text(f, "from"), text(f, "to")) for f in items(given, "failover"))
    for i, (home, other) in enumerate(pairs):
        if home == other or "/" in home + other or "*" in home + other:
            note("MSH1021", f"{path}.failover[{i}]", "a failover", "from one region to another")
    if shares and (pairs or texts(given, "failoverPriority")):
        note("MSH1022", path, "distribute, failover or failoverPriority")
    return Localities(
        enabled=given.get("enabled") is not False,
        distribute=shares,
        failover=pairs,
        priority=texts(given, "failoverPriority"),
    )


def consistent_hash(balancer: Spec, path: str, note: Note) -> ConsistentHash | None:
    given = balancer.get("consistentHash")
    if given is None:
        return None
    policy = hash_policy(given)
    if policy is None:
        keys = "httpHeaderName, httpCookie, useSourceIp or httpQueryParameterName"
        note("MSH1111", path, "consistentHash", keys)
        return None
    if given.get("maglev") is not None:
        table = part(given, "maglev").get("tableSize") or MAGLEV_TABLE
        if table > MAX_TABLE or not is_prime(table):
            note("MSH1021", f"{path}.maglev.tableSize", "tableSize", f"a prime up to {MAX_TABLE}")
        return ConsistentHash(policy=policy, maglev=True, size=table)
    ring = part(given, "ringHash").get("minimumRingSize") or given.get("minimumRingSize")
    if ring and ring > MAX_SIZE:
        note("MSH1021", f"{path}.ringHash", "minimumRingSize", f"at most {MAX_SIZE}")
    return ConsistentHash(policy=policy, size=ring or ConsistentHash(policy=policy).size)


def hash_policy(given: Spec) -> HashPolicy | None:
    cookie = given.get("httpCookie")
    if cookie is not None:
        return HashPolicy(
            cookie=cookie["name"],
            cookie_path=text(cookie, "path"),
            cookie_ttl_ms=milliseconds(cookie, "ttl"),
            cookie_attributes=tuple(
                (text(a, "name"), text(a, "value")) for a in items(cookie, "attributes")
            ),
        )
    if text(given, "httpHeaderName"):
        return HashPolicy(header=given["httpHeaderName"])
    if text(given, "httpQueryParameterName"):
        return HashPolicy(query=given["httpQueryParameterName"])
    return HashPolicy(source_ip=True) if given.get("useSourceIp") else None


def is_prime(number: int) -> bool:
    if number < 2:
        return False
    return all(number % d for d in range(2, int(number**0.5) + 1))


def warmup(balancer: Spec) -> Warmup | None:
    """`warmupDurationSecs` is the older way to write it."""
    older = milliseconds(balancer, "warmupDurationSecs")
    given = balancer.get("warmup")
    if given is None:
        return Warmup(duration_ms=older) if older else None
    duration = milliseconds(given, "duration")
    if not duration:
        return None
    default = Warmup(duration_ms=duration)
    least, aggression = given.get("minimumPercent"), given.get("aggression")
    return Warmup(
        duration_ms=duration,
        minimum_percent=default.minimum_percent if least is None else float(least),
        aggression=float(aggression or default.aggression),
    )
