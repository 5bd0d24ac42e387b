import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, test } from "vitest";
import type { ProxyAck } from "../domain/mesh";
import { milliseconds } from "../domain/units";
import { Convergence } from "./feedback";

const ack = (pod: string, state: string, ms: number | null = null): ProxyAck => ({
  id: pod,
  pod,
  namespace: "shop",
  state,
  ms: ms === null ? null : milliseconds(ms),
  error: "",
});

function shown(state: string, proxies: readonly ProxyAck[]): string {
  const converged = proxies.filter((proxy) => proxy.state === "synced").length;
  const result = { state, ms: null, converged, total: proxies.length, proxies };
  return renderToStaticMarkup(<Convergence result={result} />)
    .replace(/<[^>]+>/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}

const PROXIES = [
  ack("cart-1", "synced", 31),
  ack("cart-2", "pending"),
  ack("pay-1", "disconnected"),
  ack("pay-2", "synced", 12),
];

describe("proof of convergence", () => {
  test("when all have acknowledged, the fastest stands first and no heading is needed", () => {
    expect(shown("converged", [ack("b", "synced", 31), ack("a", "synced", 12)])).toBe(
      "2 of 2 proxies converged a 12 ms b 31 ms",
    );
  });

  test("those that are missing are counted and named by what they do", () => {
    expect(shown("converged", PROXIES)).toBe(
      "2 of 4 proxies converged 1 starting cart-2 1 disconnected pay-1 2 acknowledged pay-2 12 ms cart-1 31 ms",
    );
  });

  test("while it is being pushed, pending means waiting", () => {
    expect(shown("pushing", [ack("cart-2", "pending")])).toContain("1 waiting cart-2");
  });
});
