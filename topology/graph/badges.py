"""Appender: what else is to be said of a node, as it comes from outside the traffic."""

from collections.abc import Mapping

from topology.graph.draft import Appender, Context, Draft


def badging(marks: Mapping[str, tuple[str, ...]]) -> Appender:
    """`marks` has the badges by node id; of nodes that are not in the graph they are dropped."""

    def badges(draft: Draft, _context: Context) -> None:
        for node_id, own in marks.items():
            node = draft.nodes.get(node_id)
            if node is not None:
                node.badges = (*node.badges, *own)

    return badges
