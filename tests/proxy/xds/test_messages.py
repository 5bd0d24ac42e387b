"""Message classes, whoever asks for them first."""

import subprocess
import sys

_AT_ONCE = """
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from proxy.xds.messages import message

start = Barrier(8)

def cluster(_):
    start.wait()
    struct = message("google.protobuf.Struct")(fields={"a": {"string_value": "b"}})
    metadata = {"filter_metadata": {"meshweb": struct}}
    return id(type(message("envoy.config.cluster.v3.Cluster")(metadata=metadata)))

with ThreadPoolExecutor(8) as threads:
    print(len(set(threads.map(cluster, range(8)))))
"""


def test_threads_that_ask_at_once_get_the_same_classes() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _AT_ONCE], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.stdout, done.stderr) == ("1\n", "")
