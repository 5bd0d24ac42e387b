// Who calls, who is called, and how that has been of late.
import { type Graph, type GraphEdge, isTcp } from "../domain/graph";
import type { History } from "../domain/history";
import {
  bytesPerSecond,
  formatBytesRate,
  formatDuration,
  formatRate,
  formatRatio,
} from "../domain/units";
import { HealthMark } from "./HealthMark";
import { Sparkline } from "./Sparkline";

function EdgeLine({
  edge,
  other,
  history,
  onSelect,
}: {
  readonly edge: GraphEdge;
  readonly other: string;
  readonly history: History;
  readonly onSelect: (id: string) => void;
}) {
  const points = history.get(edge.id) ?? [];
  const tcp = isTcp(edge);
  return (
    <li>
      <button className="edge-row" onClick={() => onSelect(edge.id)} type="button">
        <HealthMark health={edge.health} size={14} />
        <span className="edge-row-name">{other}</span>
        <Sparkline
          height={20}
          label={`Recent rate of ${other}`}
          values={points.slice(-60).map((point) => point.rate)}
        />
        <span className="number">
          {tcp
            ? formatBytesRate(bytesPerSecond(edge.bytesSentPerSecond + edge.bytesReceivedPerSecond))
            : formatRate(edge.requestsPerSecond)}
        </span>
        <span className="number muted" data-bad={edge.errorRatio > 0 ? "" : undefined}>
          {tcp
            ? "tcp"
            : edge.errorRatio > 0
              ? formatRatio(edge.errorRatio)
              : formatDuration(edge.p95Ms)}
        </span>
      </button>
    </li>
  );
}

/** Edges as rows: health, the other end, a sparkline, the rate, and errors or p95. */
export function EdgeList({
  edges,
  end,
  graph,
  history,
  onSelect,
  none,
}: {
  readonly edges: readonly GraphEdge[];
  readonly end: "source" | "target";
  readonly graph: Graph;
  readonly history: History;
  readonly onSelect: (id: string) => void;
  readonly none: string;
}) {
  if (edges.length === 0) return <p className="muted">{none}</p>;
  const busiest = [...edges].sort((a, b) => b.requestsPerSecond - a.requestsPerSecond);
  return (
    <ul className="edge-rows">
      {busiest.map((edge) => (
        <EdgeLine
          edge={edge}
          history={history}
          key={edge.id}
          onSelect={onSelect}
          other={graph.nodes.get(edge[end])?.name ?? edge[end]}
        />
      ))}
    </ul>
  );
}
