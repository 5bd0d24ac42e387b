"""Make what must exist before the processes start, where something other than `up` starts them."""

import os

from django.conf import settings
from django.core.management.base import BaseCommand

from mesh_web.supervision.start import first_start, or_exit, refuse_what_cannot_be


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = ()

    def handle(self, **_: object) -> None:
        or_exit(refuse_what_cannot_be)
        once = first_start()
        self._leave_join_token()
        self.stdout.write(
            "Open this link within 10 minutes; it works once:\n"
            f"  http://127.0.0.1:{settings.HTTP_PORT}/login/once/{once}"
        )

    def _leave_join_token(self) -> None:
        """For the agent of this machine, at MESHWEB_HOME/join-token (0600)."""
        from proxy.identity import join  # noqa: PLC0415  needs Django's apps

        path = settings.HOME / "join-token"
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as f:
            f.write(join.create("local"))
