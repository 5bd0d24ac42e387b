// Following a live topic: snapshot first, then deltas without a gap.

export interface LiveMessage<S, D> {
  /** Compares as text: never smaller than before. */
  readonly epoch: string;
  readonly seq: number;
  readonly snapshot?: S | undefined;
  readonly delta?: D | undefined;
}

/** What is known of a topic; before the first snapshot, nothing. */
export type Feed<S> =
  | { readonly kind: "waiting" }
  | { readonly kind: "following"; readonly epoch: string; readonly seq: number; readonly value: S };

export const WAITING: Feed<never> = { kind: "waiting" };

export interface Step<S> {
  readonly feed: Feed<S>;
  /** Whether the server must be asked for a new snapshot. */
  readonly resync: boolean;
}

const isBefore = (a: { epoch: string; seq: number }, b: { epoch: string; seq: number }): boolean =>
  a.epoch < b.epoch || (a.epoch === b.epoch && a.seq < b.seq);

/**
 * Take one message. What is already contained is dropped; a delta of another epoch, or after a gap,
 * keeps what is shown and asks for a snapshot.
 */
export function receive<S, D>(
  feed: Feed<S>,
  message: LiveMessage<S, D>,
  apply: (value: S, delta: D) => S,
): Step<S> {
  const { epoch, seq, snapshot, delta } = message;
  if (feed.kind === "following" && isBefore(message, feed)) return { feed, resync: false };
  if (snapshot !== undefined) {
    return { feed: { kind: "following", epoch, seq, value: snapshot }, resync: false };
  }
  if (delta === undefined) return { feed, resync: false };
  if (feed.kind === "waiting") return { feed, resync: true };
  if (epoch === feed.epoch && seq <= feed.seq) return { feed, resync: false };
  if (epoch !== feed.epoch || seq !== feed.seq + 1) return { feed, resync: true };
  return {
    feed: { kind: "following", epoch, seq, value: apply(feed.value, delta) },
    resync: false,
  };
}
