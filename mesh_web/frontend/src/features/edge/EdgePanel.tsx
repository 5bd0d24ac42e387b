// One edge: how its traffic does, how it is protected, and its traces.

import type { ReactNode } from "react";
import type { Live } from "../../api/live";
import { useTraces } from "../../api/queries";
import { type GraphEdge, type GraphNode, isTcp, mtlsState, type SeenBy } from "../../domain/graph";
import type { Point } from "../../domain/history";
import type { TraceSummary } from "../../domain/trace";
import {
  formatAge,
  formatBytesRate,
  formatDuration,
  formatRate,
  formatRatio,
  perSecond,
  ratio,
} from "../../domain/units";
import { Answered } from "../../ui/Answered";
import { Copyable } from "../../ui/Copyable";
import { Chip } from "../../ui/controls";
import { HealthMark } from "../../ui/HealthMark";
import { Icon } from "../../ui/Icon";
import { Figures, Panel, Section } from "../../ui/Panel";
import { Link } from "../../ui/router";
import { Sparkline } from "../../ui/Sparkline";
import { useNow } from "../../ui/useNow";
import "./edge.css";

function classOf(code: string): string {
  if (code === "" || code === "0" || code.startsWith("2")) return "ok";
  if (code.startsWith("3")) return "redirect";
  return code.startsWith("4") ? "client" : "server";
}

