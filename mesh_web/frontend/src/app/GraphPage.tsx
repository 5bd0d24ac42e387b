// The live graph with its panels: the page that brings the features together.
import { useCallback, useMemo, useState } from "react";
import { type Live, useLive } from "../api/live";
import { useStoredGraph } from "../api/past";
import { type Graph, namespacesOf } from "../domain/graph";
import { findNodes } from "../domain/search";
import { boxId, COLLAPSE_ABOVE, shown } from "../domain/shown";
import { formatMoment, unixSeconds } from "../domain/units";
import { DEFAULT_VIEW, formatView, isStored, parseView, type View } from "../domain/view";
import { Breakers } from "../features/breaker/Breakers";
import { EdgePanel } from "../features/edge/EdgePanel";
import { GraphCanvas } from "../features/graph/GraphCanvas";
import { GraphToolbar } from "../features/graph/GraphToolbar";
import { Legend } from "../features/graph/Legend";
import { LiveStatus } from "../features/graph/LiveStatus";
import { SearchBox } from "../features/graph/SearchBox";
import { WorkloadLogs } from "../features/logs/WorkloadLogs";
import { MeshPanel, NamespacePanel } from "../features/mesh/MeshPanels";
import { ServicePanel } from "../features/service/ServicePanel";
import { SuspendSwitch } from "../features/suspend/SuspendSwitch";
import { WorkloadPanel } from "../features/workload/WorkloadPanel";
import { Empty, Loading, Problem } from "../ui/feedback";
import { Icon } from "../ui/Icon";
import { PageHead } from "../ui/PageHead";
import { navigate, useSearch } from "../ui/router";
import { useMayWrite } from "../ui/session";
import "@xyflow/react/dist/base.css";
import "../features/graph/graph.css";

const ANIMATED = "meshweb.animated";

function useAnimated(): readonly [boolean, (on: boolean) => void] {
  const [on, setOn] = useState(() => {
    const kept = localStorage.getItem(ANIMATED);
    if (kept !== null) return kept === "1";
    return !window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  });
  return [
    on,
    (next) => {
      localStorage.setItem(ANIMATED, next ? "1" : "0");
      setOn(next);
    },
  ];
}

/** Namespaces drawn as one box: chosen by the viewer, or all of them where the graph is large. */
function useCollapsed(graph: Graph | null) {
  const [chosen, setChosen] = useState<ReadonlyMap<string, boolean>>(new Map());
  const large = (graph?.nodes.size ?? 0) > COLLAPSE_ABOVE;
  const names = graph === null ? "" : namespacesOf(graph).join(",");
  const collapsed = useMemo(
    () => new Set(names.split(",").filter((name) => name !== "" && (chosen.get(name) ?? large))),
    [names, chosen, large],
  );
  const set = (name: string, on: boolean) => setChosen(new Map(chosen).set(name, on));
  return [collapsed, set] as const;
}

interface PanelProps {
  readonly selected: string;
  readonly live: Live;
  readonly drawn: Graph | null;
  readonly collapsed: ReadonlySet<string>;
  readonly onCollapse: (namespace: string, on: boolean) => void;
  readonly onSelect: (id: string) => void;
  readonly onClose: () => void;
}

/** The panel for what is selected; an id says by its form what it names. */
function SelectedPanel({ selected, drawn, collapsed, onCollapse, ...rest }: PanelProps) {
  const editable = useMayWrite();
  if (selected === "mesh") return <MeshPanel editable={editable} {...rest} />;
  const edge = drawn?.edges.get(selected) ?? rest.live.graph?.edges.get(selected);
  const nodeOf = (id: string) => drawn?.nodes.get(id) ?? rest.live.graph?.nodes.get(id);
  if (edge !== undefined) {
    const source = nodeOf(edge.source);
    const target = nodeOf(edge.target);
    if (source === undefined || target === undefined) return null;
    return (
      <EdgePanel edge={edge} key={edge.id} source={source} target={target} {...rest}>
        {target.kind === "service" && (
          <Breakers
            caller={{ namespace: source.namespace, workload: source.name }}
            name={target.name}
            namespace={target.namespace}
          />
        )}
      </EdgePanel>
    );
  }
  const [, kind, namespace = "", name = ""] = /^(\w+):([^/]*)(?:\/([^>]*))?$/.exec(selected) ?? [];
  if (kind === "namespace") {
    return (
      <NamespacePanel
        collapsed={collapsed.has(namespace)}
        editable={editable}
        graph={rest.live.graph}
        key={namespace}
        namespace={namespace}
        onClose={rest.onClose}
        onCollapse={(on) => onCollapse(namespace, on)}
        onSelect={rest.onSelect}
      />
    );
  }
  const common = { editable, name, namespace, ...rest };
  const where = { editable, name, namespace };
  if (kind === "service") {
    return (
      <ServicePanel key={selected} {...common}>
        <Breakers name={name} namespace={namespace} />
        <SuspendSwitch what="services" {...where} />
      </ServicePanel>
    );
  }
  if (kind === undefined) return null;
  return (
    <WorkloadPanel
      id={selected}
      key={selected}
      logs={<WorkloadLogs workload={`${namespace}/${name}`} />}
      {...common}
    >
      <SuspendSwitch what="workloads" {...where} />
    </WorkloadPanel>
  );
}

