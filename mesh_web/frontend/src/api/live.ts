// The live graph over WebSocket: connect, follow, resynchronise, reconnect.
import { useCallback, useSyncExternalStore } from "react";
import * as v from "valibot";
import { type Feed, receive, WAITING } from "../domain/feed";
import { applyDelta, type Graph, type GraphDelta } from "../domain/graph";
import { type History, remember } from "../domain/history";
import { graphTopic, type Topic } from "../domain/topic";
import { type UnixSeconds, unixSeconds } from "../domain/units";
import { envelopeSchema, graphDeltaSchema, graphSchema } from "./schema";

export type Connection = "connecting" | "connected" | "reconnecting";

export interface Live {
  readonly connection: Connection;
  readonly graph: Graph | null;
  readonly history: History;
  /** When the last message came, by this browser's clock. */
  readonly receivedAt: UnixSeconds | null;
}

interface Followed {
  readonly listeners: Set<() => void>;
  feed: Feed<Graph>;
  live: Live;
  askedAt: number;
}

const FIRST_RETRY_MS = 300;
const LONGEST_RETRY_MS = 5000;
/** A socket that says nothing for so long is taken to be dead. */
const SILENCE_MS = 15_000;
const ASK_EVERY_MS = 1000;

const topics = new Map<Topic, Followed>();
let connection: Connection = "connecting";
let socket: WebSocket | null = null;
let retryMs = FIRST_RETRY_MS;
let retryTimer: ReturnType<typeof setTimeout> | undefined;
let silenceTimer: ReturnType<typeof setTimeout> | undefined;

function followed(topic: Topic): Followed {
  const known = topics.get(topic);
  if (known !== undefined) return known;
  const fresh: Followed = {
    listeners: new Set(),
    feed: WAITING,
    live: { connection, graph: null, history: new Map(), receivedAt: null },
    askedAt: 0,
  };
  topics.set(topic, fresh);
  return fresh;
}

function publish(one: Followed, change: Partial<Live>): void {
  one.live = { ...one.live, ...change };
  for (const listener of one.listeners) listener();
}

function setConnection(next: Connection): void {
  connection = next;
  for (const one of topics.values()) publish(one, { connection });
}

const say = (message: Readonly<Record<string, string>>): void => {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
};

/** Ask for a snapshot, once a second at most, however bad the messages are. */
function askAgain(topic: Topic): void {
  const one = followed(topic);
  const now = Date.now();
  if (now - one.askedAt < ASK_EVERY_MS) return;
  one.askedAt = now;
  say({ resync: topic });
}

function hear(data: string): void {
  const envelope = v.safeParse(envelopeSchema, JSON.parse(data));
  if (!envelope.success) return;
  const { topic, epoch, seq, snapshot, delta } = envelope.output;
  const one = topics.get(topic as Topic);
  if (one === undefined) return;
  const known = snapshot === undefined ? undefined : v.safeParse(graphSchema, snapshot);
  const changes = delta === undefined ? undefined : v.safeParse(graphDeltaSchema, delta);
  if (known?.success === false || changes?.success === false) {
    // a message that cannot be read is as good as a gap
    askAgain(topic as Topic);
    return;
  }
  const message = { epoch, seq, snapshot: known?.output, delta: changes?.output };
  const step = receive<Graph, GraphDelta>(one.feed, message, applyDelta);
  one.feed = step.feed;
  if (step.resync) askAgain(topic as Topic);
  if (one.feed.kind === "waiting") return;
  const graph = one.feed.value;
  publish(one, {
    graph,
    history: remember(one.live.history, graph),
    receivedAt: unixSeconds(Date.now() / 1000),
  });
}

function listenForSilence(): void {
  clearTimeout(silenceTimer);
  silenceTimer = setTimeout(() => socket?.close(), SILENCE_MS);
}

function connect(): void {
  clearTimeout(retryTimer);
  const scheme = window.location.protocol === "https:" ? "wss" : "ws";
  const opened = new WebSocket(`${scheme}://${window.location.host}/ws/live`);
  socket = opened;
  opened.onopen = () => {
    retryMs = FIRST_RETRY_MS;
    for (const [topic, one] of topics) if (one.listeners.size > 0) say({ subscribe: topic });
    setConnection("connected");
    listenForSilence();
  };
  opened.onmessage = (event: MessageEvent<unknown>) => {
    listenForSilence();
    if (typeof event.data === "string") hear(event.data);
  };
  opened.onclose = () => {
    if (socket !== opened) return;
    socket = null;
    clearTimeout(silenceTimer);
    setConnection("reconnecting");
    retryTimer = setTimeout(connect, retryMs);
    retryMs = Math.min(LONGEST_RETRY_MS, retryMs * 1.7 + Math.random() * 200);
  };
}

function disconnect(): void {
  clearTimeout(retryTimer);
  clearTimeout(silenceTimer);
  const closing = socket;
  socket = null;
  connection = "connecting";
  closing?.close();
}

const anybodyLooks = (): boolean => [...topics.values()].some((one) => one.listeners.size > 0);

/** The socket lives as long as somebody looks; so does each topic. */
function follow(topic: Topic, listener: () => void): () => void {
  const idle = !anybodyLooks();
  const one = followed(topic);
  one.listeners.add(listener);
  if (idle) connect();
  else if (one.listeners.size === 1) say({ subscribe: topic });
  return () => {
    one.listeners.delete(listener);
    if (one.listeners.size > 0) return;
    say({ unsubscribe: topic });
    topics.delete(topic);
    if (!anybodyLooks()) disconnect();
  };
}

export function useLive(windowSeconds: number): Live {
  const topic = graphTopic(windowSeconds);
  const subscribe = useCallback((listener: () => void) => follow(topic, listener), [topic]);
  return useSyncExternalStore(subscribe, () => followed(topic).live);
}
