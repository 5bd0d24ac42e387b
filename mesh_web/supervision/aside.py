"""Work that is done once, in a process of its own: what it loads, the supervisor need not keep."""

import os
import sys
import traceback
from collections.abc import Callable

from mesh_web.supervision.preflight import CannotStart


def aside(work: Callable[[], str], name: str) -> str:
    """What `work` answers. Call it before there are threads. Raises CannotStart, told by `name`."""
    sys.stdout.flush()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _work(work, writing)
    os.close(writing)
    with os.fdopen(reading) as answer:
        text = answer.read()
    _, status = os.waitpid(child, 0)
    if status != 0:
        raise CannotStart(f"{name} failed; what is above says why")
    return text


def _work(work: Callable[[], str], writing: int) -> None:
    """Never returns: what the parent has begun is not the child's to end."""
    code = 1
    try:
        os.write(writing, work().encode())
        code = 0
    except CannotStart as problem:
        print(f"meshweb: {problem}", file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
