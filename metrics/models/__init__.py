"""The tables of metrics."""

from metrics.models.rules import RuleFile, RuleGroup

__all__ = ["RuleFile", "RuleGroup"]