function Responses({ edge }: { readonly edge: GraphEdge }) {
  const codes = Object.entries(edge.responses).sort(([a], [b]) => a.localeCompare(b));
  const total = codes.reduce((sum, [, rate]) => sum + rate, 0);
  if (total === 0) return <p className="muted">No responses within the window.</p>;
  return (
    <div className="stack">
      <div aria-hidden="true" className="responses">
        {codes.map(([code, rate]) => (
          <i data-class={classOf(code)} key={code} style={{ flexGrow: rate / total }} />
        ))}
      </div>
      <ul className="row" data-wrap="">
        {codes.map(([code, rate]) => (
          <li className="response" data-class={classOf(code)} key={code}>
            <b>{code === "" ? "none" : code}</b> {formatRatio(ratio(rate / total))}{" "}
            <span className="muted">{formatRate(perSecond(rate))}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Latency({
  edge,
  points,
}: {
  readonly edge: GraphEdge;
  readonly points: readonly Point[];
}) {
  const rows = [
    { name: "p50", now: edge.p50Ms, values: points.map((point) => point.p50), tone: "secure" },
    { name: "p95", now: edge.p95Ms, values: points.map((point) => point.p95), tone: "accent" },
    { name: "p99", now: edge.p99Ms, values: points.map((point) => point.p99), tone: "degraded" },
  ] as const;
  return (
    <div className="latency">
      {rows.map(({ name, now, values, tone }) => (
        <div key={name}>
          <span className="muted">{name}</span>
          <b>{formatDuration(now)}</b>
          <Sparkline height={26} label={`${name} of late`} tone={tone} values={values} />
        </div>
      ))}
    </div>
  );
}

function Security({ edge }: { readonly edge: GraphEdge }) {
  const state = mtlsState(edge);
  const words = {
    mutual: "All of this traffic is mutual TLS.",
    partial: `${formatRatio(edge.mtlsRatio)} of this traffic is mutual TLS; the rest is plain text.`,
    none: "None of this traffic is known to be mutual TLS.",
  } as const;
  return (
    <div className="row security" data-state={state}>
      <Icon name={state === "mutual" ? "lock" : "unlock"} />
      <p>{words[state]}</p>
    </div>
  );
}

const traceName = (node: GraphNode): string =>
  node.namespace === "" ? node.name : `${node.namespace}/${node.name}`;

/** Traces that crossed the edge. Only workloads make calls, so from elsewhere: those that arrived. */
function filterOf(source: GraphNode, target: GraphNode): Readonly<Record<string, string>> {
  const caller = source.kind === "workload" || source.kind === "gateway";
  if (!caller) return { service: traceName(target) };
  return { source: traceName(source), destination: traceName(target) };
}

/** Where a question about a request like these begins; null where nobody of the mesh asks. */
function explainHref(source: GraphNode, target: GraphNode): string | null {
  if (source.kind !== "workload" && source.kind !== "gateway") return null;
  const name = target.kind === "workload" ? target.app || target.name : target.name;
  const host = target.namespace === "" ? name : `${name}.${target.namespace}`;
  const question = { source: traceName(source), url: `http://${host}/` };
  return `/explain?${new URLSearchParams(question)}`;
}

function Traces({ source, target }: { readonly source: GraphNode; readonly target: GraphNode }) {
  return (
    <Answered query={useTraces({ ...filterOf(source, target), limit: 10 })} what="traces">
      {({ items }) => <TraceLines traces={items} />}
    </Answered>
  );
}

function TraceLines({ traces }: { readonly traces: readonly TraceSummary[] }) {
  const now = useNow();
  if (traces.length === 0) {
    return (
      <p className="muted">
        No trace has crossed this edge in the last 15 minutes. A share of all requests is traced, so
        a quiet edge may need a while.
      </p>
    );
  }
  return (
    <ul className="edge-traces" data-testid="trace-list">
      {traces.map((trace) => (
        <li key={trace.traceId}>
          <Link href={`/traces/${trace.traceId}`}>
            <span className="edge-trace-name" title={trace.rootOperation}>
              {trace.rootOperation || trace.rootService}
            </span>
            {trace.errors > 0 && <Chip tone="bad">{trace.errors} failed</Chip>}
            <span className="muted">{trace.spans} spans</span>
            <b className="number">{formatDuration(trace.durationMs)}</b>
            <span className="muted number">{formatAge(trace.start, now)}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

function End({ node, onSelect }: { readonly node: GraphNode; readonly onSelect: () => void }) {
  return (
    <button className="link" onClick={onSelect} type="button">
      {node.name}
    </button>
  );
}

const SEEN_WORDS: Readonly<Record<SeenBy, string>> = {
  metrics: "the mesh's metrics",
  traces: "traces",
};

const KIND_WORDS: Readonly<Record<GraphNode["kind"], string>> = {
  workload: "Workload",
  app: "App",
  service: "Service",
  gateway: "Gateway",
  external: "Outside the mesh",
  unknown: "Unknown",
};

function EndFacts({
  label,
  node,
  onSelect,
}: {
  readonly label: string;
  readonly node: GraphNode;
  readonly onSelect: (id: string) => void;
}) {
  return (
    <div>
      <dt>
        {label} · {KIND_WORDS[node.kind]}
      </dt>
      <dd>
        <End node={node} onSelect={() => onSelect(node.id)} /> <Copyable text={node.id} what="id" />
      </dd>
    </div>
  );
}

export function EdgePanel({
  edge,
  source,
  target,
  live,
  onSelect,
  onClose,
  children,
}: {
  readonly edge: GraphEdge;
  readonly source: GraphNode;
  readonly target: GraphNode;
  readonly live: Live;
  readonly onSelect: (id: string) => void;
  readonly onClose: () => void;
  /** What else is known of the way between these two. */
  readonly children?: ReactNode;
}) {
  const points = live.history.get(edge.id) ?? [];
  const tcp = isTcp(edge);
  const explain = tcp ? null : explainHref(source, target);
  return (
    <Panel
      kicker={
        <>
          <Chip>{edge.protocol.toUpperCase()}</Chip>
          {edge.breaker !== null && (
            <Chip tone={edge.breaker.state === "open" ? "bad" : "warning"}>
              circuit {edge.breaker.state}
            </Chip>
          )}
          <End node={source} onSelect={() => onSelect(source.id)} />
          <span>→</span>
          <End node={target} onSelect={() => onSelect(target.id)} />
        </>
      }
      mark={<HealthMark health={edge.health} />}
      onClose={onClose}
      testId="edge-panel"
      title={`${source.name} → ${target.name}`}
    >
      <Section title={tcp ? "Bytes" : "Traffic"}>
        {tcp ? (
          <Figures
            values={[
              { label: "Sent", value: formatBytesRate(edge.bytesSentPerSecond) },
              { label: "Received", value: formatBytesRate(edge.bytesReceivedPerSecond) },
              { label: "Connections", value: String(edge.connectionsOpen) },
            ]}
          />
        ) : (
          <Figures
            values={[
              { label: "Requests", value: formatRate(edge.requestsPerSecond) },
              { label: "Errors", value: formatRatio(edge.errorRatio), bad: edge.errorRatio > 0 },
              {
                label: `In ${live.graph?.windowSeconds ?? 60} s`,
                value: edge.requestsTotal.toLocaleString(),
              },
            ]}
          />
        )}
        <Sparkline label="Rate of late" values={points.map((point) => point.rate)} />
      </Section>
      {!tcp && (
        <>
          <Section title="Latency">
            <Latency edge={edge} points={points} />
          </Section>
          <Section title="Responses">
            <Responses edge={edge} />
          </Section>
        </>
      )}
      {children}
      <Section title="Security">
        <Security edge={edge} />
      </Section>
      {explain !== null && (
        <Section aside={<Link href={explain}>Explain</Link>} title="Routing">
          <p className="muted">Which way a request goes here, and why.</p>
        </Section>
      )}
      <Section title="Ends">
        <dl className="ends">
          <EndFacts label="From" node={source} onSelect={onSelect} />
          <EndFacts label="To" node={target} onSelect={onSelect} />
          <div>
            <dt>Seen by</dt>
            <dd>{edge.seenBy.map((source) => SEEN_WORDS[source]).join(" and ")}</dd>
          </div>
          <div>
            <dt>Edge</dt>
            <dd>
              <Copyable text={edge.id} what="id" />
            </dd>
          </div>
        </dl>
      </Section>
      {!tcp && (
        <Section
          aside={
            <Link href={`/traces?${new URLSearchParams(filterOf(source, target))}`}>
              All traces
            </Link>
          }
          title="Traces"
        >
          <Traces source={source} target={target} />
        </Section>
      )}
    </Panel>
  );
}
