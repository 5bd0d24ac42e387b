"""Recommendations: a gRPC service. Given a product's id ("" for none), it names others to look at.

`shop.Recommendations/Suggest` takes a google.protobuf.StringValue and answers with a
google.protobuf.ListValue: product ids, then the answering version as its last element.
"""

import asyncio
import os
from functools import cache

import grpc
import grpc.aio
from google.protobuf.struct_pb2 import ListValue
from google.protobuf.wrappers_pb2 import StringValue

from demo.shop import trace_context
from demo.shop.client import UpstreamFailed, egress_address
from demo.shop.products import PRODUCTS
from demo.shop.server import GRACE_SECONDS, identity, terminated

METHOD = "/shop.Recommendations/Suggest"
SUGGESTIONS = 3
TIMEOUT_SECONDS = 10.0


def suggest(product_id: str) -> list[str]:
    """The products that come after this one."""
    ids = [p.id for p in PRODUCTS]
    start = ids.index(product_id) + 1 if product_id in ids else 0
    return [ids[(start + i) % len(ids)] for i in range(SUGGESTIONS)]


async def _suggest(
    request: StringValue, _: "grpc.aio.ServicerContext[StringValue, ListValue]"
) -> ListValue:
    answer = ListValue()
    answer.extend([*suggest(request.value), identity()["version"]])
    return answer


async def start(host: str, port: int) -> tuple[grpc.aio.Server, int]:
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    service, method = METHOD.strip("/").split("/")
    handler = grpc.unary_unary_rpc_method_handler(
        _suggest,
        request_deserializer=StringValue.FromString,
        response_serializer=ListValue.SerializeToString,
    )
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(service, {method: handler}),)
    )
    bound = server.add_insecure_port(f"{host}:{port}")
    await server.start()
    return server, bound


async def serve() -> None:
    server, _ = await start(
        os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "7070"))
    )
    await terminated()
    await server.stop(GRACE_SECONDS)


@cache
def _channel() -> grpc.aio.Channel:
    authority = os.environ["RECOMMENDATIONS_URL"].removeprefix("http://")
    egress = egress_address()
    target = authority if egress is None else f"{egress[0]}:{egress[1]}"
    options = [
        ("grpc.default_authority", authority),
        ("grpc.enable_http_proxy", 0),  # the sidecar takes gRPC as it is
        ("grpc.max_reconnect_backoff_ms", 1000),
    ]
    return grpc.aio.insecure_channel(target, options=options)


async def ask(product_id: str) -> tuple[list[str], str]:
    """Suggested product ids and the answering version. Raises UpstreamFailed."""
    call = _channel().unary_unary(
        METHOD,
        request_serializer=StringValue.SerializeToString,
        response_deserializer=ListValue.FromString,
    )
    try:
        answer = await call(
            StringValue(value=product_id),
            timeout=TIMEOUT_SECONDS,
            metadata=tuple(trace_context.outgoing().items()),
        )
    except grpc.aio.AioRpcError as error:
        reason = f"{error.code().name}: {error.details()}"
        raise UpstreamFailed("recommendations", reason) from error
    *ids, version = [str(value) for value in answer]
    return ids, version


if __name__ == "__main__":
    asyncio.run(serve())
