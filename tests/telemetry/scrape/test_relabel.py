"""Relabelling does what Prometheus's documentation says."""

import pytest

from telemetry.scrape.relabel import Action, Labels, Rule, problem_of, relabelled

LABELS = {"__address__": "10.0.0.1:80", "job": "shop", "zone": "a", "__meta_pod_label_app": "cart"}


@pytest.mark.parametrize(
    ("rule", "made"),
    [
        (Rule(source=("job",), target="team"), {**LABELS, "team": "shop"}),
        (Rule(source=("job", "zone"), target="both"), {**LABELS, "both": "shop;a"}),
        (Rule(source=("job", "zone"), separator="/", target="both"), {**LABELS, "both": "shop/a"}),
        (
            Rule(source=("__address__",), regex=r"([^:]+)(?::\d+)?", replacement="$1:9100", target="__address__"),
            {**LABELS, "__address__": "10.0.0.1:9100"},
        ),
        (
            Rule(source=("job",), regex="(?P<first>.)(.*)", replacement="${first}-$2$$", target="x"),
            {**LABELS, "x": "s-hop$"},
        ),
        (Rule(source=("job",), regex="other", replacement="y", target="x"), LABELS),
        (Rule(source=("job",), replacement="", target="zone"), {k: v for k, v in LABELS.items() if k != "zone"}),
        (Rule(source=("job",), regex="(.*)", target="${1}_name", replacement="y"), {**LABELS, "shop_name": "y"}),
        (Rule(replacement="here", target="site"), {**LABELS, "site": "here"}),
        (Rule(action=Action.KEEP, source=("job",), regex="shop|cart"), LABELS),
        (Rule(action=Action.KEEP, source=("job",), regex="sho"), None),
        (Rule(action=Action.DROP, source=("job",), regex="sh.*"), None),
        (Rule(action=Action.DROP, source=("job",), regex="cart"), LABELS),
        (Rule(action=Action.KEEPEQUAL, source=("job",), target="zone"), None),
        (Rule(action=Action.DROPEQUAL, source=("job",), target="zone"), LABELS),
        (Rule(action=Action.LABELMAP, regex="__meta_pod_label_(.+)"), {**LABELS, "app": "cart"}),
        (Rule(action=Action.LABELDROP, regex="zone|job"), {k: v for k, v in LABELS.items() if k not in ("zone", "job")}),
        (Rule(action=Action.LABELKEEP, regex="zone"), {"zone": "a"}),
        (Rule(action=Action.UPPERCASE, source=("job",), target="job"), {**LABELS, "job": "SHOP"}),
        (Rule(action=Action.LOWERCASE, source=("job",), target="l"), {**LABELS, "l": "shop"}),
        (Rule(action=Action.HASHMOD, source=("__address__",), modulus=8, target="shard"), {**LABELS, "shard": "5"}),
    ],
)  # fmt: skip
def test_each_action(rule: Rule, made: Labels | None) -> None:
    assert relabelled(LABELS, (rule,)) == made


def test_rules_follow_each_other_and_leave_what_was_given() -> None:
    rules = (
        Rule(source=("job",), target="tmp"),
        Rule(source=("tmp",), target="done", replacement="$1!"),
        Rule(action=Action.LABELDROP, regex="tmp"),
    )
    given = dict(LABELS)
    assert relabelled(given, rules) == {**LABELS, "done": "shop!"}
    assert given == LABELS


def test_what_is_no_expression_is_told() -> None:
    assert "missing )" in problem_of("a(")
    assert problem_of("(a+)+$") == ""
