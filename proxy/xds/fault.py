"""Requests that go wrong on purpose: the filter is always there, routes say what it does."""

from proxy.xds.fields import Fields
from proxy.xds.fractions import percent
from proxy.xds.messages import duration, extension, typed
from routing.ir import Abort, Delay, Fault

NAME = "envoy.filters.http.fault"
_KIND = "envoy.extensions.filters.http.fault.v3.HTTPFault"


def fault_filter() -> Fields:
    return extension(NAME, _KIND)


def per_route(fault: Fault) -> Fields:
    """`typed_per_filter_config` of a route."""
    made: Fields = {}
    if fault.delay is not None:
        made["delay"] = _delay(fault.delay)
    if fault.abort is not None:
        made["abort"] = _abort(fault.abort)
    return {NAME: typed(_KIND, **made)}


def _delay(delay: Delay) -> Fields:
    return {"fixed_delay": duration(delay.fixed_ms), "percentage": percent(delay.percent)}


def _abort(abort: Abort) -> Fields:
    made: Fields = {"percentage": percent(abort.percent)}
    if abort.http_status is not None:
        made["http_status"] = abort.http_status
    else:
        made["grpc_status"] = abort.grpc_status or 0
    return made
