"""Istio's analyses, one file each; the codes and levels are Istio's."""

from routing.checks.istio.annotations import annotations
from routing.checks.istio.application_uid import application_uid
from routing.checks.istio.authorization_policies import authorization_policies
from routing.checks.istio.blocked_cidrs import blocked_cidrs
from routing.checks.istio.conditions import conditions
from routing.checks.istio.crd_versions import crd_versions
from routing.checks.istio.deprecations import deprecations
from routing.checks.istio.destination_rule_hosts import destination_rule_hosts
from routing.checks.istio.envoy_filters import envoy_filters
from routing.checks.istio.external_control_plane import external_control_plane
from routing.checks.istio.gateway_certificates import gateway_certificates
from routing.checks.istio.gateway_conflicts import gateway_conflicts
from routing.checks.istio.gateway_ports import gateway_ports
from routing.checks.istio.gateway_secrets import gateway_secrets
from routing.checks.istio.gateway_selectors import gateway_selectors
from routing.checks.istio.image_auto import image_auto
from routing.checks.istio.ingress_rules import ingress_rules
from routing.checks.istio.injection import injection
from routing.checks.istio.jwt_routes import jwt_routes
from routing.checks.istio.mesh_hosts import mesh_hosts
from routing.checks.istio.mesh_networks import mesh_networks
from routing.checks.istio.policy_selectors import policy_selectors
from routing.checks.istio.port_names import port_names
from routing.checks.istio.proxy_images import proxy_images
from routing.checks.istio.server_verification import server_verification
from routing.checks.istio.service_association import service_association
from routing.checks.istio.service_entry_addresses import service_entry_addresses
from routing.checks.istio.service_entry_protocols import service_entry_protocols
from routing.checks.istio.sidecars import sidecars
from routing.checks.istio.telemetries import telemetries
from routing.checks.istio.unreachable_rules import unreachable_rules
from routing.checks.istio.virtual_service_gateways import virtual_service_gateways
from routing.checks.istio.virtual_service_hosts import virtual_service_hosts
from routing.checks.istio.virtual_service_subsets import virtual_service_subsets
from routing.checks.istio.webhooks import webhooks
from routing.checks.rule import Rule

RULES: tuple[Rule, ...] = (
    injection,
    proxy_images,
    image_auto,
    annotations,
    application_uid,
    service_association,
    port_names,
    conditions,
    crd_versions,
    deprecations,
    external_control_plane,
    webhooks,
    mesh_networks,
    blocked_cidrs,
    gateway_selectors,
    gateway_ports,
    gateway_secrets,
    gateway_conflicts,
    gateway_certificates,
    policy_selectors,
    virtual_service_hosts,
    virtual_service_subsets,
    virtual_service_gateways,
    mesh_hosts,
    unreachable_rules,
    ingress_rules,
    jwt_routes,
    server_verification,
    destination_rule_hosts,
    service_entry_addresses,
    service_entry_protocols,
    sidecars,
    telemetries,
    authorization_policies,
    envoy_filters,
)
