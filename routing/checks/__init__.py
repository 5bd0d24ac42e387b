"""Findings about resources that each parse, but do not make sense together."""

from routing.checks.check import CheckInput, blocking, check

__all__ = ["CheckInput", "blocking", "check"]
