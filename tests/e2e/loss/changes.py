"""Two hundred changes of every kind, in an order that a seed decides."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.e2e.api import Answer, Api
from tests.e2e.loss import mesh as loss
from tests.e2e.running import Running
from tests.e2e.waiting import eventually

KINDS: dict[str, int] = {
    "weights": 30,
    "weights of connections": 10,
    "route added": 15,
    "route removed": 15,
    "subset added and used": 12,
    "subset removed": 12,
    "endpoint drained": 12,
    "endpoints added": 10,
    "mTLS mode": 30,
    "mTLS mode of a port": 10,
    "certificate rotated": 14,
    "root rotated": 3,
    "listener added": 9,
    "listener removed": 9,
    "connection pool": 6,
    "control killed": 3,
}
"""How many of each; together 200."""

WAIT = "8s"
MOST_REPLICAS, FEWEST_REPLICAS = 3, 2


@dataclass(frozen=True, slots=True)
class Done:
    """One change: `at` is Unix seconds of its start, `seconds` until it was answered."""

    at: float
    seconds: float
    kind: str
    answer: str


@dataclass(slots=True)
class Changes:
    """What is in force, and how it is changed. Every change is a real call or a real signal."""

    mesh: Running
    random: Random
    done: list[Done] = field(default_factory=list)
    _extra: list[str] = field(default_factory=list)
    _subsets: list[str] = field(default_factory=lambda: ["v1", "v2"])
    _shares: dict[str, int] = field(default_factory=lambda: {"v1": 50, "v2": 50})
    _ports: list[int] = field(default_factory=list)
    _replicas: int = FEWEST_REPLICAS
    _named: int = 0

    @property
    def api(self) -> Api:
        return self.mesh.api

    def order(self) -> list[str]:
        kinds = [kind for kind, count in KINDS.items() for _ in range(count)]
        self.random.shuffle(kinds)
        return kinds

    def make(self, kind: str) -> None:
        acts: dict[str, Callable[[], Answer | str]] = {
            "weights": self._weights,
            "weights of connections": self._weights_of_connections,
            "route added": self._add_route,
            "route removed": self._remove_route,
            "subset added and used": self._add_subset,
            "subset removed": self._remove_subset,
            "endpoint drained": self._drain,
            "endpoints added": self._scale,
            "mTLS mode": self._mode,
            "mTLS mode of a port": self._mode_of_port,
            "certificate rotated": self._rotate,
            "root rotated": self._rotate_root,
            "listener added": self._add_listener,
            "listener removed": self._remove_listener,
            "connection pool": self._pool,
            "control killed": self._kill,
        }
        at, began = time.time(), time.monotonic()
        answer = acts[kind]()
        told = answer if isinstance(answer, str) else _told(answer)
        self.done.append(Done(at, time.monotonic() - began, kind, told))

    def _apply(self, *texts: str) -> Answer:
        """Half of the changes do not wait for the one before to have reached everybody."""
        text = "---\n".join(texts)
        if self.random.random() < 0.5:
            return self.api.call("POST", "/apply", text)
        return self.api.call("POST", "/apply", text, wait="converged", timeout=WAIT)

    def _route_of_b(self) -> str:
        return loss.route("b", shares=self._shares)

    def _weights(self) -> Answer:
        share = self.random.randrange(0, 101, 10)
        names = self._subsets[:]
        self.random.shuffle(names)
        self._shares = {names[0]: share, names[1]: 100 - share}
        return self._apply(self._route_of_b())

    def _weights_of_connections(self) -> Answer:
        return self._apply(loss.calls_and_lines(self.random.randrange(0, 101, 10)))

    def _add_route(self) -> Answer:
        self._named += 1
        self._extra.append(f"extra-{self._named}")
        return self._apply(loss.route("c", extra=self._extra))

    def _remove_route(self) -> Answer:
        if not self._extra:
            return self._apply(loss.route("c", timeout=f"{self.random.randrange(5, 9)}s"))
        self._extra.pop(self.random.randrange(len(self._extra)))
        return self._apply(loss.route("c", extra=self._extra))

    def _add_subset(self) -> Answer:
        """Both in one apply, or the subset first: either is what people do."""
        self._named += 1
        self._subsets.append(f"s{self._named}-{self.random.choice(('v1', 'v2'))}")
        self._shares = {self._subsets[-1]: 70, self._subsets[0]: 30}
        if self.random.random() < 0.5:
            return self._apply(loss.rule(self._subsets), self._route_of_b())
        self.api.call("POST", "/apply", loss.rule(self._subsets))
        return self._apply(self._route_of_b())

    def _remove_subset(self) -> Answer:
        if len(self._subsets) == 2:
            return self._weights()
        gone = self._subsets.pop(self.random.randrange(2, len(self._subsets)))
        if gone in self._shares:
            self._shares = {"v1": 40, "v2": 60}
        return self._apply(loss.rule(self._subsets), self._route_of_b())

    def _drain(self) -> Answer | str:
        """A pod is deleted (its successor comes later), or there is one fewer."""
        if self.random.random() < 0.5:
            return self._delete_one("d-v1") or self._pool()
        if self._replicas > FEWEST_REPLICAS:
            return self._scale_to(self._replicas - 1)
        return self._delete_one("c-v1") or self._scale_to(MOST_REPLICAS)

    def _delete_one(self, workload: str) -> str:
        """ "" where too few are ready."""
        ready = [pod for pod in self.api.pods(workload, loss.NAMESPACE) if pod["ready"]]
        if len(ready) < FEWEST_REPLICAS:
            return ""
        pod = self.random.choice(ready)
        return _told(self.api.call("DELETE", f"/pods/{loss.NAMESPACE}/{pod['name']}"))

    def _scale(self) -> Answer:
        return self._scale_to(MOST_REPLICAS)

    def _scale_to(self, replicas: int) -> Answer:
        self._replicas = replicas
        path = f"/workloads/{loss.NAMESPACE}/c-v1/scale"
        return self.api.call("PUT", path, {"replicas": replicas})

    def _mode(self) -> Answer:
        return self._apply(loss.peers(self.random.choice(("PERMISSIVE", "STRICT", "DISABLE"))))

    def _mode_of_port(self) -> Answer:
        port = self.random.choice(("PERMISSIVE", "STRICT", "DISABLE"))
        return self._apply(loss.peers("", port=port))

    def _rotate(self) -> str:
        """Any proxy of the mesh; that of the control process that is being replaced may be away."""
        found = eventually("somebody is connected", self._certified, within=30)
        one = self.random.choice(found)
        return _told(self.api.call("POST", f"/proxies/{one['proxy']}/certificate/rotate"))

    def _certified(self) -> list[dict[str, Any]]:
        return self.api.items("/certificates", namespace=loss.NAMESPACE)

    def _rotate_root(self) -> str:
        return _told(self.api.call("POST", "/certificates/rotation", {}))

    def _add_listener(self) -> Answer:
        self._ports = [8096]
        return self._apply(loss.gateway(*self._ports))

    def _remove_listener(self) -> Answer:
        self._ports = []
        return self._apply(loss.gateway())

    def _pool(self) -> Answer:
        connections = self.random.randrange(500, 1500)
        balancer = self.random.choice(("ROUND_ROBIN", "LEAST_REQUEST", "RANDOM"))
        return self._apply(loss.rule(self._subsets, connections=connections, balancer=balancer))

    def _kill(self) -> str:
        """The one that was killed last may be starting still."""
        eventually("control runs", lambda: self.mesh.pid("control"), within=30)
        return f"pid {self.mesh.kill('control')}"


def _told(answer: Answer) -> str:
    body: Any = answer.body if isinstance(answer.body, dict) else {}
    words = (body.get("state"), body.get("code"), body.get("message"))
    return " ".join(map(str, (answer.status, *filter(None, words))))
