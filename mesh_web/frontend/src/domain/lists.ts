// Revisions and proxies as they are told live: a list, then what became of its members.
import type { ProxyRow, Revision } from "./mesh";

/** As many as the server's own snapshot holds. */
const LATEST = 20;

/** The latest revisions, newest first, with one that is new or has moved on. */
export function withRevision(known: readonly Revision[], revision: Revision): readonly Revision[] {
  const others = known.filter((one) => one.number !== revision.number);
  return [...others, revision].sort((a, b) => b.number - a.number).slice(0, LATEST);
}

/** Every revision known, newest first; of two tellings the live one counts. */
export function newest(live: readonly Revision[], older: readonly Revision[]): readonly Revision[] {
  const told = new Set(live.map((one) => one.number));
  return [...live, ...older.filter((one) => !told.has(one.number))].sort(
    (a, b) => b.number - a.number,
  );
}

/** Proxies by id, sorted by it; null: gone. */
export type ProxiesDelta = Readonly<Record<string, ProxyRow | null>>;

export function withProxies(known: readonly ProxyRow[], delta: ProxiesDelta): readonly ProxyRow[] {
  const kept = known.filter((one) => !(one.id in delta));
  const fresh = Object.values(delta).filter((one) => one !== null);
  return [...kept, ...fresh].sort((a, b) => (a.id < b.id ? -1 : 1));
}
