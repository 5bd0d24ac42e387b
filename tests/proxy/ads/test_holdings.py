"""What a proxy has and wants, held as what the fleet shares, against plain dicts and sets."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from proxy.ads.holdings import Known, Wanted
from proxy.xds.shared import Joined, Shared, difference, digest
from proxy.xds.snapshot import Resource

NAMES = tuple("abcdef")
VERSIONS = st.dictionaries(st.sampled_from(NAMES), st.sampled_from("12"))
MADE = {(name, version): Resource(name, version, b"") for name in NAMES for version in "12"}


@dataclass(frozen=True)
class Mapped:
    """A mapping of resources, some of them shared."""

    versions: dict[str, str]
    apart: frozenset[str]

    def joined(self) -> Joined[Resource]:
        every = [(name, MADE[name, version]) for name, version in self.versions.items()]
        shared = Shared(pair for pair in every if pair[0] not in self.apart)
        return Joined(shared, {name: one for name, one in every if name in self.apart})


MAPPED = st.builds(Mapped, VERSIONS, st.frozensets(st.sampled_from(NAMES)))


@given(MAPPED, MAPPED)
def test_the_difference_is_that_of_plain_mappings(before: Mapped, after: Mapped) -> None:
    found = difference(before.joined(), after.joined())
    assert {one.name: one.version for one in found.changed} == {
        name: version
        for name, version in after.versions.items()
        if before.versions.get(name) != version
    }
    assert set(found.gone) == before.versions.keys() - after.versions.keys()
    assert len(found.changed) == len({one.name for one in found.changed})


@given(MAPPED, st.frozensets(st.sampled_from(NAMES)))
def test_the_digest_does_not_tell_what_is_shared(one: Mapped, apart: frozenset[str]) -> None:
    assert digest(one.joined()) == digest(Mapped(one.versions, apart).joined())


@given(VERSIONS, st.lists(st.tuples(MAPPED, st.sets(st.sampled_from(NAMES)), st.booleans())))
def test_what_is_known_is_as_in_a_plain_dict(
    initial: dict[str, str], offers: list[tuple[Mapped, set[str], bool]]
) -> None:
    known, plain = Known(initial), dict(initial)
    for offered, names, wildcard in offers:
        resources = offered.joined()
        assert set(known.beyond(resources)) == plain.keys() - offered.versions.keys()
        wanted = Wanted(names, wildcard=wildcard)
        taken = {one.name: one.version for one in known.take(resources, wanted)}
        lacking = {
            name: version
            for name, version in offered.versions.items()
            if plain.get(name) != version and (wildcard or name in names)
        }
        assert taken == lacking
        plain |= lacking
        assert {name: known.version(name) for name in NAMES} == {n: plain.get(n) for n in NAMES}
        for name in sorted(names)[:1]:
            known.forget(name)
            plain.pop(name, None)
        assert {name: known.version(name) for name in NAMES} == {n: plain.get(n) for n in NAMES}


@given(st.sets(st.sampled_from(NAMES)), st.lists(st.tuples(MAPPED, st.sampled_from(NAMES))))
def test_what_is_wanted_is_as_in_a_plain_set(
    initial: set[str], turns: list[tuple[Mapped, str]]
) -> None:
    wanted, plain = Wanted(initial, wildcard=False), set(initial)
    for number, (mapped, name) in enumerate(turns):
        assert wanted.covers(mapped.joined()) is (mapped.versions.keys() <= plain)
        if number % 2:
            wanted.discard(name)
            plain.discard(name)
        else:
            wanted.add(name)
            plain.add(name)
        assert {one for one in NAMES if one in wanted} == plain
