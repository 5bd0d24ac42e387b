// What is told live, as hooks: the graph, revisions, proxies.
import { useMemo, useSyncExternalStore } from "react";
import { applyDelta, type Graph } from "../domain/graph";
import { type History, remember } from "../domain/history";
import { withProxies, withRevision } from "../domain/lists";
import type { ProxyRow, Revision } from "../domain/mesh";
import { graphTopic, type Topic } from "../domain/topic";
import type { UnixSeconds } from "../domain/units";
import {
  graphDeltaSchema,
  graphSchema,
  proxiesDeltaSchema,
  proxiesSnapshotSchema,
  revisionDeltaSchema,
  revisionsSnapshotSchema,
} from "./schema";
import { type Connection, type Reading, source, type Told } from "./socket";

export interface Live {
  readonly connection: Connection;
  readonly graph: Graph | null;
  readonly history: History;
  readonly receivedAt: UnixSeconds | null;
}

interface Watched {
  readonly graph: Graph;
  readonly history: History;
}

const NO_HISTORY: History = new Map();
const WATCHING: Reading<Graph, Parameters<typeof applyDelta>[1], Watched> = {
  snapshot: graphSchema,
  delta: graphDeltaSchema,
  apply: applyDelta,
  keep: (graph, before) => ({ graph, history: remember(before?.history ?? NO_HISTORY, graph) }),
};
export const REVISIONS: Reading<readonly Revision[], Revision, readonly Revision[]> = {
  snapshot: revisionsSnapshotSchema,
  delta: revisionDeltaSchema,
  apply: withRevision,
  keep: (revisions) => revisions,
};
const PROXIES: Reading<
  readonly ProxyRow[],
  Parameters<typeof withProxies>[1],
  readonly ProxyRow[]
> = {
  snapshot: proxiesSnapshotSchema,
  delta: proxiesDeltaSchema,
  apply: withProxies,
  keep: (proxies) => proxies,
};

function useTopic<S, D, T>(topic: Topic, reading: Reading<S, D, T>): Told<T> {
  const { subscribe, told } = useMemo(() => source(topic, reading), [topic, reading]);
  return useSyncExternalStore(subscribe, told);
}

export function useLive(windowSeconds: number): Live {
  const { connection, value, receivedAt } = useTopic(graphTopic(windowSeconds), WATCHING);
  return useMemo(
    () => ({
      connection,
      graph: value?.graph ?? null,
      history: value?.history ?? NO_HISTORY,
      receivedAt,
    }),
    [connection, value, receivedAt],
  );
}

/** The latest twenty revisions, newest first. */
export const useLiveRevisions = (): Told<readonly Revision[]> => useTopic("revisions", REVISIONS);

/** Every proxy, sorted by id. */
export const useLiveProxies = (): Told<readonly ProxyRow[]> => useTopic("proxies", PROXIES);