function Stage({ live, drawn }: { readonly live: Live; readonly drawn: Graph | null }) {
  if (live.graph === null) {
    return live.connection === "reconnecting" ? (
      <Empty icon="graph" title="No connection to Meshweb">
        <p>This page tries again by itself. Is Meshweb still running in its terminal?</p>
      </Empty>
    ) : (
      <Loading what="the live graph" />
    );
  }
  if (live.graph.nodes.size === 0) {
    return (
      <Empty icon="graph" title="Nothing runs in the mesh yet">
        <p>
          Apply a Deployment and a Service on the configuration page or with{" "}
          <code>meshweb apply FILE</code>, or start the sample shop with <code>make demo</code>.
          What runs and what it says to whom appears here within seconds.
        </p>
      </Empty>
    );
  }
  if (drawn !== null && drawn.nodes.size === 0) {
    return (
      <Empty icon="search" title="The filters hide everything">
        <p>Choose other namespaces, or show nodes without traffic again under Display.</p>
      </Empty>
    );
  }
  return null;
}

/** The graph of the view: told live, or read from the store. */
function useShownGraph(view: View): { readonly live: Live; readonly error: Error | null } {
  const stored = isStored(view);
  const live = useLive(stored ? DEFAULT_VIEW.windowSeconds : view.windowSeconds);
  const { graph, error } = useStoredGraph(view);
  return useMemo(
    () =>
      stored
        ? { live: { ...live, graph, history: NO_HISTORY }, error: graph === null ? error : null }
        : { live, error: null },
    [stored, live, graph, error],
  );
}

const NO_HISTORY: Live["history"] = new Map();

function PastStatus({ at }: { readonly at: number }) {
  return (
    <span className="live-status" data-status="past" data-testid="past-status" role="status">
      <Icon name="revisions" size={16} />
      {formatMoment(unixSeconds(at))}
    </span>
  );
}

export function GraphPage() {
  const search = useSearch().toString();
  const view = useMemo(() => parseView(new URLSearchParams(search)), [search]);
  const setView = useCallback((next: View) => navigate(`/${formatView(next)}`, "replace"), []);
  const told = useShownGraph(view);
  const { live } = told;
  const [animated, setAnimated] = useAnimated();
  const [query, setQuery] = useState("");
  const [focus, setFocus] = useState<string | null>(null);
  const [collapsed, setCollapsed] = useCollapsed(live.graph);

  const { namespaces, idleNodes, serviceNodes } = view;
  const drawn = useMemo(
    () =>
      live.graph === null
        ? null
        : shown(live.graph, { namespaces, idleNodes, serviceNodes, collapsed }),
    [live.graph, namespaces, idleNodes, serviceNodes, collapsed],
  );
  const results = useMemo(
    () => (drawn === null ? [] : findNodes(drawn.nodes.values(), query)),
    [drawn, query],
  );
  const found = useMemo(() => new Set(results.map((node) => node.id)), [results]);

  const select = useCallback(
    (id: string | null) => {
      const collapsedName = id?.startsWith(boxId("")) === true ? id : null;
      setView({ ...view, selected: collapsedName ?? id });
    },
    [view, setView],
  );
  const close = useCallback(() => select(null), [select]);
  const openNamespace = useCallback((name: string) => select(boxId(name)), [select]);

  return (
    <>
      <PageHead title={view.at === null ? "Live graph" : "Graph"}>
        {view.at === null ? <LiveStatus live={live} /> : <PastStatus at={view.at} />}
        <GraphToolbar
          animated={animated}
          namespaces={live.graph === null ? [] : namespacesOf(live.graph)}
          onAnimated={setAnimated}
          onMesh={() => select("mesh")}
          onView={setView}
          view={view}
        />
        <span className="spacer" />
        <SearchBox
          onChoose={(id) => {
            setFocus(id);
            select(id);
          }}
          onQuery={setQuery}
          query={query}
          results={results}
        />
      </PageHead>
      <div className="stage">
        {told.error === null ? <Stage drawn={drawn} live={live} /> : <Problem error={told.error} />}
        {view.at === null && live.graph !== null && live.connection === "reconnecting" && (
          <p className="banner" role="status">
            The connection is lost; what you see is the last known state.
          </p>
        )}
        {drawn !== null && drawn.nodes.size > 0 && (
          <>
            <GraphCanvas
              animated={animated}
              focus={focus}
              found={found}
              graph={drawn}
              onOpenNamespace={openNamespace}
              onSelect={select}
              panelOpen={view.selected !== null}
              view={view}
            />
            <Legend />
          </>
        )}
        {view.selected !== null && (
          <SelectedPanel
            collapsed={collapsed}
            drawn={drawn}
            live={live}
            onClose={close}
            onCollapse={setCollapsed}
            onSelect={select}
            selected={view.selected}
          />
        )}
      </div>
    </>
  );
}
