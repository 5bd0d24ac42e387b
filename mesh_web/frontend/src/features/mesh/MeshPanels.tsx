// The mesh as a whole, and one namespace of it.
import { useNamespaces } from "../../api/queries";
import type { Graph } from "../../domain/graph";
import { Button } from "../../ui/controls";
import { Loading, Problem } from "../../ui/feedback";
import { HealthMark } from "../../ui/HealthMark";
import { Icon } from "../../ui/Icon";
import { Figures, Panel, Section } from "../../ui/Panel";
import { MtlsSwitch } from "./MtlsSwitch";

export function MeshPanel({
  editable,
  onSelect,
  onClose,
}: {
  readonly editable: boolean;
  readonly onSelect: (id: string) => void;
  readonly onClose: () => void;
}) {
  const namespaces = useNamespaces();
  return (
    <Panel
      kicker={<span>Who must prove who they are</span>}
      mark={<Icon name="shield" />}
      onClose={onClose}
      testId="mesh-panel"
      title="Mutual TLS"
    >
      <Section title="Whole mesh">
        <MtlsSwitch editable={editable} namespace={null} />
      </Section>
      {namespaces.error !== null && <Problem error={namespaces.error} />}
      {namespaces.isPending && <Loading what="namespaces" />}
      {namespaces.data?.map(({ name }) => (
        <Section
          aside={
            <Button onClick={() => onSelect(`namespace:${name}`)} tone="quiet">
              Open
            </Button>
          }
          key={name}
          title={`Namespace ${name}`}
        >
          <MtlsSwitch editable={editable} namespace={name} />
        </Section>
      ))}
    </Panel>
  );
}

export function NamespacePanel({
  namespace,
  graph,
  editable,
  collapsed,
  onCollapse,
  onSelect,
  onClose,
}: {
  readonly namespace: string;
  readonly graph: Graph | null;
  readonly editable: boolean;
  readonly collapsed: boolean;
  readonly onCollapse: (collapsed: boolean) => void;
  readonly onSelect: (id: string) => void;
  readonly onClose: () => void;
}) {
  const row = useNamespaces().data?.find((one) => one.name === namespace);
  const inside = [...(graph?.nodes.values() ?? [])].filter((one) => one.namespace === namespace);
  return (
    <Panel
      kicker={<span>Namespace</span>}
      mark={<Icon name="namespace" />}
      onClose={onClose}
      testId="namespace-panel"
      title={namespace}
    >
      <Section title="Mutual TLS">
        <MtlsSwitch editable={editable} namespace={namespace} />
      </Section>
      {row !== undefined && (
        <Section title="Contents">
          <Figures
            values={[
              { label: "Services", value: String(row.services) },
              { label: "Workloads", value: String(row.workloads) },
              {
                label: "Pods ready",
                value: `${row.podsReady}/${row.podsTotal}`,
                bad: row.podsReady < row.podsTotal,
              },
            ]}
          />
        </Section>
      )}
      <Section
        aside={
          <Button onClick={() => onCollapse(!collapsed)} tone="quiet">
            {collapsed ? "Expand on the graph" : "Collapse on the graph"}
          </Button>
        }
        title="On the graph"
      >
        <ul>
          {inside.map((node) => (
            <li key={node.id}>
              <button className="edge-row member" onClick={() => onSelect(node.id)} type="button">
                <HealthMark health={node.health} size={14} />
                <span className="edge-row-name">{node.name}</span>
                <span className="muted">{node.kind}</span>
              </button>
            </li>
          ))}
        </ul>
      </Section>
    </Panel>
  );
}
