"""The jobs that come with Meshweb: its own processes, and pods whose annotations ask for it.

They are written as a Prometheus has them and shown so. A pod is scraped with the annotations
`prometheus.io/scrape: "true"`, and `/port`, `/path` and `/scheme` where they differ.
"""

from dataclasses import replace
from typing import Any

import yaml

from telemetry.scrape.configuration import Configuration, configuration

PROCESSES = "meshweb"
PODS = "kubernetes-pods"
INTERVAL = "15s"
_SCRAPED = "(process|python|meshweb_namespace|meshweb_scrape)_.+"
"""The others they send by themselves; twice they would be counted twice."""
_ANNOTATION = "__meta_kubernetes_pod_annotation_prometheus_io_"


def own_configuration(processes: str, token_file: str) -> Configuration:
    """`processes` are `name=host:port` with commas; the file holds the token that they ask for."""
    document = {
        "global": {"scrape_interval": INTERVAL},
        "scrape_configs": [*_processes(processes, token_file), _pods()],
    }
    read = configuration(yaml.safe_dump(document, sort_keys=False))
    jobs = tuple(
        replace(job, groups=tuple(replace(group, trusted=True) for group in job.groups))
        for job in read.jobs
    )
    return replace(read, jobs=jobs)


def _processes(processes: str, token_file: str) -> list[dict[str, Any]]:
    pairs = [one.strip().partition("=") for one in processes.split(",") if "=" in one]
    if not pairs:
        return []
    return [
        {
            "job_name": PROCESSES,
            "authorization": {"credentials_file": token_file},
            "static_configs": [
                {"targets": [address], "labels": {"namespace": "meshweb", "process": name}}
                for name, _, address in pairs
            ],
            "metric_relabel_configs": [
                {"source_labels": ["__name__"], "action": "keep", "regex": _SCRAPED}
            ],
        }
    ]


def _pods() -> dict[str, Any]:
    return {
        "job_name": PODS,
        "kubernetes_sd_configs": [{"role": "pod"}],
        "relabel_configs": [
            {"source_labels": [f"{_ANNOTATION}scrape"], "action": "keep", "regex": "true"},
            {
                "source_labels": [f"{_ANNOTATION}scheme"],
                "regex": "(https?)",
                "target_label": "__scheme__",
            },
            {
                "source_labels": [f"{_ANNOTATION}path"],
                "regex": "(.+)",
                "target_label": "__metrics_path__",
            },
            {
                "source_labels": ["__address__", f"{_ANNOTATION}port"],
                "regex": r"(.+?)(?::\d+)?;(\d+)",
                "replacement": "$1:$2",
                "target_label": "__address__",
            },
            {"regex": "__meta_kubernetes_pod_label_(.+)", "action": "labelmap"},
            {"source_labels": ["__meta_kubernetes_namespace"], "target_label": "namespace"},
            {"source_labels": ["__meta_kubernetes_pod_name"], "target_label": "pod"},
            {
                "source_labels": ["__meta_kubernetes_pod_container_name"],
                "target_label": "container",
            },
        ],
    }
