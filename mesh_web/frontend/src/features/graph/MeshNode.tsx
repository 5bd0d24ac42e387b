// One node of the graph.
import { Handle, type Node, type NodeProps, Position } from "@xyflow/react";
import { memo } from "react";
import type { GraphNode } from "../../domain/graph";
import { formatRate, formatRatio } from "../../domain/units";
import { HealthMark, healthWord } from "../../ui/HealthMark";
import { Icon, type IconName } from "../../ui/Icon";

type MeshNodeData = {
  readonly node: GraphNode;
  /** A service drawn as a tab on its workload. */
  readonly tab: boolean;
  readonly emphasis: "plain" | "selected" | "found" | "dimmed";
};
export type MeshFlowNode = Node<MeshNodeData, "mesh">;

const ICONS: Readonly<Record<GraphNode["kind"], IconName>> = {
  app: "workloads",
  workload: "workloads",
  service: "service",
  gateway: "gateway",
  external: "globe",
  unknown: "unknown",
};

function Detail({ node }: { readonly node: GraphNode }) {
  const busy = node.requestsPerSecond > 0;
  const rate = formatRate(node.requestsPerSecond);
  if (node.badges.includes("namespace")) return <span>{node.app}</span>;
  const short = node.podsReady < node.podsDesired;
  return (
    <>
      {busy && <span>{rate}</span>}
      {busy && node.errorRatio > 0 && <b>{formatRatio(node.errorRatio)}</b>}
      {!busy && <span>{node.health === "idle" ? "idle" : "active"}</span>}
      {node.podsDesired > 0 && (!busy || node.errorRatio === 0 || short) && (
        <span
          data-short={short ? "" : undefined}
          title={`${node.podsReady} of ${node.podsDesired} pods are ready`}
        >
          {node.podsReady}/{node.podsDesired} {node.podsDesired === 1 ? "pod" : "pods"}
        </span>
      )}
    </>
  );
}

const BADGES: Readonly<Record<string, { readonly icon: IconName; readonly says: string }>> = {
  "breaker-open": { icon: "error", says: "circuit breaker open" },
  "breaker-half-open": { icon: "warning", says: "circuit breaker half-open" },
  suspended: { icon: "pause", says: "suspended" },
  dead: { icon: "trash", says: "no pods any more" },
  "no-sidecar": { icon: "unlock", says: "no sidecar" },
};

/** What the configuration does to a service: one mark for all of it. */
const CONFIGURED: Readonly<Record<string, string>> = {
  "virtual-service": "virtual service",
  "circuit-breaker": "circuit breaker",
  "fault-injection": "fault injection",
  mirroring: "mirroring",
  "request-routing": "request routing",
  "request-timeout": "request timeout",
  "traffic-shifting": "traffic shifting",
  "tcp-traffic-shifting": "TCP traffic shifting",
  "service-entry": "service entry",
};

const configuredOf = (badges: readonly string[]): readonly string[] =>
  badges.map((badge) => CONFIGURED[badge] ?? "").filter((says) => says !== "");

function Badges({ badges }: { readonly badges: readonly string[] }) {
  const configured = configuredOf(badges);
  return (
    <>
      {badges.map((badge) => {
        const known = BADGES[badge];
        return known === undefined ? null : (
          <span className="node-badge" data-badge={badge} key={badge} title={known.says}>
            <Icon name={known.icon} size={13} />
          </span>
        );
      })}
      {configured.length > 0 && (
        <span className="node-badge" data-badge="configured" title={configured.join(", ")}>
          <Icon name="sliders" size={13} />
        </span>
      )}
    </>
  );
}

/** A node in a sentence, for those who hear it. */
export function describe(node: GraphNode): string {
  const version = node.version === "" ? "" : ` ${node.version}`;
  const where = node.namespace === "" ? "" : ` in ${node.namespace}`;
  const marks = [
    ...node.badges.map((badge) => BADGES[badge]?.says ?? "").filter((says) => says !== ""),
    ...configuredOf(node.badges),
  ];
  const also = marks.length === 0 ? "" : `, ${marks.join(", ")}`;
  return `${node.kind} ${node.name}${version}${where}: ${healthWord(node.health)}, ${formatRate(node.requestsPerSecond)}${also}`;
}

export const MeshNode = memo(function MeshNode({ data }: NodeProps<MeshFlowNode>) {
  const { node, tab, emphasis } = data;
  const box = node.badges.includes("namespace");
  const name =
    node.version !== "" &&
    /[- ]$/.test(node.name.slice(0, -node.version.length)) &&
    node.name.endsWith(node.version)
      ? node.name.slice(0, -node.version.length - 1)
      : node.name;
  return (
    <div
      aria-label={describe(node)}
      className="node"
      data-emphasis={emphasis}
      data-health={node.health}
      data-tab={tab ? "" : undefined}
      data-kind={box ? "namespace" : node.kind}
      data-testid={`node-${node.id}`}
      role="img"
    >
      <Handle position={Position.Left} type="target" />
      <Handle position={Position.Right} type="source" />
      <span className="node-icon">
        <Icon
          name={box ? "namespace" : ICONS[node.kind]}
          size={node.kind === "service" ? 14 : 18}
        />
      </span>
      <span className="node-text">
        <span className="node-name">
          <span title={node.name}>{name}</span>
          {node.version !== "" && <i>{node.version}</i>}
        </span>
        {node.kind !== "service" && (
          <span className="node-detail">
            <Detail node={node} />
          </span>
        )}
      </span>
      <Badges badges={node.badges} />
      {!tab && <HealthMark health={node.health} size={14} />}
    </div>
  );
});

type BoxData = { readonly namespace: string; readonly onOpen: (namespace: string) => void };
export type BoxFlowNode = Node<BoxData, "box">;

export const NamespaceBox = memo(function NamespaceBox({ data }: NodeProps<BoxFlowNode>) {
  return (
    <div className="namespace-box">
      <button
        className="nodrag nopan"
        data-testid={`namespace-${data.namespace}`}
        onClick={() => data.onOpen(data.namespace)}
        title={`Namespace ${data.namespace}: mutual TLS and contents`}
        type="button"
      >
        <Icon name="namespace" size={14} />
        {data.namespace}
      </button>
    </div>
  );
});
