"""One module a command: `arguments(parser)` says what it takes, `run(options, server)` does it.

`run` answers the exit code (mesh_web.cli.exits). To add a command: a module here, a row in COMMANDS.
"""

from collections.abc import Mapping

COMMANDS: Mapping[str, str] = {
    "apply": "bring YAML into force",
    "get": "read resources",
    "delete": "delete a resource",
    "diff": "what applying YAML would change",
    "revisions": "the history: list it, show one revision, compare two",
    "revert": "take a revision back",
    "weights": "read or set the canary weights of a service",
    "mtls": "read or set the mTLS mode of the mesh, a namespace or a workload",
    "suspend": "take a service or a workload out of traffic, and put it back",
    "scale": "run this many pods of a workload",
    "restart": "make every pod of a workload anew",
    "pods": "list pods",
    "proxy-status": "how far each proxy is behind the configuration",
    "proxy-config": "what an Envoy is configured with",
    "explain": "which way a request goes, and why",
    "cert": "list, rotate and replace certificates and their root",
    "completion": "print a completion script for bash, fish or zsh",
}
"""Every command and what it does; the module has the command's name with underscores."""


def module_of(name: str) -> str:
    return f"{__name__}.{name.replace('-', '_')}"
