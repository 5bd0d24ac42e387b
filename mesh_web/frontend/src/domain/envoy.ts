// What a running Envoy says of itself: where it has not what it is served, its certificates, its loggers.
import type { UnixSeconds } from "./units";

interface EnvoyDifference {
  readonly type: string;
  readonly name: string;
  readonly problem: string;
}

export interface EnvoyWord {
  readonly answered: boolean;
  readonly error: string;
  readonly differences: readonly EnvoyDifference[];
}

export interface CertificateFacts {
  readonly subject: string;
  readonly issuer: string;
  readonly sans: readonly string[];
  readonly serial: string;
  readonly notBefore: UnixSeconds;
  readonly notAfter: UnixSeconds;
  readonly authority: boolean;
}

export interface LogLevels {
  readonly level: string | null;
  readonly loggers: Readonly<Record<string, string>>;
}

export const LOG_LEVELS = [
  "trace",
  "debug",
  "info",
  "warning",
  "error",
  "critical",
  "off",
] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The level that most loggers have, and those that have another, by name. */
export function usualLevel(levels: LogLevels): {
  readonly usual: string;
  readonly others: readonly (readonly [string, string])[];
} {
  const counts = new Map<string, number>();
  for (const level of Object.values(levels.loggers)) {
    counts.set(level, (counts.get(level) ?? 0) + 1);
  }
  const usual = [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? "";
  const others = Object.entries(levels.loggers).filter(([, level]) => level !== usual);
  return { usual, others: others.sort(([a], [b]) => a.localeCompare(b)) };
}
