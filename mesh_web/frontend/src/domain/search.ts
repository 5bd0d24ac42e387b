// Finding nodes by what a person types.
import type { GraphNode } from "./graph";

/** Nodes that contain every word, best first: a name that starts with the words, then by name. */
export function findNodes(nodes: Iterable<GraphNode>, query: string): readonly GraphNode[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const text = (node: GraphNode) =>
    `${node.namespace}/${node.name} ${node.app} ${node.version} ${node.kind}`.toLowerCase();
  const rank = (node: GraphNode) => (node.name.toLowerCase().startsWith(words[0] ?? "") ? 0 : 1);
  return [...nodes]
    .filter((node) => words.every((word) => text(node).includes(word)))
    .sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name) || a.id.localeCompare(b.id));
}
