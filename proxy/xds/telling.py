"""What one proxy tells, as far as it is not what all tell."""

from dataclasses import replace

from proxy.xds.fields import Fields
from proxy.xds.messages import typed
from proxy.xds.options import Options
from routing.ir import AccessLog, InboundListener, Proxy, ProxyTelemetry

_USUAL = ProxyTelemetry()
_LOGGER = "envoy.access_loggers.open_telemetry"
_CEL = "envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter"


def access_log_of(port: object, proxy: Proxy) -> AccessLog:
    telemetry = proxy.telemetry
    return telemetry.server if isinstance(port, InboundListener) else telemetry.client


def options_of(port: object, proxy: Proxy, options: Options) -> Options:
    """The mesh's options as this side of this proxy has them."""
    told = proxy.telemetry
    if told == _USUAL:
        return options
    log = access_log_of(port, proxy)
    inbound = isinstance(port, InboundListener)
    tracing = told.server_tracing if inbound else told.client_tracing
    percent = tracing.percent
    return replace(
        options,
        tracing=tracing,
        metrics=told.server_metrics if inbound else told.client_metrics,
        access_log=options.access_log and log.enabled,
        access_log_expression=log.expression,
        trace_sampling_percent=options.trace_sampling_percent if percent is None else percent,
    )


def filtered(loggers: list[Fields], options: Options) -> list[Fields]:
    """Logs only what the expression holds for; what is counted stays whole."""
    if not options.access_log_expression:
        return loggers
    wanted = {
        "extension_filter": {
            "name": "envoy.access_loggers.extension_filters.cel",
            "typed_config": typed(_CEL, expression=options.access_log_expression),
        }
    }
    return [{**one, "filter": wanted} if one["name"] == _LOGGER else one for one in loggers]
