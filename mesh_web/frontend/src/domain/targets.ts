// What is scraped: targets in pools, how each does, and those that relabelling left out.
import type { UnixSeconds } from "./units";

/** Times are seconds; `interval` and `timeout` as they were written. */
export interface Target {
  readonly scrapePool: string;
  readonly scrapeUrl: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly discoveredLabels: Readonly<Record<string, string>>;
  readonly health: string;
  readonly lastError: string;
  readonly lastScrape: UnixSeconds | null;
  readonly lastScrapeDuration: number;
  readonly scrapeInterval: string;
  readonly scrapeTimeout: string;
}

export interface DroppedTarget {
  readonly scrapePool: string;
  readonly discoveredLabels: Readonly<Record<string, string>>;
}

export interface Targets {
  readonly active: readonly Target[];
  readonly dropped: readonly DroppedTarget[];
  /** How many of each pool there are; fewer may be listed. */
  readonly droppedCounts: Readonly<Record<string, number>>;
}

export interface Pool {
  readonly name: string;
  readonly up: number;
  readonly total: number;
  /** Those that fail first. */
  readonly targets: readonly Target[];
  readonly dropped: number;
}

export const TARGET_STATES = ["all", "up", "down", "unknown"] as const;
export type TargetState = (typeof TARGET_STATES)[number];

const URGENCY: readonly string[] = ["down", "unknown", "up"];

function matches(target: Target, lower: string): boolean {
  const labels = Object.entries(target.labels).map(([key, value]) => `${key}=${value}`);
  return [target.scrapeUrl, target.scrapePool, target.lastError, ...labels].some((text) =>
    text.toLowerCase().includes(lower),
  );
}

/** Pools by name with those of their targets that are asked for; `up` and `total` count all. */
export function poolsOf(
  { active, dropped, droppedCounts }: Targets,
  words: string,
  state: TargetState,
): readonly Pool[] {
  const lower = words.toLowerCase();
  const names = new Set([
    ...active.map((one) => one.scrapePool),
    ...Object.keys(droppedCounts),
    ...dropped.map((one) => one.scrapePool),
  ]);
  const looking = lower !== "" || state !== "all";
  return [...names]
    .sort((a, b) => a.localeCompare(b))
    .map((name) => {
      const own = active.filter((one) => one.scrapePool === name);
      const listed = dropped.filter((one) => one.scrapePool === name).length;
      return {
        name,
        up: own.filter((one) => one.health === "up").length,
        total: own.length,
        targets: own
          .filter((one) => (state === "all" || one.health === state) && matches(one, lower))
          .sort(
            (a, b) =>
              URGENCY.indexOf(a.health) - URGENCY.indexOf(b.health) ||
              a.scrapeUrl.localeCompare(b.scrapeUrl),
          ),
        dropped: droppedCounts[name] ?? listed,
      };
    })
    .filter((pool) => pool.targets.length > 0 || (!looking && pool.dropped + pool.total > 0));
}

export const countTargets = ({ active }: Targets, state: TargetState): number =>
  active.filter((one) => state === "all" || one.health === state).length;
