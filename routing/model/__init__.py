"""Istio's resources as frozen values, in its own words."""

from typing import Any

Resource = Any
