"""From text to documents: bounded YAML, Kubernetes envelopes, Istio's fields."""

from routing.parse.documents import PLATFORM_KINDS, Parsed, parse_yaml
from routing.parse.resources import Reading, read

__all__ = ["PLATFORM_KINDS", "Parsed", "Reading", "parse_yaml", "read"]
