// One edge of the graph: its line, and a label that can be pressed.
import { type Edge, EdgeLabelRenderer, type EdgeProps } from "@xyflow/react";
import { memo } from "react";
import { type GraphEdge, hasTraffic, isTcp, mtlsState } from "../../domain/graph";
import { type Point, roundedPath } from "../../domain/traffic";
import {
  bytesPerSecond,
  formatBytesRate,
  formatDuration,
  formatRate,
  formatRatio,
} from "../../domain/units";
import type { Metric } from "../../domain/view";
import { Icon } from "../../ui/Icon";

type MeshEdgeData = {
  readonly edge: GraphEdge;
  readonly points: readonly Point[];
  readonly label: Point;
  readonly metric: Metric;
  /** Whether there is room for words; else only a mark is drawn. */
  readonly worded: boolean;
  readonly title: string;
  readonly emphasis: "plain" | "selected" | "dimmed";
  readonly onSelect: (id: string) => void;
};
export type MeshFlowEdge = Edge<MeshEdgeData, "mesh">;

function words(edge: GraphEdge, metric: Metric): string {
  if (!hasTraffic(edge)) return "idle";
  if (isTcp(edge)) {
    return formatBytesRate(bytesPerSecond(edge.bytesSentPerSecond + edge.bytesReceivedPerSecond));
  }
  if (metric === "errors") return formatRatio(edge.errorRatio);
  if (metric === "p95") return formatDuration(edge.p95Ms);
  return formatRate(edge.requestsPerSecond);
}

/** One to four pixels, with the logarithm of the rate. */
function strokeWidth(edge: GraphEdge): number {
  const volume = isTcp(edge)
    ? (edge.bytesSentPerSecond + edge.bytesReceivedPerSecond) / 1000
    : edge.requestsPerSecond;
  return Math.min(4, 1.4 + Math.log10(1 + volume) * 0.8);
}

export const MeshEdge = memo(function MeshEdge({ id, data }: EdgeProps<MeshFlowEdge>) {
  if (data === undefined) return null;
  const { edge, points, label, metric, worded, title, emphasis } = data;
  const path = roundedPath(points, 10);
  const security = mtlsState(edge);
  const live = hasTraffic(edge);
  return (
    <>
      <g className="edge" data-emphasis={emphasis} data-health={live ? edge.health : "idle"}>
        <path className="edge-target" d={path} />
        <path
          className="edge-line"
          d={path}
          markerEnd={`url(#arrow-${live ? edge.health : "idle"})`}
          strokeWidth={strokeWidth(edge)}
        />
      </g>
      <EdgeLabelRenderer>
        <button
          aria-label={title}
          className="edge-label nodrag nopan"
          data-emphasis={emphasis}
          data-health={live ? edge.health : "idle"}
          data-breaker={edge.breaker?.state}
          data-security={security}
          data-testid={`edge-${id}`}
          data-worded={worded ? "" : undefined}
          onClick={() => data.onSelect(id)}
          // the keyboard reaches an edge through the panels of its ends
          tabIndex={-1}
          style={{ transform: `translate(-50%, -50%) translate(${label.x}px, ${label.y}px)` }}
          title={title}
          type="button"
        >
          {security !== "none" && (
            <Icon name={security === "mutual" ? "lock" : "unlock"} size={13} />
          )}
          {edge.breaker !== null && (
            <span className="edge-breaker" data-state={edge.breaker.state}>
              <Icon name={edge.breaker.state === "open" ? "error" : "warning"} size={14} />
            </span>
          )}
          {worded && <span>{words(edge, metric)}</span>}
        </button>
      </EdgeLabelRenderer>
    </>
  );
});

const HEALTHS = ["idle", "healthy", "degraded", "failing"] as const;

/** Arrow heads, one colour each; drawn once for all edges. */
export const ArrowHeads = () => (
  <svg aria-hidden="true" className="arrow-heads" height="0" width="0">
    <defs>
      {HEALTHS.map((health) => (
        <marker
          id={`arrow-${health}`}
          key={health}
          markerHeight="9"
          markerUnits="userSpaceOnUse"
          markerWidth="9"
          orient="auto"
          refX="8"
          refY="4.5"
          viewBox="0 0 9 9"
        >
          <path className={`arrow-${health}`} d="M0 .5 8.5 4.5 0 8.5z" />
        </marker>
      ))}
    </defs>
  </svg>
);
