"""What the agent knows of its host, read from the environment once (names as in mesh_web.settings)."""

import hashlib
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent
LONGEST_HOME_WITH_SOCKETS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """`runtime` holds Unix sockets; addresses are "host:port".

    `control` and `signing` may be several, parted by commas: one a control process.
    """

    node: str
    home: Path
    runtime: Path
    port_offset: int
    control: str
    signing: str
    collector: str
    trust_domain: str
    ingest_token: str = ""

    @property
    def own(self) -> Path:
        """The agent's private directory."""
        return self.home / "agent"

    @property
    def keeper_socket(self) -> Path:
        return self.runtime / "keeper.sock"

    @property
    def roots(self) -> Path:
        """The trusted roots as control wrote them at the first start."""
        return self.home / "ca.pem"

    def pod_log(self, namespace: str, pod: str, what: str) -> Path:
        return self.home / "logs" / "pods" / f"{namespace}_{pod}.{what}.log"

    def pod_socket(self, uid: str, what: str) -> Path:
        """Short, for the limit of 107 bytes."""
        return self.runtime / "pods" / f"{uid[:13]}.{what}"


def read(env: Mapping[str, str]) -> Host:
    home = Path(env.get("MESHWEB_HOME", ".meshweb")).resolve()
    offset = int(env.get("MESHWEB_PORT_OFFSET", "0"))
    return Host(
        node=env.get("MESHWEB_NODE", "local"),
        home=home,
        runtime=Path(env.get("MESHWEB_RUNTIME_DIR", "") or _runtime(home)),
        port_offset=offset,
        control=env.get("MESHWEB_CONTROL_ADDRESS", f"127.0.0.1:{15010 + offset}"),
        signing=env.get("MESHWEB_SIGNING_ADDRESS", f"127.0.0.1:{15012 + offset}"),
        collector=env.get("MESHWEB_COLLECTOR_ADDRESS", f"127.0.0.1:{4317 + offset}"),
        trust_domain=env.get("MESHWEB_TRUST_DOMAIN", "cluster.local"),
        ingest_token=env.get("MESHWEB_INGEST_TOKEN", ""),
    )


def join_token(env: Mapping[str, str]) -> str:
    """The token from an inherited descriptor or a file; "" if there is none (any more)."""
    descriptor, path = env.get("MESHWEB_JOIN_TOKEN_FD"), env.get("MESHWEB_JOIN_TOKEN_FILE")
    try:
        if descriptor:
            with os.fdopen(int(descriptor)) as pipe:
                return pipe.read().strip()
        if path:
            return Path(path).read_text().strip()
    except (OSError, ValueError):
        return ""
    return ""


def for_applications(env: Mapping[str, str]) -> dict[str, str]:
    """What applications get of the host: enough to run a program, none of our secrets."""
    kept = {k: env[k] for k in ("HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "USER") if k in env}
    beside = str(Path(sys.executable).parent)
    return {
        **kept,
        "PATH": os.pathsep.join((beside, env.get("PATH", os.defpath))),
        "PYTHON": sys.executable,
        "PYTHONPATH": str(PROJECT),
        "PYTHONUNBUFFERED": "1",
    }


def _runtime(home: Path) -> Path:
    """As mesh_web.settings chooses it."""
    beside = home / "run"
    if len(str(beside)) <= LONGEST_HOME_WITH_SOCKETS:
        return beside
    digest = hashlib.sha256(str(home).encode()).hexdigest()[:8]
    return Path(tempfile.gettempdir()) / f"meshweb-{os.getuid()}-{digest}"
