"""A Service, Deployment or the like among the documents, as the platform reads it."""

from routing.contracts import Document
from topology import manifests


def manifest_of(document: Document) -> manifests.Parsed:
    """Its kind is one of `manifests.KINDS`."""
    return manifests.parse(
        kind=document.key.kind,
        namespace=document.key.namespace,
        name=document.key.name,
        spec=document.spec,
        labels=document.labels,
        annotations=document.annotations,
    )
