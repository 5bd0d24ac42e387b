// Circuit breakers: what each caller's proxy holds of a service, and what is out of traffic.
import type { EdgeBreaker } from "./graph";
import type { UnixSeconds } from "./units";

export type BreakerState = "closed" | "half-open" | "open";

interface BreakerEndpoint {
  readonly address: string;
  readonly pod: string;
  readonly state: BreakerState;
  readonly since: UnixSeconds;
  readonly until: UnixSeconds;
  readonly ejections: number;
}

interface BreakerLimit {
  readonly name: string;
  readonly most: number;
  readonly reached: boolean;
  readonly turnedAway: number;
}

export interface BreakerRow {
  readonly source: { readonly namespace: string; readonly workload: string; readonly pod: string };
  readonly port: number;
  readonly subset: string;
  readonly state: BreakerState;
  readonly refusing: boolean;
  readonly called: boolean;
  readonly since: UnixSeconds | null;
  readonly until: UnixSeconds | null;
  readonly endpoints: readonly BreakerEndpoint[];
  readonly healthy: number | null;
  readonly total: number | null;
  readonly limits: readonly BreakerLimit[];
  readonly policy: string;
}

export interface Suspension {
  readonly suspended: boolean;
  readonly reason: string;
  readonly expiresAt: string;
  readonly source: string;
}

const WORST: readonly BreakerState[] = ["closed", "half-open", "open"];

/** The worst of many, "closed" of none. */
export function worstState(breakers: readonly Pick<BreakerRow, "state">[]): BreakerState {
  const worst = Math.max(0, ...breakers.map((one) => WORST.indexOf(one.state)));
  return WORST[worst] ?? "closed";
}

/** "12 s", "now" once the moment is past; null where there is none. */
export function countdown(until: UnixSeconds | null, now: UnixSeconds): string | null {
  if (until === null) return null;
  const left = Math.ceil(until - now);
  return left <= 0 ? "now" : `${left} s`;
}

/** Of an edge, for those who hear it: "circuit breaker open, 1 endpoint ejected". */
export function breakerWords(breaker: EdgeBreaker): string {
  const out = breaker.ejected.length;
  const ejected = out === 0 ? "" : `, ${out} endpoint${out === 1 ? "" : "s"} ejected`;
  return `circuit breaker ${breaker.state}${ejected}${breaker.refusing ? ", nothing gets through" : ""}`;
}

/** Why it is as it is, in a few words. */
export function because(one: BreakerRow): string {
  const out = one.endpoints.filter((endpoint) => endpoint.state === "open").length;
  if (out > 0) return `${out} of ${one.total ?? out} endpoints ejected`;
  if (one.refusing) return "a limit turns requests away";
  if (one.state === "half-open") return "endpoints are back on trial";
  return one.healthy === null
    ? ""
    : `${one.healthy} of ${one.total ?? one.healthy} endpoints in use`;
}

/** Of those who call: the ones that are not closed first, then by caller. */
export function ordered(breakers: readonly BreakerRow[]): readonly BreakerRow[] {
  return breakers
    .filter((one) => one.called || one.state !== "closed")
    .sort(
      (a, b) =>
        WORST.indexOf(b.state) - WORST.indexOf(a.state) ||
        a.source.workload.localeCompare(b.source.workload) ||
        a.subset.localeCompare(b.subset),
    );
}
