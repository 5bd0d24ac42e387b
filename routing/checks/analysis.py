"""All rules of Istio's and Kiali's analyses, and of health rules, in order, over the objects of some files."""

from rest.contracts import Finding
from routing.checks.cluster import Cluster
from routing.checks.health_rules import health_rules
from routing.checks.istio import RULES as ISTIO_RULES
from routing.checks.kiali import RULES as KIALI_RULES
from routing.checks.rule import Rule
from routing.checks.schemas import schemas

RULES: tuple[Rule, ...] = (schemas, *ISTIO_RULES, *KIALI_RULES, health_rules)
"""No rule depends on another; the order is that of the findings."""


def analyze(cluster: Cluster) -> tuple[Finding, ...]:
    """Every finding, in a stable order. Nothing exists but the objects of the cluster."""
    return tuple(one for rule in RULES for one in rule(cluster))
