// The one WebSocket: connect, follow topics, resynchronise, reconnect.
import * as v from "valibot";
import { type Feed, receive, WAITING } from "../domain/feed";
import type { Topic } from "../domain/topic";
import { type UnixSeconds, unixSeconds } from "../domain/units";
import { envelopeSchema, type Schema } from "./schema";

export type Connection = "connecting" | "connected" | "reconnecting";

/** What is known of a topic now. */
export interface Told<T> {
  readonly connection: Connection;
  readonly value: T | null;
  /** When the last message came, by this browser's clock. */
  readonly receivedAt: UnixSeconds | null;
}

/** How a topic's messages are read, and what is made of them for those who look. */
export interface Reading<S, D, T> {
  readonly snapshot: Schema<S>;
  readonly delta: Schema<D>;
  readonly apply: (value: S, delta: D) => S;
  readonly keep: (value: S, before: T | null) => T;
}

type Envelope = v.InferOutput<typeof envelopeSchema>;

/** A topic that somebody looks at, whatever its values are. */
interface Followed {
  readonly listeners: Set<() => void>;
  /** Take a message; whether a snapshot must be asked for. */
  readonly hear: (envelope: Envelope) => boolean;
  readonly connectionIs: (connection: Connection) => void;
  askedAt: number;
}

interface Follower<T> extends Followed {
  readonly told: () => Told<T>;
}

const FIRST_RETRY_MS = 300;
const LONGEST_RETRY_MS = 5000;
/** A socket that says nothing for so long is asked, and taken to be dead if it does not answer. */
const SILENCE_MS = 10_000;
const ANSWER_MS = 5000;
const ASK_EVERY_MS = 1000;

const topics = new Map<Topic, Followed>();
let connection: Connection = "connecting";
let socket: WebSocket | null = null;
let retryMs = FIRST_RETRY_MS;
let retryTimer: ReturnType<typeof setTimeout> | undefined;
let silenceTimer: ReturnType<typeof setTimeout> | undefined;

function follower<S, D, T>(reading: Reading<S, D, T>): Follower<T> {
  const listeners = new Set<() => void>();
  let feed: Feed<S> = WAITING;
  let told: Told<T> = { connection, value: null, receivedAt: null };
  const tell = (change: Partial<Told<T>>): void => {
    told = { ...told, ...change };
    for (const listener of listeners) listener();
  };
  const hear = ({ epoch, seq, snapshot, delta }: Envelope): boolean => {
    const known = snapshot === undefined ? undefined : v.safeParse(reading.snapshot, snapshot);
    const changes = delta === undefined ? undefined : v.safeParse(reading.delta, delta);
    // a message that cannot be read is as good as a gap
    if (known?.success === false || changes?.success === false) return true;
    const message = { epoch, seq, snapshot: known?.output, delta: changes?.output };
    const step = receive<S, D>(feed, message, reading.apply);
    feed = step.feed;
    if (feed.kind === "following") {
      const value = reading.keep(feed.value, told.value);
      tell({ value, receivedAt: unixSeconds(Date.now() / 1000) });
    }
    return step.resync;
  };
  const connectionIs = (next: Connection) => tell({ connection: next });
  return { listeners, hear, connectionIs, askedAt: 0, told: () => told };
}

function setConnection(next: Connection): void {
  connection = next;
  for (const one of topics.values()) one.connectionIs(next);
}

const say = (message: Readonly<Record<string, string>>): void => {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
};

/** Ask for a snapshot, once a second at most, however bad the messages are. */
function askAgain(topic: Topic, one: Followed): void {
  const now = Date.now();
  if (now - one.askedAt < ASK_EVERY_MS) return;
  one.askedAt = now;
  say({ resync: topic });
}

function hear(data: string): void {
  const envelope = v.safeParse(envelopeSchema, JSON.parse(data));
  if (!envelope.success) return;
  const topic = envelope.output.topic as Topic;
  const one = topics.get(topic);
  if (one?.hear(envelope.output) === true) askAgain(topic, one);
}

/** Revisions and proxies may have nothing to say for long: ask before giving the socket up. */
function listenForSilence(): void {
  clearTimeout(silenceTimer);
  silenceTimer = setTimeout(() => {
    for (const topic of topics.keys()) say({ resync: topic });
    silenceTimer = setTimeout(() => socket?.close(), ANSWER_MS);
  }, SILENCE_MS);
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
function follow(topic: Topic, one: Followed, listener: () => void): () => void {
  const idle = !anybodyLooks();
  topics.set(topic, one);
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

export interface Source<T> {
  /** Listen as long as what is returned is not called. */
  readonly subscribe: (listener: () => void) => () => void;
  readonly told: () => Told<T>;
}

/** One follower per topic, made when it is first asked for; a topic is always read the same way. */
export function source<S, D, T>(topic: Topic, reading: Reading<S, D, T>): Source<T> {
  const known = (): Follower<T> => {
    const one = (topics.get(topic) as Follower<T> | undefined) ?? follower(reading);
    topics.set(topic, one);
    return one;
  };
  return {
    subscribe: (listener) => follow(topic, known(), listener),
    told: () => known().told(),
  };
}
