// What is shown of the graph, and how.
import { type ReactNode, useRef } from "react";
import { GRAPH_TYPES, type Metric, type View, WINDOWS } from "../../domain/view";
import { Button, Segmented, Switch } from "../../ui/controls";
import { useClosing } from "../../ui/popover";
import { TimeTravel } from "./TimeTravel";

const METRICS: readonly { readonly value: Metric; readonly label: string }[] = [
  { value: "rate", label: "Rate" },
  { value: "errors", label: "Errors" },
  { value: "p95", label: "p95" },
];

/** A small window below its button; a click elsewhere or Escape closes it. */
function Popover({
  label,
  icon,
  count,
  children,
}: {
  readonly label: string;
  readonly icon: "sliders" | "namespace" | "revisions";
  readonly count?: number;
  readonly children: ReactNode;
}) {
  const details = useRef<HTMLDetailsElement>(null);
  useClosing(details);
  return (
    <details className="popover" ref={details}>
      <summary className="button">
        <span className={`popover-icon ${icon}`} />
        {label}
        {count !== undefined && count > 0 && <b>{count}</b>}
      </summary>
      <div className="popover-body">{children}</div>
    </details>
  );
}

function NamespaceChoice({
  view,
  all,
  onView,
}: {
  readonly view: View;
  readonly all: readonly string[];
  readonly onView: (view: View) => void;
}) {
  const toggle = (namespace: string, on: boolean) => {
    const without = view.namespaces.filter((one) => one !== namespace);
    onView({ ...view, namespaces: on ? [...without, namespace].sort() : without });
  };
  return (
    <Popover count={view.namespaces.length} icon="namespace" label="Namespaces">
      <p className="muted">None chosen means all.</p>
      {all.map((namespace) => (
        <Switch
          checked={view.namespaces.includes(namespace)}
          key={namespace}
          onChange={(on) => toggle(namespace, on)}
        >
          {namespace}
        </Switch>
      ))}
    </Popover>
  );
}

export function GraphToolbar({
  view,
  namespaces,
  animated,
  onView,
  onAnimated,
  onMesh,
}: {
  readonly view: View;
  readonly namespaces: readonly string[];
  readonly animated: boolean;
  readonly onView: (view: View) => void;
  readonly onAnimated: (on: boolean) => void;
  readonly onMesh: () => void;
}) {
  return (
    <div aria-label="What the graph shows" className="toolbar" role="toolbar">
      <Segmented
        label="Window"
        onChange={(seconds) => onView({ ...view, windowSeconds: Number(seconds) })}
        options={WINDOWS.map(({ seconds, label }) => ({ value: String(seconds), label }))}
        testId="window"
        value={String(view.windowSeconds)}
      />
      <Segmented
        label="Number on edges"
        onChange={(metric) => onView({ ...view, metric })}
        options={METRICS}
        testId="metric"
        value={view.metric}
      />
      <Popover count={view.at === null ? 0 : 1} icon="revisions" label="Time">
        <TimeTravel at={view.at} onAt={(at) => onView({ ...view, at })} />
      </Popover>
      <NamespaceChoice all={namespaces} onView={onView} view={view} />
      <Popover icon="sliders" label="Display">
        <Segmented
          label="What stands for the workloads"
          onChange={(graphType) => onView({ ...view, graphType })}
          options={GRAPH_TYPES}
          testId="graph-type"
          value={view.graphType}
        />
        <Switch checked={view.labels} onChange={(labels) => onView({ ...view, labels })}>
          Labels on edges
        </Switch>
        <Switch
          checked={view.serviceNodes}
          onChange={(serviceNodes) => onView({ ...view, serviceNodes })}
        >
          Service nodes
        </Switch>
        <Switch checked={view.idleNodes} onChange={(idleNodes) => onView({ ...view, idleNodes })}>
          Nodes without traffic
        </Switch>
        <Switch checked={view.own} onChange={(own) => onView({ ...view, own })}>
          With Meshweb
        </Switch>
        <Switch checked={animated} onChange={onAnimated}>
          Animated traffic
        </Switch>
      </Popover>
      <Button icon="shield" onClick={onMesh}>
        mTLS
      </Button>
    </div>
  );
}
