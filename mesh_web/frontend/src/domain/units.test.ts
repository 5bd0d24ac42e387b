import { expect, test } from "vitest";
import { convergenceSentence } from "./mesh";
import {
  bytesPerSecond,
  formatAge,
  formatBytesRate,
  formatClock,
  formatDuration,
  formatMoment,
  formatRate,
  formatRatio,
  formatSpan,
  formatTime,
  milliseconds,
  perSecond,
  ratio,
  unixSeconds,
} from "./units";

test("durations are read at a glance", () => {
  expect(
    [0.25, 3.456, 34.1, 999, 1250, 90_000].map((n) => formatDuration(milliseconds(n))),
  ).toEqual(["250 µs", "3.46 ms", "34.1 ms", "999 ms", "1.25 s", "1 min 30 s"]);
  expect(formatDuration(null)).toBe("–");
});

test("rates and ratios never round something to nothing", () => {
  expect([0, 0.004, 0.5, 12.34, 1234, 20_000].map((n) => formatRate(perSecond(n)))).toEqual([
    "0 rps",
    "<0.01 rps",
    "0.5 rps",
    "12.3 rps",
    "1234 rps",
    "20k rps",
  ]);
  expect([0, 0.0004, 0.123, 0.9999, 1].map((n) => formatRatio(ratio(n)))).toEqual([
    "0 %",
    "<0.1 %",
    "12.3 %",
    ">99.9 %",
    "100 %",
  ]);
});

test("bytes and ages take the unit that fits", () => {
  expect([12, 4200, 3_100_000].map((n) => formatBytesRate(bytesPerSecond(n)))).toEqual([
    "12 B/s",
    "4.2 kB/s",
    "3.1 MB/s",
  ]);
  expect(
    [0, 12, 200, 7300].map((ago) => formatAge(unixSeconds(10_000 - ago), unixSeconds(10_000))),
  ).toEqual(["just now", "12 s ago", "3 min ago", "2 h ago"]);
});

test("convergence is one sentence", () => {
  expect(
    convergenceSentence({ state: "converged", converged: 6, total: 6, ms: milliseconds(34.1) }),
  ).toBe("6 of 6 proxies converged in 34 ms");
  expect(convergenceSentence({ state: "converged", converged: 0, total: 1, ms: null })).toBe(
    "0 of 1 proxy converged",
  );
  expect(convergenceSentence({ state: "converged", converged: 0, total: 0, ms: null })).toBe(
    "No proxy had anything to change",
  );
});

test("a span of time to go is told in its largest whole unit", () => {
  const DAY = 86_400;
  expect([-1, 50, 720, 82_800, 9 * DAY, 3650 * DAY].map(formatSpan)).toEqual([
    "0 s",
    "50 s",
    "12 min",
    "23 h",
    "9 d",
    "9 years",
  ]);
});

test("times read the same wherever one sits, and say their zone", () => {
  const at = unixSeconds(1_795_391_121.5);
  expect(formatMoment(at)).toBe("2026-11-22 23:45:21 UTC");
  expect(formatTime(at)).toBe("2026-11-22 23:45 UTC");
  expect(formatClock(at)).toBe("23:45:21");
});
