// One service: its health, callers, versions, and where its traffic goes.
import type { ReactNode } from "react";
import { type Live, useLive } from "../../api/live";
import { useService } from "../../api/queries";
import { type Graph, inboundOf, outboundOf } from "../../domain/graph";
import type { ServiceDetail } from "../../domain/mesh";
import { formatRate, formatRatio } from "../../domain/units";
import { Chip } from "../../ui/controls";
import { Findings, Loading, Problem } from "../../ui/feedback";
import { HealthMark } from "../../ui/HealthMark";
import { Figures, Panel, Section } from "../../ui/Panel";
import { EdgeList } from "../../ui/Rates";
import { Link } from "../../ui/router";
import { Sparkline } from "../../ui/Sparkline";
import { WeightEditor } from "./WeightEditor";
import "./service.css";

/** How far the measured split looks back: short, so that a new weight is soon seen. */
const SPLIT_WINDOW_SECONDS = 10;

function Versions({
  service,
  onSelect,
}: {
  readonly service: ServiceDetail;
  readonly onSelect: (id: string) => void;
}) {
  return (
    <table className="table versions">
      <thead>
        <tr>
          <th>Version</th>
          <th>Workload</th>
          <th className="number">Pods ready</th>
        </tr>
      </thead>
      <tbody>
        {service.versions.map((one) => (
          <tr key={one.workload}>
            <td>
              <Chip>{one.version}</Chip>
            </td>
            <td>
              <button
                className="link"
                onClick={() => onSelect(`workload:${service.namespace}/${one.workload}`)}
                type="button"
              >
                {one.workload}
              </button>
            </td>
            <td className="number">
              {one.podsReady}/{one.podsTotal}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Traffic({
  id,
  graph,
  live,
  onSelect,
}: {
  readonly id: string;
  readonly graph: Graph;
  readonly live: Live;
  readonly onSelect: (id: string) => void;
}) {
  const node = graph.nodes.get(id);
  const points = live.history.get(id) ?? [];
  return (
    <>
      <Section title="Traffic">
        <Figures
          values={[
            {
              label: "Requests",
              value: node === undefined ? "–" : formatRate(node.requestsPerSecond),
            },
            {
              label: "Errors",
              value: node === undefined ? "–" : formatRatio(node.errorRatio),
              bad: (node?.errorRatio ?? 0) > 0,
            },
          ]}
        />
        <Sparkline label="Requests per second of late" values={points.map((point) => point.rate)} />
      </Section>
      <Section title="Called by">
        <EdgeList
          edges={inboundOf(graph, id)}
          end="source"
          graph={graph}
          history={live.history}
          none="Nobody has called this service within the window."
          onSelect={onSelect}
        />
      </Section>
      {outboundOf(graph, id).length > 0 && (
        <Section title="Answered by">
          <EdgeList
            edges={outboundOf(graph, id)}
            end="target"
            graph={graph}
            history={live.history}
            none=""
            onSelect={onSelect}
          />
        </Section>
      )}
    </>
  );
}

export function ServicePanel({
  namespace,
  name,
  live,
  editable,
  onSelect,
  onClose,
  children,
}: {
  readonly namespace: string;
  readonly name: string;
  readonly live: Live;
  readonly editable: boolean;
  readonly children?: ReactNode;
  readonly onSelect: (id: string) => void;
  readonly onClose: () => void;
}) {
  const query = useService(namespace, name);
  const recent = useLive(SPLIT_WINDOW_SECONDS).graph;
  const service = query.data;
  const id = `service:${namespace}/${name}`;
  const health = live.graph?.nodes.get(id)?.health ?? service?.health ?? "idle";
  return (
    <Panel
      kicker={
        <>
          <span>Service in {namespace}</span>
          {service !== undefined && service.mtls !== "" && (
            <Chip tone="secure">mTLS {service.mtls}</Chip>
          )}
        </>
      }
      mark={<HealthMark health={health} />}
      onClose={onClose}
      testId="service-panel"
      title={name}
    >
      {query.isPending && <Loading what="the service" />}
      {query.error !== null && (
        <div className="section">
          <Problem error={query.error} />
        </div>
      )}
      {service !== undefined && service.versions.length > 1 && (
        <Section title="Version weights">
          <WeightEditor
            editable={editable && service.weightsEditable}
            recent={recent ?? live.graph}
            service={service}
          />
          {!service.weightsEditable && (
            <p className="muted small">
              The routes of this service are not simple enough for sliders. Edit{" "}
              {service.resources.join(", ")} on the configuration page.
            </p>
          )}
          {!editable && <p className="muted small">Your role may look but not change.</p>}
        </Section>
      )}
      {children}
      {live.graph !== null && (
        <Traffic graph={live.graph} id={id} live={live} onSelect={onSelect} />
      )}
      {service !== undefined && (
        <>
          <Section title="Versions">
            <Versions onSelect={onSelect} service={service} />
          </Section>
          <Section
            aside={
              <Link
                href={`/explain?${new URLSearchParams({ url: `http://${name}.${namespace}/` })}`}
              >
                Explain a request
              </Link>
            }
            title="Ports"
          >
            <div className="row" data-wrap="">
              {service.ports.map((port) => (
                <Chip key={port.number}>
                  {port.number} {port.protocol}
                </Chip>
              ))}
            </div>
            <p className="mono muted">{service.host}</p>
          </Section>
          {(service.findings.length > 0 || service.resources.length > 0) && (
            <Section title="Configuration">
              <Findings findings={service.findings} />
              <ul>
                {service.resources.map((resource) => (
                  <li key={resource}>
                    <Link href={`/config?${new URLSearchParams({ resource })}`}>{resource}</Link>
                  </li>
                ))}
              </ul>
            </Section>
          )}
        </>
      )}
    </Panel>
  );
}
