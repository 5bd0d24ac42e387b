"""Bring up Meshweb in the foreground: preflight, first start, processes, the link; then wait."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress

from django.conf import settings
from django.core.management import call_command

from mesh_web.processes import Process, environment, table
from mesh_web.supervision.aside import aside
from mesh_web.supervision.preflight import (
    CannotStart,
    check_ports,
    claim_home,
    claim_pod_network,
    prepare_runtime_directory,
)
from mesh_web.supervision.supervisor import Supervisor

NODE = "local"
"""This host, as pods and its agent name it."""

PATIENCE_SECONDS = 60

Afterwards = Callable[[Callable[[str], None]], Awaitable[None]]
"""What a command does once everything is ready; it gets a function that reports progress."""


def bring_up(
    *,
    extra: Iterable[Process] = (),
    extra_ports: dict[str, tuple[str, int]] | None = None,
    afterwards: Afterwards | None = None,
    show_logs: bool = False,
) -> None:
    """Run until Ctrl-C or SIGTERM. CannotStart says in one sentence why not."""
    began = time.monotonic()
    os.umask(0o077)  # what is written is for the owner alone
    lock = claim_home()
    prepare_runtime_directory()
    network = claim_pod_network()
    check_ports({**_ports(), **(extra_ports or {})})
    _say(began, "Preparing the database and the certificate authority")
    once = aside(_prepare, "preparing the database")
    asyncio.run(
        _serve(
            began,
            (*table(), *extra),
            f"http://127.0.0.1:{settings.HTTP_PORT}/login/once/{once}",
            afterwards,
            show_logs=show_logs,
        )
    )
    network.close()
    lock.close()


def _prepare() -> str:
    refuse_what_cannot_be()
    once = first_start()
    _forget_earlier_run()
    return once


def refuse_what_cannot_be() -> None:
    """CannotStart, where something without which nothing works is not as it must be."""
    from mesh_web.doctor import here  # noqa: PLC0415  needs Django's apps

    for check in here():
        if check.fatal and not check.ok:
            raise CannotStart(f"{check.name}: {check.said}. To mend it: {check.mend}.")


def first_start() -> str:
    """Everything that must exist before the processes start; idempotent. Returns a login token."""
    from mesh_web.accounts import services as accounts  # noqa: PLC0415  needs Django's apps
    from proxy.identity import authority  # noqa: PLC0415

    call_command("migrate", verbosity=0, interactive=False)
    authority.ensure()
    return accounts.first_start()


def _forget_earlier_run() -> None:
    """The pods of an earlier run ended with it, whatever their rows still say."""
    from topology import facade as topology  # noqa: PLC0415  needs Django's apps

    topology.nothing_runs(NODE)


async def _serve(
    began: float,
    processes: tuple[Process, ...],
    link: str,
    afterwards: Afterwards | None,
    *,
    show_logs: bool,
) -> None:
    supervisor = Supervisor(
        processes,
        environment(os.environ),
        inherit={"agent": ("MESHWEB_JOIN_TOKEN_FD", _join_token)},
        report=lambda sentence: _say(began, sentence),
        show_logs=show_logs,
        logs=settings.HOME / "logs",
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, supervisor.stop)
    greeting = asyncio.create_task(_greet(began, supervisor, link, afterwards))
    await supervisor.run()
    greeting.cancel()
    with suppress(asyncio.CancelledError):
        await greeting
    _say(began, "Everything has ended")


async def _greet(
    began: float, supervisor: Supervisor, link: str, afterwards: Afterwards | None
) -> None:
    """Say which process is ready, do what comes after, then print the link."""

    async def announce(name: str) -> None:
        child = supervisor.children[name]
        await child.ready.wait()
        _say(began, f"{name} is ready")

    announcements = [asyncio.create_task(announce(name)) for name in supervisor.children]
    try:
        _, late = await asyncio.wait(announcements, timeout=PATIENCE_SECONDS)
        if late:
            _say(began, _not_ready(supervisor))
        await asyncio.gather(*announcements)
        if afterwards is not None:
            await afterwards(lambda sentence: _say(began, sentence))
    except asyncio.CancelledError:
        raise
    except Exception as error:  # the mesh is up: say what failed and go on
        _say(began, f"Not everything came up: {error}")
    finally:
        for task in announcements:
            task.cancel()
    print(
        f"\n  Meshweb is running. Open this link within 10 minutes; it works once:\n\n"
        f"    {link}\n\n"
        f"  API token: {settings.HOME / 'admin-token'}   logs: {settings.HOME / 'logs'}\n"
        "  Ctrl-C ends everything.\n",
        flush=True,
    )
    await _look_at_everything(began)


async def _look_at_everything(began: float) -> None:
    """Say what the self-check finds wrong; it is asked in a process of its own."""
    words = (str(settings.BASE_DIR / "manage.py"), "doctor", "--failed")
    looking = await asyncio.create_subprocess_exec(
        sys.executable, *words, env=environment(os.environ), stdout=asyncio.subprocess.PIPE
    )
    try:
        told, _ = await looking.communicate()
    finally:
        with suppress(ProcessLookupError):
            looking.kill()
    for line in told.decode(errors="replace").splitlines():
        _say(began, f"Self-check: {line}")


def _not_ready(supervisor: Supervisor) -> str:
    waiting = [name for name, child in supervisor.children.items() if not child.ready.is_set()]
    where = " and ".join(str(settings.HOME / "logs" / f"{name}.log") for name in waiting[:2])
    return f"{', '.join(waiting)} not ready after {PATIENCE_SECONDS} s; see {where}"


def _join_token() -> int:
    """A fresh single-use join token for this host's agent, in a pipe only the agent inherits."""
    from proxy.identity import join  # noqa: PLC0415  needs Django's apps

    token = join.create(NODE)
    reading, writing = os.pipe()
    os.write(writing, token.encode())
    os.close(writing)
    return reading


def _ports() -> dict[str, tuple[str, int]]:
    return {
        "web": (settings.BIND, settings.HTTP_PORT),
        "ADS": (settings.BIND, settings.ADS_PORT),
        "certificate signing": (settings.BIND, settings.SIGNING_PORT),
        "OTLP over gRPC": (settings.BIND, settings.OTLP_GRPC_PORT),
        "OTLP over HTTP": (settings.BIND, settings.OTLP_HTTP_PORT),
        "Zipkin": (settings.BIND, settings.ZIPKIN_PORT),
        "Jaeger Thrift": (settings.BIND, settings.JAEGER_PORT),
        "store": (settings.BIND, settings.STORE_PORT),
    }


def _say(began: float, sentence: str) -> None:
    print(f"  {time.monotonic() - began:5.1f} s  {sentence}", flush=True)


def or_exit(start: Callable[[], None]) -> None:
    """Run `start`; a CannotStart ends the program with its sentence and code 1."""
    try:
        start()
    except CannotStart as problem:
        print(f"meshweb: {problem}", file=sys.stderr)
        sys.exit(1)
