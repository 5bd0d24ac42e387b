import { expect, test } from "vitest";
import { type BreakerRow, because, breakerWords, countdown, ordered, worstState } from "./breaker";
import { unixSeconds } from "./units";

const CLOSED: BreakerRow = {
  source: { namespace: "shop", workload: "checkout", pod: "checkout-1" },
  port: 8080,
  subset: "",
  state: "closed",
  refusing: false,
  called: true,
  since: null,
  until: null,
  endpoints: [],
  healthy: 2,
  total: 2,
  limits: [],
  policy: "",
};
const OUT = {
  address: "127.66.0.5:8080",
  pod: "payments-1",
  state: "open",
  since: unixSeconds(90),
  until: unixSeconds(120),
  ejections: 1,
} as const;
const OPEN: BreakerRow = { ...CLOSED, state: "open", endpoints: [OUT], healthy: 1 };

test("one open breaker is worse than all closed ones", () => {
  expect(worstState([])).toBe("closed");
  expect(worstState([CLOSED, OPEN, { ...CLOSED, state: "half-open" }])).toBe("open");
});

test("a countdown ends at now", () => {
  expect(countdown(unixSeconds(120), unixSeconds(100.2))).toBe("20 s");
  expect(countdown(unixSeconds(120), unixSeconds(130))).toBe("now");
  expect(countdown(null, unixSeconds(130))).toBeNull();
});

test("a breaker says why it is as it is", () => {
  expect(because(OPEN)).toBe("1 of 2 endpoints ejected");
  expect(because({ ...CLOSED, state: "open", refusing: true })).toBe("a limit turns requests away");
  expect(because({ ...CLOSED, state: "half-open" })).toBe("endpoints are back on trial");
  expect(because(CLOSED)).toBe("2 of 2 endpoints in use");
});

test("an edge's breaker is told in a sentence", () => {
  const told = { state: "open", since: null, until: null, refusing: true, ejected: ["a"] } as const;
  expect(breakerWords(told)).toBe("circuit breaker open, 1 endpoint ejected, nothing gets through");
  expect(breakerWords({ ...told, state: "half-open", refusing: false, ejected: [] })).toBe(
    "circuit breaker half-open",
  );
});

test("what is not closed comes first, and who never calls is left out", () => {
  expect(ordered([{ ...CLOSED, called: false }])).toEqual([]);
  expect(ordered([CLOSED, OPEN]).map((one) => one.state)).toEqual(["open", "closed"]);
});
