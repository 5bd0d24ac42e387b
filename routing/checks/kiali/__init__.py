"""Kiali's validations, one file each; the codes and severities are Kiali's."""

from routing.checks.kiali.authorization_hosts import authorization_hosts
from routing.checks.kiali.authorization_methods import authorization_methods
from routing.checks.kiali.authorization_mtls import authorization_mtls
from routing.checks.kiali.authorization_namespaces import authorization_namespaces
from routing.checks.kiali.authorization_principals import authorization_principals
from routing.checks.kiali.destination_rule_mtls import destination_rule_mtls
from routing.checks.kiali.destination_rules import destination_rules
from routing.checks.kiali.exports import exports
from routing.checks.kiali.gateway_api_gateways import gateway_api_gateways
from routing.checks.kiali.gateway_api_routes import gateway_api_routes
from routing.checks.kiali.gateways import gateways
from routing.checks.kiali.peer_authentication_mtls import peer_authentication_mtls
from routing.checks.kiali.selections import selections
from routing.checks.kiali.service_ports import service_ports
from routing.checks.kiali.sidecars import sidecars
from routing.checks.kiali.uncovered_workloads import uncovered_workloads
from routing.checks.kiali.virtual_service_duplicates import virtual_service_duplicates
from routing.checks.kiali.virtual_services import virtual_services
from routing.checks.kiali.workload_entries import workload_entries
from routing.checks.rule import Rule

RULES: tuple[Rule, ...] = (
    authorization_namespaces,
    authorization_methods,
    authorization_hosts,
    authorization_mtls,
    authorization_principals,
    destination_rules,
    destination_rule_mtls,
    peer_authentication_mtls,
    gateways,
    service_ports,
    sidecars,
    virtual_services,
    virtual_service_duplicates,
    workload_entries,
    selections,
    exports,
    uncovered_workloads,
    gateway_api_gateways,
    gateway_api_routes,
)
