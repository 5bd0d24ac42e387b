// Numbers that carry their unit in their type, and how each is written for people.

declare const unit: unique symbol;
type In<U extends string> = number & { readonly [unit]: U };

export type Milliseconds = In<"ms">;
export type UnixSeconds = In<"unix seconds">;
export type PerSecond = In<"per second">;
export type BytesPerSecond = In<"bytes per second">;
/** 0 to 1. */
export type Ratio = In<"ratio">;
/** 0 to 100, whole. */
export type Percent = In<"percent">;

export const milliseconds = (n: number): Milliseconds => n as Milliseconds;
export const unixSeconds = (n: number): UnixSeconds => n as UnixSeconds;
export const perSecond = (n: number): PerSecond => n as PerSecond;
export const bytesPerSecond = (n: number): BytesPerSecond => n as BytesPerSecond;
export const ratio = (n: number): Ratio => n as Ratio;
export const percent = (n: number): Percent => n as Percent;

/** Three significant figures at most, no trailing zeros: "0.25", "12.3", "1234". */
function figures(n: number): string {
  if (n === 0) return "0";
  if (Math.abs(n) >= 100) return Math.round(n).toString();
  const digits = Math.abs(n) >= 10 ? 1 : 2;
  return Number(n.toFixed(digits)).toString();
}

export function formatDuration(value: Milliseconds | null): string {
  if (value === null) return "–";
  if (value === 0) return "0 ms";
  if (value < 1) return `${Math.round(value * 1000)} µs`;
  if (value < 1000) return `${figures(value)} ms`;
  if (value < 60_000) return `${figures(value / 1000)} s`;
  const minutes = Math.floor(value / 60_000);
  return `${minutes} min ${Math.round((value % 60_000) / 1000)} s`;
}

export function formatRate(value: PerSecond): string {
  if (value >= 10_000) return `${figures(value / 1000)}k rps`;
  if (value > 0 && value < 0.01) return "<0.01 rps";
  return `${figures(value)} rps`;
}

export function formatRatio(value: Ratio): string {
  const share = value * 100;
  if (share > 0 && share < 0.1) return "<0.1 %";
  if (share > 99.9 && share < 100) return ">99.9 %";
  return `${figures(Number(share.toFixed(1)))} %`;
}

export function formatBytesRate(value: BytesPerSecond): string {
  if (value >= 1_000_000) return `${figures(value / 1_000_000)} MB/s`;
  if (value >= 1000) return `${figures(value / 1000)} kB/s`;
  return `${figures(value)} B/s`;
}

/** How long ago, in the largest whole unit: "just now", "12 s ago", "3 min ago". */
export function formatAge(then: UnixSeconds, now: UnixSeconds): string {
  const seconds = Math.max(0, Math.round(now - then));
  if (seconds < 2) return "just now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

/** "23:45:21" in UTC, which logs, certificates and revisions speak, too; say so beside it once. */
export const formatClock = (at: UnixSeconds): string =>
  new Date(at * 1000).toISOString().slice(11, 19);

/** "2026-11-22 23:45:21 UTC": the same for everybody who reads it. */
export const formatMoment = (at: UnixSeconds): string =>
  `${new Date(at * 1000).toISOString().slice(0, 19).replace("T", " ")} UTC`;

/** A span of time to go in its largest whole unit: "50 s", "12 min", "23 h", "9 d", "3 years". */
export function formatSpan(seconds: number): string {
  if (seconds < 60) return `${Math.max(0, Math.floor(seconds))} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h`;
  const days = Math.floor(seconds / 86_400);
  return days < 730 ? `${days} d` : `${Math.floor(days / 365.25)} years`;
}

/** "2026-11-22 23:45 UTC" */
export const formatTime = (at: UnixSeconds): string =>
  `${new Date(at * 1000).toISOString().slice(0, 16).replace("T", " ")} UTC`;
