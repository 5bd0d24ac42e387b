// One workload: its pods, its scale, and its traffic.

import { type ReactNode, useState } from "react";
import type { Live } from "../../api/live";
import { usePods, useRestart, useScale, useWorkloads } from "../../api/queries";
import { inboundOf, outboundOf } from "../../domain/graph";
import type { PodRow, WorkloadRow } from "../../domain/mesh";
import { formatAge, formatRate, formatRatio } from "../../domain/units";
import { Answered } from "../../ui/Answered";
import { Button, Chip, IconButton, Segmented } from "../../ui/controls";
import { HealthMark } from "../../ui/HealthMark";
import { Figures, Panel, Section } from "../../ui/Panel";
import { EdgeList } from "../../ui/Rates";
import { Sparkline } from "../../ui/Sparkline";
import { toast } from "../../ui/toasts";
import { useNow } from "../../ui/useNow";

function Pod({ pod }: { readonly pod: PodRow }) {
  const now = useNow(5000);
  return (
    <tr>
      <td>
        <span className="mono">{pod.name}</span>
        {pod.message !== "" && <p className="muted small">{pod.message}</p>}
      </td>
      <td>
        <Chip tone={pod.ready ? "good" : pod.phase === "Failed" ? "bad" : "warning"}>
          {pod.ready ? "Ready" : pod.phase}
        </Chip>
      </td>
      <td className="number muted">
        {pod.startedAt === null ? "" : formatAge(pod.startedAt, now).replace(" ago", "")}
      </td>
    </tr>
  );
}

function Scale({ workload }: { readonly workload: WorkloadRow }) {
  const scale = useScale(workload.namespace, workload.name);
  const restart = useRestart(workload.namespace, workload.name);
  const failed = (error: Error) => toast("bad", error.message);
  const to = (replicas: number) => scale.mutate(replicas, { onError: failed });
  return (
    <div className="row" data-spread="">
      <div className="row">
        <IconButton
          disabled={workload.replicas <= 0 || scale.isPending}
          icon="minus"
          label="One replica fewer"
          onClick={() => to(workload.replicas - 1)}
        />
        <b>{workload.replicas}</b>
        <IconButton
          disabled={scale.isPending}
          icon="plus"
          label="One replica more"
          onClick={() => to(workload.replicas + 1)}
        />
        <span className="muted">replicas wanted</span>
      </div>
      <Button
        busy={restart.isPending}
        icon="restart"
        onClick={() =>
          restart.mutate(undefined, {
            onError: failed,
            onSuccess: () => toast("good", `${workload.name} restarts pod by pod.`),
          })
        }
      >
        Restart
      </Button>
    </div>
  );
}

function Pods({ namespace, name }: { readonly namespace: string; readonly name: string }) {
  return (
    <Answered query={usePods({ namespace, workload: name })} what="pods">
      {(pods) =>
        pods.length === 0 ? (
          <p className="muted">It has no pods.</p>
        ) : (
          <div className="table-frame plain">
            <table className="table">
              <tbody>
                {pods.map((pod) => (
                  <Pod key={pod.name} pod={pod} />
                ))}
              </tbody>
            </table>
          </div>
        )
      }
    </Answered>
  );
}

const TABS = [
  { value: "overview", label: "Overview" },
  { value: "logs", label: "Logs" },
] as const;
type Tab = (typeof TABS)[number]["value"];

export function WorkloadPanel({
  id,
  namespace,
  name,
  live,
  logs,
  editable,
  onSelect,
  onClose,
  children,
}: {
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  readonly live: Live;
  /** What its proxies and applications said. */
  readonly logs: ReactNode;
  readonly editable: boolean;
  readonly children?: ReactNode;
  readonly onSelect: (id: string) => void;
  readonly onClose: () => void;
}) {
  const [tab, setTab] = useState<Tab>("overview");
  const workloads = useWorkloads();
  const workload = workloads.data?.find((one) => one.namespace === namespace && one.name === name);
  const node = live.graph?.nodes.get(id);
  const kinds = { gateway: "Gateway", workload: "Workload" } as const;
  const kind = node?.kind === "gateway" ? kinds.gateway : kinds.workload;
  const list = { graph: live.graph, history: live.history, onSelect };
  return (
    <Panel
      kicker={
        <>
          <span>
            {kind} in {namespace}
          </span>
          {(workload?.version ?? "") !== "" && <Chip>{workload?.version}</Chip>}
          {(workload?.mtls ?? "") !== "" && <Chip tone="secure">mTLS {workload?.mtls}</Chip>}
        </>
      }
      mark={<HealthMark health={node?.health ?? "idle"} />}
      onClose={onClose}
      testId="workload-panel"
      title={name}
    >
      <div className="panel-tabs">
        <Segmented
          label="What to show"
          onChange={setTab}
          options={TABS}
          testId="workload-tab"
          value={tab}
        />
      </div>
      {tab === "logs" ? (
        logs
      ) : (
        <>
          {node !== undefined && (
            <Section title="Traffic">
              <Figures
                values={[
                  { label: "Requests", value: formatRate(node.requestsPerSecond) },
                  {
                    label: "Errors",
                    value: formatRatio(node.errorRatio),
                    bad: node.errorRatio > 0,
                  },
                  { label: "Restarts", value: String(workload?.restarts ?? 0) },
                ]}
              />
              <Sparkline
                label="Requests per second of late"
                values={(live.history.get(id) ?? []).map((point) => point.rate)}
              />
            </Section>
          )}
          <Section title="Pods">
            {workload !== undefined && workload.message !== "" && (
              <p className="muted">{workload.message}</p>
            )}
            <Pods name={name} namespace={namespace} />
            {workload !== undefined && editable && <Scale workload={workload} />}
          </Section>
          {workload !== undefined && !workload.gateway && children}
          {list.graph !== null && (
            <>
              <Section title="Inbound">
                <EdgeList
                  {...list}
                  edges={inboundOf(list.graph, id)}
                  end="source"
                  graph={list.graph}
                  none="Nothing has come in within the window."
                />
              </Section>
              <Section title="Outbound">
                <EdgeList
                  {...list}
                  edges={outboundOf(list.graph, id)}
                  end="target"
                  graph={list.graph}
                  none="Nothing has gone out within the window."
                />
              </Section>
            </>
          )}
        </>
      )}
    </Panel>
  );
}
