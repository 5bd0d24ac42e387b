"""Istio resources: parse, check, revise, compile."""
