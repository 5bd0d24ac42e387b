// Recording and alerting rules: what they say, how they do, what fires.
import type { Finding } from "./mesh";
import type { UnixSeconds } from "./units";
import { type Place, placeInMessage, placeOf } from "./yamlPlace";

export interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: string;
  readonly activeAt: UnixSeconds | null;
  readonly value: number;
}

/** `state` is empty for a recording rule; durations are seconds. */
export interface Rule {
  readonly name: string;
  readonly query: string;
  readonly type: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly health: string;
  readonly lastError: string;
  readonly lastEvaluation: UnixSeconds | null;
  readonly evaluationTime: number;
  readonly state: string;
  readonly duration: number;
  readonly keepFiringFor: number;
  readonly alerts: readonly Alert[];
}

export interface RuleGroup {
  readonly name: string;
  readonly file: string;
  readonly interval: number;
  readonly evaluationTime: number;
  readonly lastEvaluation: UnixSeconds | null;
  readonly rules: readonly Rule[];
}

export interface RuleFile {
  readonly name: string;
  readonly onDisk: boolean;
  readonly text: string;
  readonly groups: readonly { readonly name: string; readonly missed: number }[];
  readonly findings: readonly Finding[];
}

export const RULE_STATES = ["all", "firing", "pending", "unhealthy"] as const;
export type RuleState = (typeof RULE_STATES)[number];

const isIn = (rule: Rule, state: RuleState): boolean =>
  state === "all" || (state === "unhealthy" ? rule.health === "err" : rule.state === state);

/** Groups with those of their rules that are asked for; groups without any are left out. */
export function findRules(
  groups: readonly RuleGroup[],
  words: string,
  state: RuleState,
): readonly RuleGroup[] {
  const lower = words.toLowerCase();
  const says = (text: string) => text.toLowerCase().includes(lower);
  return groups
    .map((group) => ({
      ...group,
      rules: group.rules.filter(
        (rule) =>
          isIn(rule, state) &&
          (says(group.name) ||
            says(rule.name) ||
            says(rule.query) ||
            Object.entries(rule.labels).some(([key, value]) => says(`${key}=${value}`))),
      ),
    }))
    .filter((group) => group.rules.length > 0);
}

export const countIn = (groups: readonly RuleGroup[], state: RuleState): number =>
  groups.reduce((sum, group) => sum + group.rules.filter((rule) => isIn(rule, state)).length, 0);

const BY_URGENCY: readonly string[] = ["firing", "pending"];

/** What fires first, then what may soon; the oldest first. */
export function activeAlerts(groups: readonly RuleGroup[]): readonly (readonly [Rule, Alert])[] {
  return groups
    .flatMap((group) =>
      group.rules.flatMap((rule) => rule.alerts.map((alert) => [rule, alert] as const)),
    )
    .sort(
      ([, a], [, b]) =>
        BY_URGENCY.indexOf(a.state) - BY_URGENCY.indexOf(b.state) ||
        (a.activeAt ?? 0) - (b.activeAt ?? 0),
    );
}

/** Where in a file's text a finding stands: PromQL's own line and column count within its value. */
export function findingPlace(text: string, finding: Finding): Place | null {
  return placeInMessage(finding.message) ?? placeOf(text, finding.path);
}

/** Seconds as rules write them: "30s", "5m", "1h". */
export function formatFor(seconds: number): string {
  if (seconds % 3600 === 0 && seconds > 0) return `${seconds / 3600}h`;
  if (seconds % 60 === 0 && seconds > 0) return `${seconds / 60}m`;
  return `${seconds}s`;
}
